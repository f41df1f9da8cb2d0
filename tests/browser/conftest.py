"""A real server on a free port with a home of its own, and a real Chromium that watches for faults."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY
from tests.jobs.tiny import import_tiny
from tests.models.conftest import write_tiny_encoder

from .tabs import new_tab

ROOT = Path(__file__).parents[2]
expect.set_options(timeout=30_000)  # on a busy machine a job's process alone takes seconds to start
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not answer within a minute:\n{log.read_text()}")


class Server:
    """The app as people start it; can be killed and started again on the same port."""

    def __init__(self, port: int, log: Path, app: str = "app.py") -> None:
        self.port, self.log, self.app = port, log, app
        self.url = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", self.app, "--server.address", "127.0.0.1"]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self.port)], cwd=ROOT, env=environment, stdout=output, stderr=output
            )
        wait_until_healthy(self.url, self.process, self.log)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=20)


@dataclass(frozen=True)
class Site:
    """A server that answers, and the tiny text encoder that its trainings may use."""

    server: Server
    encoder: Path

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture
def site(tmp_path: Path, recattn_home: Path) -> Iterator[Site]:
    """A fresh server: nobody has opened any page yet. There is data, and no model."""
    import_tiny(tmp_path / "news")
    server = Server(free_port(), tmp_path / "server.log")
    server.start()
    yield Site(server, write_tiny_encoder(tmp_path / "encoder"))
    for run in Registry().runs():
        if run.state in BUSY:
            Registry().cancel(run.run)
    server.stop()
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next((path for path in map(shutil.which, CHROMIUMS) if path), None)
    if found is None:
        pytest.fail("These tests drive a real Chromium and none is installed: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab; a fault of any script in it fails the test."""
    tab = new_tab(chromium)
    faults: list[str] = []
    tab.on("pageerror", lambda fault: faults.append(str(fault)))
    yield tab
    tab.context.close()
    assert not faults
