"""A training on a disk that is really full: a small file system of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.conftest import ROOT
from tests.models.conftest import write_tiny_encoder

TRAIN = """
import sys, time
from pathlib import Path
import psutil
from recattn.config import home
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import read_job
from recattn.jobs.starting import queue_training, resume, start_training
from recattn.jobs.worker import perform
from tests.jobs.conftest import eventually
from tests.jobs.tiny import import_tiny, tiny_config

import_tiny(Path(sys.argv[1]))
first = perform(queue_training("tiny", tiny_config(Path(sys.argv[2]), epochs=1), "default"))
second = start_training("tiny", tiny_config(Path(sys.argv[2]), epochs=100), "default")
eventually(lambda: Registry().run(second).phase == "train", 60)
worker = psutil.Process(read_job(Registry().run(second).folder).process.pid)
filler = home() / "filler"
with filler.open("wb", buffering=0) as file:
    while worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE:
        try:
            file.write(bytes(1024))
        except OSError:
            time.sleep(0.02)
filler.unlink()
ended = Registry().run(second)
print(ended.state, "|", ended.message)
print((ended.folder / "log.txt").read_text().replace(chr(10), " "))
print(Registry().run(first.run).state, Registry().active().run == first.run)
resume(second)
eventually(lambda: Registry().run(second).state == "finished", 100)
print("went on")
"""


def test_a_training_on_a_full_disk_fails_in_words_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    home = tmp_path / "small"
    home.mkdir()
    environment = {**os.environ, "RECATTN_HOME": str(home), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    mounted = 'mount -t tmpfs -o size=1500k tmpfs "$RECATTN_HOME" && exec "$@"'
    unshare = ["unshare", "--mount", "--map-root-user", "sh", "-c", mounted, "sh"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*unshare, "true"], env=environment, capture_output=True).returncode
    ):
        pytest.skip("a small file system of its own needs the right to mount one")
    encoder = write_tiny_encoder(tmp_path / "encoder")
    command = [*unshare, sys.executable, "-c", TRAIN, str(tmp_path / "mind"), str(encoder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ended, log, others, last = done.stdout.splitlines()
    assert ended.startswith(("failed", "interrupted")), ended
    assert any(words in ended + log for words in ("No space left on device", "os error 28", "is full")), ended + log
    assert others == "finished True", "what was finished stays"
    assert last == "went on"
