"""The commands hash-password and audit, and the audit lines of all others."""

import json
import os
import pty
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recattn.cli import COMMANDS, main
from recattn.config import audit_file, datasets_folder
from recattn.jobs.audit import entries
from recattn.jobs.password import matches

ROOT = Path(__file__).parents[1]
PASSWORD = "four words that fit"
# Commands that only look. A new one belongs here, or gets ``changes=True``.
LOOKING = {
    "estimate",
    "datasets",
    "runs",
    "jobs",
    "evaluate",
    "recommend",
    "explain",
    "benchmark",
    "growth",
    "hash-password",
    "audit",
    "doctor",
}


def piped(*argv: str, given: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "recattn", "hash-password", *argv]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True)


def test_a_piped_password_is_hashed_and_told_where_to_put() -> None:
    done = piped(given=f"{PASSWORD}\n")
    assert done.returncode == 0 and done.stderr == ""
    assert matches(done.stdout.splitlines()[0], PASSWORD)
    assert "export RECATTN_ADMIN_HASH='$argon2id$" in done.stdout and "secrets.toml" in done.stdout
    assert PASSWORD not in done.stdout


def test_json_holds_the_hash_alone() -> None:
    done = piped("--json", given=PASSWORD)
    document = json.loads(done.stdout)
    assert list(document) == ["hash"]
    assert matches(document["hash"], PASSWORD)


@pytest.mark.parametrize("given", ["", "\n", "eleven char\n"])
def test_a_short_one_is_refused(given: str) -> None:
    done = piped(given=given)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Allowed are 12 to 200" in done.stderr and "Traceback" not in done.stderr
    assert "eleven" not in done.stderr


def typed(*lines: str) -> str:
    """What a terminal shows while these lines are typed, one for each question."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "recattn", "hash-password"])
    shown, asked = b"", list(lines)
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        shown += part
        if part.rstrip().endswith(b":") and asked:
            time.sleep(0.2)  # getpass throws away what was typed before it asked
            os.write(terminal, asked.pop(0).encode() + b"\n")
        if not part:
            break
    os.waitpid(process, 0)
    return shown.decode()


def test_on_a_terminal_it_is_asked_for_twice_and_never_shown() -> None:
    shown = typed(PASSWORD, PASSWORD)
    assert "Password of the administrator:" in shown and "Once more:" in shown
    found = next(line for line in shown.splitlines() if line.startswith("$argon2id$"))
    assert matches(found.strip(), PASSWORD)
    assert PASSWORD not in shown


def test_a_slip_of_the_fingers_is_noticed() -> None:
    shown = typed(PASSWORD, PASSWORD + "!")
    assert "The two differ" in shown and "$argon2id$" not in shown


def test_every_command_that_changes_something_says_so() -> None:
    assert {command.name for command in COMMANDS if not command.changes} <= LOOKING
    assert not {command.name for command in COMMANDS if command.changes} & LOOKING


def test_what_changes_things_leaves_a_line_with_the_systems_name_of_who_did_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    assert main(["datasets"]) == 0
    assert entries(10) == []
    assert main(["delete", "20260302-090500-abcd"]) == 1  # there is no such run
    (only,) = entries(10)
    assert (only["where"], only["action"], only["subject"]) == ("shell", "delete", "20260302-090500-abcd")
    assert only["who"] == pwd.getpwuid(os.getuid()).pw_name
    capsys.readouterr()
    assert main(["audit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [only]
    assert main(["audit", "-n", "1"]) == 0
    assert "delete" in capsys.readouterr().out


def test_without_a_line_nothing_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    audit_file().mkdir(parents=True)  # nobody can write into a folder as into a file
    assert main(["sample"]) == 1
    assert "Nothing was done" in capsys.readouterr().err
    assert not datasets_folder().exists()
    assert main(["datasets"]) == 0, "looking goes on"
