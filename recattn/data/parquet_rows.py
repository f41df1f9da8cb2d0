"""The rows of a Parquet file, as texts like those of any table. Its columns are found by name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recattn.data.description import file_sha256
from recattn.data.rows import Layout, Progress, Rejections, Row, Rows
from recattn.data.sources import InputFile, max_unpacked_bytes
from recattn.errors import DataError

_ROWS = 4096  # at a time, so that a file of few long texts doesn't fill the memory
_FAULTS = (pa.ArrowException, OSError, ValueError)  # the last one of names or texts that aren't UTF-8
_LAYOUT = Layout("columns of Parquet", lambda text: [text])


def parquet_names(path: Path) -> list[str]:
    """The names of the columns of a file.

    Raises:
        DataError: when it is no Parquet file, or would unpack to more than is allowed.
    """
    try:
        with pq.ParquetFile(path) as opened:
            unpacked = sum(opened.metadata.row_group(n).total_byte_size for n in range(opened.num_row_groups))
            names = list(opened.schema_arrow.names)
    except _FAULTS as error:
        raise _unreadable(path, error) from error
    if unpacked > max_unpacked_bytes():
        raise DataError(
            f"{path} would unpack to {unpacked / 1e9:.1f} GB.",
            f"Allowed are {max_unpacked_bytes() / 1e9:.1f} GB.",
            "Raise RECATTN_MAX_UNPACKED_GB when you trust this file.",
        )
    return names


class ParquetRows(Rows):
    """Rows whose cells are the named columns; a row's line is its number, counted from 1."""

    def __init__(
        self, file: InputFile, path: Path, names: Sequence[str], rejections: Rejections, progress: Progress
    ) -> None:
        super().__init__(file, len(names), rejections, progress, _LAYOUT)
        self._path, self._names, self._told = path, list(names), 0

    @property
    def sha256(self) -> str:
        """Of the whole file."""
        return file_sha256(self._path)

    def __iter__(self) -> Iterator[Row]:
        try:
            with pq.ParquetFile(self._path) as opened:
                for batch in opened.iter_batches(_ROWS, columns=self._names):
                    yield from self._batch(batch)
                    self._tell(self.file.size * self.read // opened.metadata.num_rows)
        except _FAULTS as error:
            raise _unreadable(self._path, error) from error

    def _batch(self, batch: pa.RecordBatch) -> Iterator[Row]:
        columns = [_texts(batch.column(name)) for name in self._names]
        for cells in zip(*columns, strict=True):
            self.read += 1
            yield self.read, list(cells)

    def _tell(self, done: int) -> None:
        self._progress.advance(done - self._told)
        self._told = done


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} can't be read ({error}).", "It must be a Parquet file.", "Write or download it again.")


def _texts(column: pa.Array) -> list[str]:
    """Times become seconds since 1970, lists their values with commas between, what isn't there is empty.

    >>> _texts(pa.array([["a", "b"], None]))
    ['a, b', '']
    """
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    if pa.types.is_timestamp(column.type):
        column = pc.floor_temporal(column, unit="second").cast(pa.timestamp("s", column.type.tz)).cast(pa.int64())
    return [_text(value) for value in column.to_pylist()]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)
