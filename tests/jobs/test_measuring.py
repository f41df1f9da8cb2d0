import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recattn.errors import Cancelled, RunError, UnknownError
from recattn.jobs import measuring
from recattn.jobs.registry import Registry
from recattn.jobs.trainer import train_run
from recattn.jobs.training_job import queue_training
from recattn.trust.heads import read_heads
from tests.models.conftest import write_tiny_encoder

from .tiny import import_tiny, tiny_config


@pytest.fixture
def run(tmp_path: Path) -> str:
    import_tiny(tmp_path / "news")
    queued = queue_training("tiny", tiny_config(write_tiny_encoder(tmp_path / "encoder"), epochs=1), "default")
    return train_run(queued).run


def wait_until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def test_another_process_measures_and_leaves_the_file_and_nothing_else(run: str) -> None:
    measuring.start(run, "heads")
    assert measuring.measured_now() == run
    with pytest.raises(RunError, match="One is measured at a time"):
        measuring.start(run, "faithfulness")
    wait_until(lambda: measuring.progress(run, "heads") is None)
    found = read_heads(Registry().run(run).folder)
    assert found is not None
    assert [(card.layer, card.head) for card in found.cards] == [(0, 0), (0, 1)]
    assert measuring.measured_now() is None


def test_a_killed_measurement_is_interrupted_and_can_be_started_again(run: str) -> None:
    measuring.start(run, "heads")
    told = measuring.progress(run, "heads")
    assert told is not None
    os.kill(told.process.pid, signal.SIGKILL)

    def interrupted() -> bool:
        now = measuring.progress(run, "heads")
        return now is not None and now.state == "interrupted"

    wait_until(interrupted, 10)
    measuring.measure(run, "heads")
    assert measuring.progress(run, "heads") is None


def test_a_measurement_that_is_cancelled_says_so_and_leaves_no_file(run: str) -> None:
    measuring.cancel(run, "heads")
    with pytest.raises(Cancelled):
        measuring.measure(run, "heads")
    told = measuring.progress(run, "heads")
    assert told is not None
    assert told.state == "cancelled"
    assert read_heads(Registry().run(run).folder) is None


def test_a_dataset_that_is_gone_fails_it_with_the_reason(run: str, recattn_home: Path) -> None:
    (recattn_home / "datasets" / "tiny" / "dataset.json").unlink()
    with pytest.raises(Exception, match="tiny"):
        measuring.measure(run, "heads")
    told = measuring.progress(run, "heads")
    assert told is not None
    assert told.state == "failed"
    assert "tiny" in told.message


def test_only_what_is_known_is_measured(run: str) -> None:
    with pytest.raises(UnknownError, match="faithfulness, heads, twins"):
        measuring.start(run, "../../etc")
    with pytest.raises(UnknownError, match="no run"):
        measuring.start("20200101-000000-abcd", "heads")


def test_a_damaged_progress_file_is_as_none(run: str) -> None:
    file = Registry().run(run).folder / "measuring-heads.json"
    for text in ("", "[]", "{}", '{"what": "heads", "process": 3}'):
        file.write_text(text)
        assert measuring.progress(run, "heads") is None
