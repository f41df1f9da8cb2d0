"""Where an import reads from: a folder or a ``.zip``. A zip is read in place, nothing of it is unpacked to disk."""

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, runtime_checkable

from recattn.errors import DataError, UnknownError

_RATIO = 100  # text packs 3 to 10 times; nothing real comes near this
_DIRECTORY_BYTES = 4_000_000  # of a zip's list of names: tens of thousands of files, each of which costs memory
_TAIL_BYTES = 1 << 17  # the end of a zip: the record of its directory and a comment of at most 64 KiB
_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:")


def max_unpacked_bytes() -> int:
    """What a zip may hold unpacked: ``RECATTN_MAX_UNPACKED_GB``, by default 16 (MIND-large is 2).

    Raises:
        UnknownError: when that is no number above zero.
    """
    given = os.environ.get("RECATTN_MAX_UNPACKED_GB") or "16"
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", given) and float(given) > 0:
        return int(float(given) * 10**9)
    raise UnknownError(f"RECATTN_MAX_UNPACKED_GB is {given[:40]!r}.", "Allowed is a number above 0.", "Set it to 16.")


@runtime_checkable
class Lines(Protocol):
    """What is read of an open file."""

    def readline(self, limit: int = -1, /) -> bytes:
        """The next line, or its first ``limit`` bytes."""


@dataclass(frozen=True)
class InputFile:
    """One file of an import. ``name`` is what error messages and checksums call it, e.g. ``train/news.tsv``.

    ``path`` is where it lies as it is, None inside a zip.
    """

    name: str
    size: int
    open: Callable[[], AbstractContextManager[Lines]]
    path: Path | None = None


def input_files(path: Path, part: str, names: Sequence[str]) -> list[InputFile]:
    """The named files of a folder or zip, in that order.

    Args:
        path: the folder or zip.
        part: what to call it, e.g. "train".
        names: file names that must be there; others are passed over.

    Raises:
        DataError: when it is no such thing, lacks a file, or is a zip that can't be trusted.
    """
    try:
        if path.is_dir():
            return [_in_folder(path, part, name) for name in names]
        if not path.exists():
            raise DataError(f"{path} does not exist.", _expected(names), "Check the path.")
        if not zipfile.is_zipfile(path):
            raise DataError(f"{path} is no folder and no zip.", _expected(names), "Give the folder, not a file in it.")
        members = checked_members(path)
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}).", _expected(names), "Check the path.") from error
    return [_in_zip(path, members, part, name) for name in names]


def file_names(path: Path) -> set[str]:
    """The names of the files in a folder or zip; none where it is neither. Says nothing of whether they can be read."""
    try:
        if path.is_dir():
            return {entry.name for entry in path.iterdir() if entry.is_file()}
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            return {PurePosixPath(member.filename).name for member in archive.infolist() if not member.is_dir()}
    except (OSError, zipfile.BadZipFile, NotImplementedError, DataError):
        return set()


def _expected(names: Sequence[str]) -> str:
    return f"Expected is a folder or a .zip with {' and '.join(names)}."


def _in_folder(path: Path, part: str, name: str) -> InputFile:
    file = path / name
    if not file.is_file():
        raise DataError(f"{path} has no file {name}.", _expected([name]), "Check the path.")
    return InputFile(f"{part}/{name}", file.stat().st_size, partial(_open_file, file), file)


def _in_zip(path: Path, members: Sequence[zipfile.ZipInfo], part: str, name: str) -> InputFile:
    found = [member for member in members if PurePosixPath(member.filename).name == name and not member.is_dir()]
    if len(found) != 1:
        count = "no file" if not found else f"{len(found)} files called"
        raise DataError(f"{path} has {count} {name}.", _expected([name]), "Pack one split into one zip.")
    return InputFile(f"{part}/{name}", found[0].file_size, partial(_open_member, path, found[0].filename))


def _open_file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}).", "", "Check its permissions.") from error


@contextmanager
def _open_member(path: Path, member: str) -> Iterator[Lines]:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            yield file
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise DataError(f"{path}: {member} can't be unpacked ({error}).", "", "Pack or download it again.") from error


def checked_members(path: Path) -> list[zipfile.ZipInfo]:
    """What the zip says it holds, once every entry has been found harmless.

    Sizes are those of the directory; ``zipfile`` never gives more bytes of an entry than it says there.
    """
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{path} can't be read as a zip ({error}).", "", "Pack or download it again.") from error
    for member in members:
        if fault := _fault(member):
            raise DataError(
                f"{path}: the entry {member.orig_filename[:120]!r} {fault}.",
                "Allowed are plain files below the zip's own root, packed at most 100 times smaller, without password.",
                "Pack the files again, as an ordinary zip.",
            )
    unpacked, limit = sum(member.file_size for member in members), max_unpacked_bytes()
    if unpacked > limit:
        raise DataError(
            f"{path} would unpack to {unpacked / 1e9:.1f} GB.",
            f"Allowed are {limit / 1e9:.1f} GB.",
            "Raise RECATTN_MAX_UNPACKED_GB when you trust this file.",
        )
    if unpacked > _RATIO * path.stat().st_size:  # entries that share their bytes are each packed well enough
        raise DataError(
            f"{path} unpacks to more than {_RATIO} times its size.", "Allowed is less.", "Pack the files again."
        )
    return [member for member in members if not member.filename.startswith("__MACOSX/")]


def _check_directory(path: Path) -> None:
    """See how long the list of names is, before it is read whole.

    Raises:
        DataError: when it is longer than that of any zip of data.
    """
    with path.open("rb") as file:
        file.seek(-min(_TAIL_BYTES, path.stat().st_size), os.SEEK_END)
        tail = file.read()
    short = [int.from_bytes(tail[at + 12 : at + 16], "little") for at in _found(b"PK\5\6", tail)]
    wide = [int.from_bytes(tail[at + 40 : at + 48], "little") for at in _found(b"PK\6\6", tail)]
    elsewhere = 2**32 - 1  # "see the wide record"
    if max([size for size in short if size != elsewhere or not wide] + wide, default=0) > _DIRECTORY_BYTES:
        raise DataError(
            f"{path} holds too many files.",
            f"Allowed is a list of names of {_DIRECTORY_BYTES / 1e6:.0f} MB.",
            "Pack only the files that are read.",
        )


def _found(sign: bytes, tail: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(sign), tail)]


def _fault(member: zipfile.ZipInfo) -> str:
    """What is wrong with an entry; empty when nothing is."""
    name, kind = member.orig_filename, stat.S_IFMT(member.external_attr >> 16)
    if _ABSOLUTE.match(name):
        return "has an absolute name"
    if ".." in re.split(r"[/\\]", name):
        return "points out of the zip"
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is no plain file"
    if member.flag_bits & 0x1:
        return "is encrypted"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in an unusual way"  # of others ``zipfile`` unpacks all at once, whatever size they claim
    if member.file_size > _RATIO * max(1, member.compress_size):
        return f"unpacks to more than {_RATIO} times its size"
    return ""
