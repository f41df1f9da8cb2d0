"""Never more trainings at work than there are slots, as the system's own list of processes tells it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from recattn.jobs.liveness import this_process
from recattn.jobs.registry import Registry
from tests.jobs.conftest import ROOT, eventually, queued_run
from tests.jobs.tiny import import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder

WINDING_DOWN = """
import sys
from recattn.jobs.attempt import Attempt
with Attempt(sys.argv[1], leaves=True) as attempt:
    attempt.wait_for_slot()
print("over", flush=True)
sys.stdin.read()
"""
RESTLESS = """
import json, random, sys, time
from contextlib import suppress
from recattn.errors import RunError
from recattn.jobs.registry import Registry
from recattn.jobs.starting import cancel, resume, start_training
from recattn.training.config import configured
config, dice = configured("default", json.loads(sys.argv[1])), random.Random(int(sys.argv[2]))
while True:
    runs = Registry().runs()
    waiting, running, ended = ([run.run for run in runs if run.state == state] for state in sys.argv[3:])
    with suppress(RunError):  # the other process was faster
        if len(waiting) + len(running) < 3 and ended and dice.random() < 0.5:
            resume(dice.choice(ended))
        elif len(waiting) + len(running) < 3:
            start_training("tiny", config, "default")
        else:
            cancel(dice.choice(running or waiting))
    time.sleep(dice.uniform(0, 1.5))
"""


def test_a_slot_is_free_when_the_process_that_had_it_is_gone_and_not_before() -> None:
    first, second = queued_run().run, queued_run().run
    worker = subprocess.Popen(
        [sys.executable, "-c", WINDING_DOWN, first], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout and worker.stdout.readline() == "over\n"
    assert Registry().run(first).state == "running", "it winds down"
    assert Registry().claim(second, this_process()) == "queued"
    Registry().rename(first, "The first")
    worker.communicate()
    assert Registry().claim(second, this_process()) == "running"
    assert (Registry().run(first).state, Registry().run(first).title) == ("finished", "The first")


class Restless:
    """Two processes that start, cancel and resume trainings without end, and a look at who is at work."""

    def __init__(self, settings: dict[str, object], home: Path) -> None:
        states = ("queued", "running", "cancelled")
        commands = [[sys.executable, "-c", RESTLESS, json.dumps(settings), str(seed), *states] for seed in range(2)]
        self.home = str(home)
        self.processes = [subprocess.Popen(command, cwd=ROOT) for command in commands]

    def workers(self) -> list[psutil.Process]:
        """The jobs' processes, at work or waiting."""
        return [process for process in psutil.process_iter() if self._is_worker(process)]

    def at_work(self) -> list[int]:
        """Those that have loaded torch: a worker does so when it has its slot."""
        return [process.pid for process in self.workers() if "libtorch_cpu" in _mapped(process)]

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        for worker in self.workers():
            worker.kill()

    def _is_worker(self, process: psutil.Process) -> bool:
        try:
            ours = "recattn.jobs.worker" in process.cmdline()
            return ours and process.environ().get("RECATTN_HOME") == self.home
        except psutil.Error:  # it is gone
            return False


def _mapped(process: psutil.Process) -> str:
    try:
        return Path(f"/proc/{process.pid}/maps").read_text()
    except OSError:  # it is gone
        return ""


@pytest.fixture
def restless(recattn_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Restless]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    import_tiny(tmp_path / "mind")
    two = Restless(tiny_settings(write_tiny_encoder(tmp_path / "encoder"), epochs=500), recattn_home)
    yield two
    two.end()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at what processes have loaded in /proc")
def test_two_that_start_cancel_and_resume_without_end_never_have_two_trainings_at_work(restless: Restless) -> None:
    worked: set[int] = set()
    end = time.monotonic() + 120
    while len(worked) < 3 and time.monotonic() < end:
        now = restless.at_work()
        assert len(now) <= 1, [(run.run, run.state, run.phase) for run in Registry().runs()]
        worked.update(now)
        time.sleep(0.01)
    assert len(worked) == 3, "trainings followed one another"
    assert all(process.poll() is None for process in restless.processes), "and nothing of that was an error"
    eventually(lambda: any(run.state == "cancelled" for run in Registry().runs()), 60)
