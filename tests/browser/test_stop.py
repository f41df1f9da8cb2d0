"""A server that is told to stop stops at once, in good order, and what it started goes on."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page

from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY
from recattn.logs import log_file
from tests.jobs.conftest import eventually
from tests.jobs.tiny import import_tiny

from .conftest import Server, free_port
from .tabs import opened

pytestmark = pytest.mark.browser


def test_a_server_stops_in_seconds_with_a_page_open_and_its_training_goes_on(
    tmp_path: Path, recattn_home: Path, page: Page
) -> None:
    import_tiny(tmp_path / "news", name="sample")  # on which the first visitor's server trains by itself
    server = Server(free_port(), tmp_path / "server.log")
    server.start()
    opened(page, f"{server.url}/?user=U1")
    eventually(lambda: bool(Registry().runs()))
    began = time.monotonic()
    server.stop()
    assert server.process.returncode == 0 and time.monotonic() - began < 5
    (run,) = Registry().runs()
    assert run.state in BUSY, "it was over before the server stopped, so this says nothing"
    eventually(lambda: Registry().run(run.run).state == "finished", seconds=90)
    assert "Traceback" not in server.log.read_text()
    assert "U1" not in server.log.read_text() + log_file().read_text()
