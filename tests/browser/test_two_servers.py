"""Two servers behind one address: they share a home, and nothing else. Spoken to as a browser does, without one."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recattn.jobs.password import hashed
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from tests.jobs.conftest import eventually
from tests.jobs.tiny import import_tiny, tiny_config
from tests.models.conftest import write_tiny_encoder

from .conftest import Server, free_port
from .forging import Forger, forger

PASSWORD = "four words that fit"


@pytest.fixture
def servers(tmp_path: Path, recattn_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Server]]:
    """Two fresh ones, and the sample's name is that of tiny data."""
    monkeypatch.setenv("RECATTN_ADMIN_HASH", hashed(PASSWORD))
    import_tiny(tmp_path / "news", "sample")
    both = [Server(free_port(), tmp_path / f"server-{number}.log") for number in range(2)]
    together([server.start for server in both])
    yield both
    together([server.stop for server in both])
    for server in both:
        assert "Traceback" not in server.log.read_text(), server.log.read_text()


def together(doing: list[Callable[[], None]]) -> None:
    """All at the same time; the first fault of any is raised here."""
    threads = [threading.Thread(target=one) for one in doing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def log_in(visitor: Forger) -> None:
    visitor.send()
    visitor.send({visitor.fields["Password"].id: PASSWORD, visitor.buttons["Log in"].id: True})
    assert "Logged in as admin" in visitor.words


def test_servers_that_share_a_home_agree(servers: list[Server], tmp_path: Path) -> None:
    one, other = servers
    with forger(one.url, "") as here, forger(other.url, "") as there:
        together([here.send, there.send])
    (first,) = Registry().runs()  # the first visitors of both came at once, and one training began

    with forger(one.url, "admin") as here, forger(other.url, "admin") as there:
        log_in(here)
        log_in(there)
        if Registry().run(first.run).state in BUSY:  # it is small, and this machine may be quick
            there.send()
            there.send({there.buttons["Cancel"].id: True})
        eventually(lambda: Registry().run(first.run).state not in BUSY, seconds=60)

        encoder = write_tiny_encoder(tmp_path / "encoder")
        for title in ("former", "latter"):
            run = queue_training("sample", tiny_config(encoder, epochs=1), "default")
            assert perform(run).state == "finished"
            Registry().rename(run, title)
        there.send()
        assert "Model: latter" in there.words
        here.send()
        here.send({here.buttons["Go back to former"].id: True})
        assert "Model: former" in here.words
        there.send()
        assert "Model: former" in there.words, "what one server made active, the other shows at its next turn"

        here.send({here.buttons["Start training"].id: True})
        started = Registry().runs()[0]
        assert started.state in BUSY
        there.send()
        there.send({there.buttons["Cancel"].id: True})
        eventually(lambda: Registry().run(started.run).state == "cancelled", seconds=60)
