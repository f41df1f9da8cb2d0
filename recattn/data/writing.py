"""Writes a dataset: four Parquet tables and their description, complete or not at all. Same content, same bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int

from recattn.config import checked_name, datasets_folder
from recattn.data.description import file_sha256, write_description
from recattn.data.folders import claimed, publish, staging
from recattn.data.histories import Readers, latest_histories
from recattn.data.schema import (
    IMPRESSION_SCHEMA,
    IMPRESSIONS,
    ITEM_SCHEMA,
    ITEMS,
    READER_SCHEMA,
    READERS,
    SCHEMA_VERSION,
    TABLES,
    USER_SCHEMA,
    USERS,
)
from recattn.errors import DataError
from recattn.types import DatasetInfo, Impressions, Report, silent

_ROWS_PER_GROUP = {
    ITEMS: 8192,
    IMPRESSIONS: 16384,
    USERS: 4096,
    READERS: 122880,
}  # small where single rows are looked up
_PACKED: Mapping[str, Mapping[str, Any]] = {
    # Users aren't in order of their ids, so a filter says which of the groups may hold one.
    USERS: {"bloom_filter_options": {"user_id": {"ndv": _ROWS_PER_GROUP[USERS], "fpp": 0.001}}},
    # User rows rise within an item: a third of the size that way.
    READERS: {"use_dictionary": ["item_row"], "column_encoding": {"user_row": "DELTA_BINARY_PACKED"}},
}


@dataclass(frozen=True)
class Content:
    """What is written. ``splits`` stand in the order in which they happened, each in order of time.

    The rest says where it came from; see ``DatasetInfo``.
    """

    items: pa.Table
    splits: Mapping[str, Impressions]
    source: str
    checksums: Mapping[str, str] = field(default_factory=dict)
    rows_read: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    rejected_rows: tuple[Mapping[str, str | int], ...] = ()
    notes: tuple[str, ...] = ()
    domain: str = "news"


def check_free(name: str, replace: bool) -> None:
    """Refuse a name that is taken.

    Raises:
        DataError: when there is a dataset of that name and it is not to be replaced.
    """
    if not replace and (datasets_folder() / checked_name(name, "dataset")).exists():
        raise DataError(
            f"There is a dataset {name!r} already.",
            "Allowed is a new name.",
            "Choose another one, or give --replace to put the new data in its place.",
        )


def write_dataset(name: str, content: Content, replace: bool = False, report: Report = silent) -> DatasetInfo:
    """Store a dataset under a name, for readers who make their own content.

    Args:
        name: of the dataset.
        content: what it holds.
        replace: whether a dataset of that name may go.
        report: hears of phase "write", in impressions.

    Raises:
        DataError: when the name is taken, somebody else is writing it, or the disk refuses.
    """
    with claimed(name):
        check_free(name, replace)
        return write_claimed(name, content, report)


def write_claimed(name: str, content: Content, report: Report) -> DatasetInfo:
    """Store a dataset whose name is claimed already."""
    with staging(name, _estimated_bytes(content)) as folder:
        readers = latest_histories(content.splits)
        _write_tables(folder, content, readers, report)
        info = _described(folder, name, content, len(readers.user_id))
        write_description(folder, info)
        publish(folder, name)
    return info


def _estimated_bytes(content: Content) -> int:
    """Rather too much: measured were 69 MB where this says 96."""
    numbers = sum(len(one.history) + len(one.candidates) for one in content.splits.values())
    return int(content.items.nbytes) + 4 * numbers


def _described(folder: Path, name: str, content: Content, users: int) -> DatasetInfo:
    splits = {split: len(impressions) for split, impressions in content.splits.items()}
    return DatasetInfo(
        name=name,
        source=content.source,
        schema_version=SCHEMA_VERSION,
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        items=len(content.items),
        users=users,
        impressions=sum(splits.values()),
        splits=splits,
        checksums=dict(content.checksums),
        rejected=dict(content.rejected),
        rejected_rows=content.rejected_rows,
        notes=content.notes,
        rows_read=dict(content.rows_read),
        files={table: file_sha256(folder / table) for table in TABLES},
        sizes={table: (folder / table).stat().st_size for table in TABLES},
        domain=content.domain,
    )


def _write_tables(folder: Path, content: Content, readers: Readers, report: Report) -> None:
    ids = content.items["item_id"].combine_chunks()
    total = sum(len(impressions) for impressions in content.splits.values())
    with _writer(folder / ITEMS, ITEM_SCHEMA) as writer:
        writer.write_table(content.items, row_group_size=_ROWS_PER_GROUP[ITEMS])
    with _writer(folder / IMPRESSIONS, IMPRESSION_SCHEMA) as writer:
        done = 0
        for split, impressions in content.splits.items():
            for table in _impression_tables(split, impressions, ids):
                report("write", done, total)
                writer.write_table(table)
                done += len(table)
    report("write", total, total)
    with _writer(folder / USERS, USER_SCHEMA) as writer:
        for table in _user_tables(readers, ids):
            writer.write_table(table)
    with _writer(folder / READERS, READER_SCHEMA) as writer:
        writer.write_table(_reader_table(readers), row_group_size=_ROWS_PER_GROUP[READERS])


def _writer(path: Path, schema: pa.Schema) -> Any:
    return pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True, **_PACKED.get(path.name, {}))


def _impression_tables(split: str, impressions: Impressions, ids: pa.Array) -> Iterator[pa.Table]:
    """The rows of one split by user, then place, a row group each."""
    order = np.argsort(impressions.user_id, kind="stable")
    for start in range(0, len(order), _ROWS_PER_GROUP[IMPRESSIONS]):
        places = order[start : start + _ROWS_PER_GROUP[IMPRESSIONS]]
        rows = impressions.rows(places)
        labels = pa.nulls(len(rows), pa.list_(pa.int8()))
        if rows.labels is not None:
            labels = pa.ListArray.from_arrays(rows.candidate_offsets.astype(np.int32), pa.array(rows.labels, pa.int8()))
        yield pa.table(
            {
                "impression_id": pa.array(rows.impression_id, pa.string()),
                "split": pa.array([split] * len(rows), pa.string()),
                "user_id": pa.array(rows.user_id, pa.string()),
                "time": _times(rows.time),
                "place": pa.array(places, pa.int32()),
                "history": _lists(rows.history_offsets, rows.history, ids),
                "candidates": _lists(rows.candidate_offsets, rows.candidates, ids),
                "labels": labels,
            },
            schema=IMPRESSION_SCHEMA,
        )


def _user_tables(readers: Readers, ids: pa.Array) -> Iterator[pa.Table]:
    for start in range(0, len(readers.user_id), _ROWS_PER_GROUP[USERS]):
        rows = slice(start, start + _ROWS_PER_GROUP[USERS])
        offsets = readers.history.offsets[start : start + _ROWS_PER_GROUP[USERS] + 1]
        yield pa.table(
            {
                "user_id": pa.array(readers.user_id[rows], pa.string()),
                "history": _lists(offsets - offsets[0], readers.history.flat[offsets[0] : offsets[-1]], ids),
                "history_length": pa.array(np.diff(offsets), pa.int32()),
                "n_clicks": pa.array(readers.n_clicks[rows], pa.int32()),
                "first_time": _times(readers.first_time[rows]),
                "last_time": _times(readers.last_time[rows]),
            },
            schema=USER_SCHEMA,
        )


def _reader_table(readers: Readers) -> pa.Table:
    """Who has which item in the history, by item."""
    users = np.repeat(np.arange(len(readers.user_id), dtype=np.int32), np.diff(readers.history.offsets))
    order = np.argsort(readers.history.flat, kind="stable")
    return pa.table({"item_row": readers.history.flat[order], "user_row": users[order]}, schema=READER_SCHEMA)


def _times(values: np.ndarray) -> pa.Array:
    return pa.array(values.astype("datetime64[ms]"), pa.timestamp("ms"))


def _lists(offsets: Int[np.ndarray, " row_plus_1"], items: Int[np.ndarray, " item"], ids: pa.Array) -> pa.Array:
    """Lists of item ids for CSR rows of item numbers."""
    return pa.ListArray.from_arrays(offsets.astype(np.int32), ids.take(pa.array(items, pa.int32())))
