"""What people upload for an import: staged under names of ours, within a quota, and gone when the import is over.

An upload is a folder ``uploads/<token>`` with ``train.zip``, or ``train/news.tsv`` and ``train/behaviors.tsv``; so for
the other splits. Names that a browser sent are only compared, never used as a path.
"""

import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

from recattn.config import uploads_folder
from recattn.data.folders import unwritable
from recattn.data.mind import BEHAVIORS, NEWS
from recattn.errors import DataError, UnknownError

SPLITS = ("train", "dev", "test")
KEPT_SECONDS = 24 * 3600  # an upload that nobody imports goes after a day
MOST_UPLOADS = 100

_TOKEN = re.compile(r"[0-9a-f]{32}")
_STAGING = ".new-"
_LEFT_FREE = 200 * 10**6  # bytes of the disk that an upload never takes
_CHUNK = 1 << 20
_ALLOWED = f"Allowed for each split is one .zip, or the two files {NEWS} and {BEHAVIORS}."


@runtime_checkable
class Sent(Protocol):
    """A file as the browser sent it."""

    name: str
    size: int

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; none at the end."""


def quota_bytes() -> int:
    """What all uploads together may take: ``RECATTN_UPLOAD_QUOTA_GB``, by default 4.

    Raises:
        UnknownError: when that is no number above zero.
    """
    given = os.environ.get("RECATTN_UPLOAD_QUOTA_GB") or "4"
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", given) and float(given) > 0:
        return int(float(given) * 10**9)
    raise UnknownError(f"RECATTN_UPLOAD_QUOTA_GB is {given[:40]!r}.", "Allowed is a number above 0.", "Set it to 4.")


def stage(given: Mapping[str, Sequence[Sent]]) -> dict[str, Path]:
    """Write uploaded files to disk, whole or not at all.

    Args:
        given: the files of each split; splits without any are passed over.

    Returns:
        What to import, split -> zip or folder.

    Raises:
        DataError: when these are not the right files, or there is no room for them.
    """
    places = {split: _places(split, files) for split, files in given.items() if files}
    if "train" not in places:
        raise DataError("There are no files to learn from.", _ALLOWED, "Choose the training files first.")
    token = secrets.token_hex(16)
    folder = uploads_folder()
    sent = [pair for pairs in places.values() for pair in pairs]
    try:
        with _alone(folder):
            _check_room(folder, sum(file.size for _, file in sent))
            _write(folder, token, sent)
    except OSError as error:
        raise unwritable(folder, error, sum(file.size for _, file in sent)) from error
    return {split: folder / token / _root(split, pairs) for split, pairs in places.items()}


def discard(path: Path) -> None:
    """Remove the upload that a path belongs to, and nothing else."""
    if uploads_folder() not in path.parents:
        return
    token = path.relative_to(uploads_folder()).parts[0]
    if _TOKEN.fullmatch(token):
        shutil.rmtree(uploads_folder() / token, ignore_errors=True)


def sweep(needed: Collection[Path], older_than_seconds: float = KEPT_SECONDS) -> list[str]:
    """Remove old uploads, half-written ones included. Returns their names.

    Args:
        needed: paths that an import still is to read; their uploads stay.
        older_than_seconds: what was uploaded later stays as well.
    """
    folder = uploads_folder()
    tokens = {path.relative_to(folder).parts[0] for path in needed if folder in path.parents}
    before = time.time() - older_than_seconds
    old = [left for left in _uploads(folder) if left.name not in tokens and _changed(left) < before]
    for left in old:
        shutil.rmtree(left, ignore_errors=True)
    return [left.name for left in old]


def _places(split: str, files: Sequence[Sent]) -> list[tuple[str, Sent]]:
    """Where each file of a split goes, below the upload's folder."""
    if split not in SPLITS:
        raise UnknownError(f"There is no split {split[:40]!r}.", f"Allowed are {', '.join(SPLITS)}.")
    named = {re.split(r"[/\\]", file.name)[-1].lower(): file for file in files}
    if len(files) == 1 and next(iter(named)).endswith(".zip"):
        return [(f"{split}.zip", files[0])]
    if len(files) == 2 and set(named) == {NEWS, BEHAVIORS}:
        return [(f"{split}/{name}", named[name]) for name in (NEWS, BEHAVIORS)]
    names = ", ".join(repr(file.name[:60]) for file in files[:3]) + (" …" if len(files) > 3 else "")
    raise DataError(f"Given for {split}: {names}.", _ALLOWED, "Choose these and leave others out.")


def _root(split: str, pairs: Sequence[tuple[str, Sent]]) -> str:
    return pairs[0][0] if len(pairs) == 1 else split


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One upload at a time looks for room and takes it, whatever process it comes through."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_room(folder: Path, size: int) -> None:
    there, quota = _uploads(folder), quota_bytes()
    taken = sum(map(_size, there))
    free = shutil.disk_usage(folder).free - _LEFT_FREE
    remedy = "Import or discard what was uploaded; what nobody imports is removed after a day."
    if len(there) >= MOST_UPLOADS:
        raise DataError(f"{len(there)} uploads wait to be imported.", f"Allowed are {MOST_UPLOADS}.", remedy)
    if taken + size > quota:
        raise DataError(
            f"These files have {size / 1e6:,.1f} MB, and {taken / 1e6:,.1f} MB wait to be imported.",
            f"Allowed are {quota / 1e6:,.1f} MB together.",
            f"{remedy} RECATTN_UPLOAD_QUOTA_GB raises the limit.",
        )
    if size > free:
        raise DataError(
            f"These files have {size / 1e6:,.1f} MB, and the disk has no room for them.",
            f"There is room for {max(0, free) / 1e6:,.1f} MB.",
            "Free some space, or set RECATTN_HOME to another disk.",
        )


def _write(folder: Path, token: str, sent: Sequence[tuple[str, Sent]]) -> None:
    staging = folder / f"{_STAGING}{token}"
    try:
        for name, file in sent:
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            _copy(file, staging / name)
        staging.rename(folder / token)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _copy(file: Sent, place: Path) -> None:
    """Copy as many bytes as were announced; room was made for no more."""
    left = file.size
    with place.open("xb") as copy:
        while left and (chunk := file.read(min(_CHUNK, left))):
            copy.write(chunk)
            left -= len(chunk)
        if left or file.read(1):
            raise DataError("A file has not the size that was announced.", "", "Upload it again.")


def _uploads(folder: Path) -> list[Path]:
    """The folders of uploads, whole or being written; nothing that isn't ours."""
    there = folder.iterdir() if folder.is_dir() else iter(())
    return [path for path in there if _TOKEN.fullmatch(path.name.removeprefix(_STAGING)) and not path.is_symlink()]


def _changed(path: Path) -> float:
    """When it last changed; never, when an import that is over has just taken it away."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _size(upload: Path) -> int:
    """Bytes of its files, as far as they are still there."""
    size = 0
    for folder, _, names in os.walk(upload):  # unlike rglob says nothing when a folder has just gone
        for name in names:
            with suppress(FileNotFoundError):
                size += (Path(folder) / name).lstat().st_size
    return size
