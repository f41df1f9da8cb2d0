"""A file packed by gzip as an input: read in place, and stopped when it unpacks to more than can be true."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from recattn.data.sources import InputFile, Lines, max_unpacked_bytes
from recattn.errors import DataError

SUFFIX = ".gz"
_RATIO = 100  # text packs 3 to 10 times
_SMALL = 1 << 20  # a few repeated lines pack better than anything long


def gzipped(file: InputFile, path: Path) -> InputFile:
    """The same file unpacked. Its size is what gzip noted at the end: right below 4 GB, else too small."""
    with path.open("rb") as packed:
        packed.seek(-min(4, file.size), 2)
        size = int.from_bytes(packed.read(4), "little")
    return InputFile(file.name, size, partial(_opened, path, file.size))


@contextmanager
def _opened(path: Path, packed: int) -> Iterator[Lines]:
    try:
        with gzip.open(path) as file:
            yield _Bounded(file, path, min(max_unpacked_bytes(), max(_SMALL, _RATIO * packed)))
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path} can't be unpacked ({error}).", "", "Pack or download it again.") from error


class _Bounded:
    """Lines of a packed file, up to a number of bytes in all."""

    def __init__(self, file: Lines, path: Path, limit: int) -> None:
        self._file, self._path, self._limit, self._done = file, path, limit, 0

    def readline(self, limit: int = -1, /) -> bytes:
        """The next line, or its first ``limit`` bytes."""
        raw = self._file.readline(limit)
        self._done += len(raw)
        if self._done > self._limit:
            raise DataError(
                f"{self._path} unpacks to more than {self._limit / 1e6:,.0f} MB.",
                f"Allowed are {_RATIO} times its size and {max_unpacked_bytes() / 1e9:.1f} GB.",
                "Unpack it yourself, or raise RECATTN_MAX_UNPACKED_GB, when you trust this file.",
            )
        return raw
