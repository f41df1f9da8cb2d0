"""One SQLite file that several processes use at once, and that is made anew when it is lost or damaged.

Connections are short: one a piece of work. A new file is made beside its place, in WAL mode and with its tables, and
renamed, so that nobody ever opens half of one.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from recattn.errors import RunError
from recattn.jobs.run_folder import STATES

T = TypeVar("T")

VERSION = 2
_BUSY_SECONDS = 20
_TRIES = 5
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FORMAT)
_SCHEMA = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE runs (
    run TEXT PRIMARY KEY, kind TEXT NOT NULL, preset TEXT NOT NULL, dataset TEXT NOT NULL, created TEXT NOT NULL,
    subject TEXT NOT NULL, title TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN {STATES}), message TEXT NOT NULL, activate INTEGER NOT NULL,
    metrics TEXT NOT NULL CHECK (json_valid(metrics)),
    phase TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
    figures TEXT NOT NULL DEFAULT '{{}}' CHECK (json_valid(figures)), eta_seconds REAL,
    pid INTEGER, started_seconds REAL, place TEXT, heartbeat REAL NOT NULL,
    queued REAL NOT NULL, has_slot INTEGER NOT NULL
);
CREATE TABLE active (only INTEGER PRIMARY KEY CHECK (only = 1), run TEXT NOT NULL);
PRAGMA user_version = {VERSION};
"""


class DamagedError(Exception):
    """What stands in the database can't be what was written there."""


def work_on(file: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    """Do one piece of work on the database; when the file is lost or damaged, on a new one.

    Raises:
        RunError: when the file can't be read or written at all.
    """
    tries = 0
    while True:
        try:
            return _attempt(file, work)
        except (sqlite3.Error, DamagedError, OSError) as error:
            tries += 1
            if tries == _TRIES or not _put_right(file, error):
                raise _unusable(file, error) from error


def _unusable(file: Path, error: Exception) -> RunError:
    return RunError(
        f"The registry of runs, {file}, can't be used: {error}.",
        "Allowed is a folder that can be written, with space left.",
        "Free some space or set RECATTN_HOME to another folder; the runs themselves are in their own folders.",
    )


def _put_right(file: Path, error: Exception) -> bool:
    """Do what can be done about an error; says whether another try is worth it."""
    extended = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    # the file was taken away between two of our steps: next time it is found missing
    if code == sqlite3.SQLITE_IOERR or extended == sqlite3.SQLITE_READONLY_DBMOVED:
        time.sleep(0.02)
        return True
    if not isinstance(error, DamagedError) and code not in _DAMAGED:
        return False
    try:
        _make_anew(file)
    except (OSError, sqlite3.Error) as unable:
        raise _unusable(file, unable) from error
    return True


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that nobody else can write beside."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _attempt(file: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    address = f"{file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, _BUSY_SECONDS, isolation_level=None, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise DamagedError("it is of another version")
        return work(connection)


def _make_anew(file: Path) -> None:
    """Put a damaged file aside and an empty one in its place, unless another process just did."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_sound(file):
            return
        new = file.with_name(f".{file.name}.{os.getpid()}.new")
        new.unlink(missing_ok=True)
        with closing(sqlite3.connect(new)) as connection:
            connection.executescript(_SCHEMA)
        if file.exists():
            file.replace(file.with_suffix(".damaged"))
        for rest in ("-wal", "-shm"):  # of the former file: they would be played into the new one
            file.with_name(file.name + rest).unlink(missing_ok=True)
        new.replace(file)


def _is_sound(file: Path) -> bool:
    try:
        return _attempt(file, lambda db: db.execute("PRAGMA quick_check").fetchone()[0]) == "ok"
    except (sqlite3.Error, DamagedError):
        return False
