"""Who did what, when: one line an action, in a file that is only ever added to.

It holds names of runs and datasets, never what a reader read. An action that can't be written down is refused; reading
goes on.
"""

import fcntl
import json
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Literal

from recattn.config import audit_file
from recattn.errors import RecAttnError

Where = Literal["page", "shell"]
Outcome = Literal["allowed", "refused", "failed-login"]

FILE_BYTES = 10_000_000
KEPT = 5  # full files beside the one that is written
_LONGEST = 200  # characters of a name


def record(where: Where, who: str, action: str, subject: str, outcome: Outcome, file_bytes: int = FILE_BYTES) -> None:
    """Add one line, and let go only when it is on the disk.

    Raises:
        RecAttnError: when it can't be written; what was to be done must then not be done.
    """
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "who": who[:_LONGEST],
        "where": where,
        "action": action[:_LONGEST],
        "subject": subject[:_LONGEST],
        "outcome": outcome,
    }
    try:
        _append(json.dumps(entry).encode() + b"\n", file_bytes)
    except OSError as error:
        raise RecAttnError(
            f"Nothing was done, because it could not be written down in {audit_file().name}: {error.strerror}.",
            "Every action leaves a line there.",
            "Free some space on the disk of RECATTN_HOME, or make the file writable, and try again.",
        ) from error


def account() -> str:
    """Who runs this process, as the system has it: the variables USER and LOGNAME are anybody's to set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # containers run under numbers without a name
        return f"user {os.getuid()}"


def _append(line: bytes, file_bytes: int) -> None:
    file = audit_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with _alone(file):
        if file.is_file() and file.stat().st_size + len(line) > file_bytes:
            _rotate(file)
        descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _write_whole(descriptor, line)
        finally:
            os.close(descriptor)


def _write_whole(descriptor: int, line: bytes) -> None:
    """All of the line or nothing of it: a full disk may take only its beginning."""
    end = os.fstat(descriptor).st_size
    cut_off = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"  # by a machine that went down
    whole = b"\n" + line if cut_off else line
    try:
        written = os.write(descriptor, whole)
        if written < len(whole):
            os.write(descriptor, whole[written:])  # says why
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)
        raise


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Server and shells write the same file; only one of them at a time."""
    with file.with_name(f".{file.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _full_files(file: Path) -> list[Path]:
    """The names of the full files, latest first."""
    return [file.with_name(f"{file.name}.{number}") for number in range(1, KEPT + 1)]


def _rotate(file: Path) -> None:
    names = [file, *_full_files(file)]
    for newer, older in reversed(list(pairwise(names))):
        if newer.is_file():
            newer.replace(older)


def entries(number: int) -> list[dict[str, Any]]:
    """The latest entries, newest first; lines that were damaged are left out.

    Raises:
        RecAttnError: when the file is there and can't be read.
    """
    found: list[dict[str, Any]] = []
    for file in (audit_file(), *_full_files(audit_file())):
        if len(found) < number:
            found += islice(_read(file), number - len(found))  # a full file has tens of thousands
    return found


def _read(file: Path) -> Iterator[dict[str, Any]]:
    """Its entries, newest first."""
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        return iter(())
    except OSError as error:
        raise RecAttnError(
            f"{file.name} can't be read: {error.strerror}.", "", "Let this user read the file."
        ) from error
    return (entry for entry in map(_entry, reversed(lines)) if entry)


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and {"time", "who", "action"} <= entry.keys() else None
