"""A training whose memory really ends: its process may have no more than a little beyond what it has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.conftest import ROOT
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


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't limit a process's memory")
def test_a_training_without_memory_fails_in_words_and_what_was_finished_stays(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "MALLOC_ARENA_MAX": "2"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "mind"), str(write_tiny_encoder(tmp_path / "encoder"))]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ended, others, again = done.stdout.splitlines()
    assert ended.startswith("failed | Out of memory") and "free some memory and resume" in ended
    assert others == "finished True False", "what was finished stays, and no traceback is shown"
    assert again == "finished", "and the next one that fits is made"
