import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recattn.jobs.run_folder import Job, new_run

ROOT = Path(__file__).parents[2]

# A process that takes the slot of a run and then works until it is killed.
WORKER = """
import sys, time
from recattn.jobs.liveness import this_process
from recattn.jobs.registry import Registry
registry, run = Registry(), sys.argv[1]
while (state := registry.claim(run, this_process())) == "queued":
    time.sleep(0.05)
print(state, flush=True)
while True:
    registry.progress(run, "train", 3, 10, {"loss": 0.5}, 7.0)
    time.sleep(0.05)
"""


def eventually(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def queued_run(dataset: str = "tiny", activate: bool = True) -> Job:
    return new_run("train", "default", dataset, {}, activate)


def write_finished_files(folder: Path) -> None:
    """The files a training leaves at its end, as far as the registry looks at them."""
    for name in ("config.json", "model.safetensors", "README.md"):
        (folder / name).write_text(name)
    (folder / "evaluation.json").write_text('{"all": {"model": {"auc": [0.7, 0.6, 0.8]}}}')


@pytest.fixture
def start_worker(recattn_home: Path) -> Iterator[Callable[[str], "subprocess.Popen[str]"]]:
    """Starts real processes that hold a run until they are killed, at the latest when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def start(run: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", WORKER, run]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
