"""How dataset folders come, change and go: one process a name at a time, and never anything half done under a name.

Beside ``<name>`` there may be ``.staging-<name>`` (being written), ``.former-<name>`` (replaced or deleted, being
removed) and ``.lock-<name>``. The lock is the kernel's (``flock``), so it ends with its process however that ends.
"""

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from recattn.config import checked_name, datasets_folder
from recattn.data.schema import DESCRIPTION
from recattn.errors import DataError, UnknownError

_STAGING, _FORMER, _LOCK = ".staging-", ".former-", ".lock-"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def claimed(name: str) -> Iterator[None]:
    """Nobody else imports or deletes a dataset of this name meanwhile.

    Raises:
        DataError: when somebody does already; says which process since when.
    """
    folder = datasets_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _locked(folder / f"{_LOCK}{checked_name(name, 'dataset')}")
    except BlockingIOError as error:
        holder = _holder(folder / f"{_LOCK}{name}")
        raise DataError(
            f"The dataset {name!r} is being changed by {holder or 'another process'}.",
            "Allowed is one import or deletion of a name at a time.",
            "Wait for it to end, or choose another name.",
        ) from error
    except OSError as error:
        raise unwritable(folder, error) from error
    with lock:
        try:
            yield
        finally:
            Path(lock.name).unlink(missing_ok=True)


def _locked(path: Path) -> IO[str]:
    """The open lock file. Tried again when its former holder unlinked it between our opening and locking it."""
    while True:
        file = path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino:
                file.truncate(0)
                file.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
                file.flush()
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _holder(lock: Path) -> str:
    """Who says to hold a lock; empty when they let go of it just now."""
    with suppress(FileNotFoundError):
        return lock.read_text()
    return ""


@contextmanager
def staging(name: str, needed_bytes: int) -> Iterator[Path]:
    """An empty folder beside the dataset's place, gone afterwards unless ``publish`` moved it there. Needs the claim.

    Args:
        name: of the dataset.
        needed_bytes: what will be written, roughly; told when the disk turns out to be full.

    Raises:
        DataError: when the disk is full or the folder can't be written, naming it and the space that is left.
    """
    folder = datasets_folder() / f"{_STAGING}{name}"
    try:
        _remove(folder)
        folder.mkdir()
        yield folder
    except OSError as error:
        raise unwritable(folder.parent, error, needed_bytes) from error
    finally:
        _remove(folder)


def publish(staged: Path, name: str) -> None:
    """Put a finished folder in the dataset's place; what was there goes. Readers see the old one or the new one."""
    place = staged.parent / name
    for file in (*staged.iterdir(), staged):
        _sync(file)
    former = staged.parent / f"{_FORMER}{name}"
    _remove(former)
    if not place.exists():
        staged.rename(place)
    elif _exchanged(staged, place):
        staged.rename(former)
    else:
        _replace_in_two_steps(staged, place, former)
    _sync(staged.parent)
    _remove(former)


def _replace_in_two_steps(staged: Path, place: Path, former: Path) -> None:
    place.rename(former)
    try:
        staged.rename(place)
    finally:
        if not place.exists():
            former.rename(place)


def delete_dataset(name: str) -> None:
    """Remove a dataset, also a damaged one.

    Raises:
        UnknownError: when there is none of that name.
        DataError: while it is being imported.
    """
    place = datasets_folder() / checked_name(name, "dataset")
    if not place.is_dir():
        raise UnknownError(f"Dataset {name!r} was not found.", remedy="There is nothing to delete.")
    with claimed(name):
        former = place.parent / f"{_FORMER}{name}"
        try:
            _remove(former)
            place.rename(former)
            _remove(former)
        except OSError as error:
            raise unwritable(place.parent, error) from error


def sweep() -> list[str]:
    """Clear away what killed imports and deletions left, at the start of a process. Returns what was removed.

    Where folders can't be exchanged in one step, a kill may fall between the two renames of a replacement: then the
    new dataset, which is whole, takes its place now.
    """
    swept = []
    folder = datasets_folder()
    for prefix in (_STAGING, _FORMER, _LOCK):
        for left in sorted(folder.glob(f"{prefix}*")):
            try:
                with claimed(left.name.removeprefix(prefix)):
                    swept += _cleared(left, folder / left.name.removeprefix(prefix))
            except (DataError, UnknownError):
                continue  # its import is still running, or the name is nothing of ours
    return swept


def _cleared(left: Path, place: Path) -> list[str]:
    if not left.is_dir():
        return []
    former = left.parent / f"{_FORMER}{place.name}"
    if left.name.startswith(_STAGING) and former.exists() and not place.exists() and (left / DESCRIPTION).exists():
        left.rename(place)
        return []
    _remove(left)
    return [left.name]


def unwritable(folder: Path, error: OSError, needed_bytes: int = 0) -> DataError:
    """The error of a folder that can't be written, with the space that is left when that is the reason."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataError(
            f"The disk of {folder} is full ({shutil.disk_usage(folder).free / 1e6:,.1f} MB free).",
            f"Needed are about {needed_bytes / 1e6:,.1f} MB." if needed_bytes else "",
            "Free some space, or set RECATTN_HOME to another disk.",
        )
    return DataError(
        f"{folder} can't be written ({error.strerror or error}).",
        "Needed is a folder this user may write.",
        "Change its permissions, or set RECATTN_HOME.",
    )


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where kernel, C library or file system can't."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
