"""A training whose memory really ends, at its beginning or in its midst: the system gives its process no more."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import read_job
from recattn.jobs.starting import resume, start_training
from recattn.training.config import TrainingConfig, configured
from tests.faults.kills import difference
from tests.jobs.conftest import ROOT, eventually
from tests.jobs.tiny import import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder

SCRIPT = """
import resource, sys
from contextlib import suppress
from pathlib import Path
import psutil
from recattn.errors import TrainingError
from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from recattn.training.config import configured
from tests.jobs.tiny import import_tiny, tiny_settings

import_tiny(Path(sys.argv[1]))
settings = tiny_settings(Path(sys.argv[2]), epochs=1)
first = perform(queue_training("tiny", configured("default", settings), "default"))
limit = psutil.Process().memory_info().vms + 500_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
large = configured("default", settings | {"dim": 4096, "layers": 12})  # its weights alone are 2.4 GB
second = queue_training("tiny", large, "default")
with suppress(TrainingError):
    perform(second)
second = Registry().run(second)
print(second.state, "|", second.message)
print(Registry().run(first.run).state, Registry().active().run == first.run, "Traceback" in second.message)
again = perform(queue_training("tiny", configured("default", settings), "default"))
print(again.state)
"""


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems don't limit a process's memory")


@LINUX
def test_a_training_without_memory_fails_in_words_and_what_was_finished_stays(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "MALLOC_ARENA_MAX": "2"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "mind"), str(write_tiny_encoder(tmp_path / "encoder"))]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ended, others, again = done.stdout.splitlines()
    assert ended.startswith("failed | Out of memory") and "free some memory and resume" in ended
    assert others == "finished True False", "what was finished stays, and no traceback is shown"
    assert again == "finished", "and the next one that fits is made"


def steps_done(run: str) -> int:
    found = Registry().run(run)
    assert found.state in ("queued", "running"), found.message
    return found.done if found.phase == "train" else 0


def in_its_midst(config: TrainingConfig, step: int) -> tuple[str, psutil.Process]:
    """A training that is past its first checkpoint, and its process."""
    run = start_training("tiny", config, "default")
    eventually(lambda: steps_done(run) >= step, 120)
    job = read_job(Registry().run(run).folder)
    assert job and job.process
    return run, psutil.Process(job.process.pid)


def ended(run: str) -> Run:
    eventually(lambda: Registry().run(run).state not in ("queued", "running"), 120)
    return Registry().run(run)


@LINUX
def test_a_training_whose_memory_ends_in_its_midst_goes_on_as_if_it_had_not(
    tmp_path: Path, recattn_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource  # elsewhere there is none

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    import_tiny(tmp_path / "mind")
    # matrices of 4 MB: smaller ones torch takes from what it set aside before
    settings = tiny_settings(write_tiny_encoder(tmp_path / "encoder"), epochs=3) | {"dim": 1024, "batch_size": 16}
    config = configured("default", settings)
    run, process = in_its_midst(config, 11)
    limit = process.memory_info().data - 30_000_000
    resource.prlimit(process.pid, resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
    failed = ended(run)
    assert failed.state == "failed" and failed.message.startswith("Out of memory"), failed.message
    assert "smaller batch_size or max_history" in failed.message and "Traceback" not in failed.message
    assert failed.phase == "train" and 11 <= failed.done < failed.total
    assert "training/loop.py" in (failed.folder / "log.txt").read_text(), "it ended in the loop"
    assert list((failed.folder / "checkpoints").iterdir()), "the last checkpoint stays"
    resume(run)
    assert ended(run).state == "finished"
    whole = start_training("tiny", config, "default")  # a process of its own, with as many threads
    assert ended(whole).state == "finished"
    assert difference(whole, run) == 0


@LINUX
def test_a_training_that_the_system_kills_to_get_its_memory_is_interrupted_and_says_what_to_do(
    tmp_path: Path, recattn_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    import_tiny(tmp_path / "mind")
    config = configured("default", tiny_settings(write_tiny_encoder(tmp_path / "encoder"), epochs=500))
    run, process = in_its_midst(config, 20)
    process.send_signal(signal.SIGKILL)  # all that the out-of-memory killer does
    killed = ended(run)
    assert killed.state == "interrupted" and "memory" in killed.message and "Resume" in killed.message
    assert list((killed.folder / "checkpoints").iterdir())
