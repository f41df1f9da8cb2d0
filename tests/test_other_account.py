"""Another account's shell on the same machine: its commands reach nothing of a home that isn't open to it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recattn.jobs.registry import Registry
from tests.pages.conftest import made_home

__all__ = ["made_home"]

ROOT = Path(__file__).parents[1]
STRANGER = 10002
ALL = """
import contextlib, io, json, sys
from recattn.cli import main
answers = []
for command in json.loads(sys.argv[1]):
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            code = main(command)
        except SystemExit as left:
            code = left.code
    answers.append([code, out.getvalue(), error.getvalue()])
print(json.dumps(answers))
"""


@pytest.fixture
def home(made_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with a model, in a folder that everybody may look into: its own permissions are what protects it."""
    place = Path(tempfile.mkdtemp(prefix="recattn-home-"))
    place.chmod(0o755)
    shutil.copytree(made_home, place / "home")
    (place / "news").mkdir()
    monkeypatch.setenv("RECATTN_HOME", str(place / "home"))
    Registry().runs()  # the registry is there before anybody else looks
    yield place / "home"
    shutil.rmtree(place)


def as_stranger(*command: str) -> "subprocess.CompletedProcess[str]":
    """A command by an account that is in no group of ours and has no rights of root."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can act as another account")
    own = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", "--inh-caps=-all"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "HOME": "/nonexistent"}
    return subprocess.run([*own, *command], cwd=ROOT, env=environment, capture_output=True, text=True)


def contents(home: Path) -> dict[str, str]:
    return {
        str(file.relative_to(home)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in home.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755], ids=oct)
def test_no_command_of_another_account_changes_anything(home: Path, mode: int) -> None:
    if as_stranger(sys.executable, "-c", "import recattn, torch").returncode:
        pytest.skip("this Python lies where no other account may read it")
    (run,) = [run.run for run in Registry().runs()]
    tried = [
        ["activate", run],
        ["delete", run],
        ["rename", run, "mine now"],
        ["resume", run],
        ["cancel", run],
        ["roll-back"],
        ["train", "--dataset", "tiny", "--preset", "quick"],
        ["sample", "--name", "mine"],
        ["import", "mind", "--name", "tiny", "--train", str(home.parent / "news"), "--replace"],
        ["evaluate", "--run", run],
    ]
    home.chmod(mode)
    before = contents(home)
    done = as_stranger(sys.executable, "-c", ALL, json.dumps(tried))
    assert done.returncode == 0, done.stderr
    for command, (code, out, error) in zip(tried, json.loads(done.stdout), strict=True):
        assert code == 1 and not out, (command, out, error)
        assert "Traceback" not in error and (str(home) in error or "permission" in error.lower()), (command, error)
    assert contents(home) == before
    home.chmod(0o700)
    assert [one.run for one in Registry().runs()] == [run]


def test_a_stranger_s_own_shell_is_told_in_one_line_and_its_forged_run_is_not_seen(home: Path) -> None:
    (run,) = [run.run for run in Registry().runs()]
    home.chmod(0o700)
    done = as_stranger(sys.executable, "-m", "recattn", "activate", run)
    if "No module named" in done.stderr:
        pytest.skip("this Python lies where no other account may read it")
    assert done.returncode == 1 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1 and "Permission denied" in done.stderr
    forged = as_stranger("sh", "-c", f"mkdir {home}/runs/forged")
    assert forged.returncode != 0 and not (home / "runs" / "forged").exists()
