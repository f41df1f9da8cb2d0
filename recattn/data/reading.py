"""Impressions from disk into flat arrays. Ids become item numbers by way of Parquet's own dictionaries.

``ids`` are those of all items in the order of their table.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Int, Shaped

from recattn.data.ragged import Lists
from recattn.data.schema import IMPRESSIONS
from recattn.data.storage import Tables
from recattn.errors import DataError
from recattn.types import Impressions

_NO_SECOND = np.iinfo(np.int64).max
_DICTIONARIES = ["user_id", "history.list.element", "candidates.list.element"]


def read_impressions(tables: Tables, split: str, ids: pa.Array) -> Impressions:
    """All impressions of a split, in the order of their place."""
    groups = list(_groups(tables, split, None))
    place = _numbers(groups, "place")
    history, candidates = _items(groups, "history", ids), _items(groups, "candidates", ids)
    return Impressions(
        impression_id=_texts(groups, "impression_id"),
        user_id=_texts(groups, "user_id"),
        time=_times(groups),
        history_offsets=history.offsets,
        history=history.flat,
        candidate_offsets=candidates.offsets,
        candidates=candidates.flat,
        labels=_labels(groups),
    ).rows(np.argsort(place))


def read_clicks(
    tables: Tables, split: str, ids: pa.Array
) -> tuple[Int[np.ndarray, " click"], Shaped[np.ndarray, " click"]]:
    """Item numbers and times of all labelled clicks of a split, in the order of their impressions' places."""
    found = [(np.empty(0, np.int64), np.empty(0, "datetime64[s]"), np.empty(0, np.int64))]
    for group in _groups(tables, split, ["place", "time", "candidates", "labels"]):
        labels = _labels([group])
        if labels is None:
            continue
        clicked, candidates = labels == 1, _items([group], "candidates", ids)
        owner = np.repeat(np.arange(len(group)), np.diff(candidates.offsets))[clicked]
        found.append((candidates.flat[clicked], _times([group])[owner], _numbers([group], "place")[owner]))
    items, times, places = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(places, kind="stable")
    return items[order], times[order]


def read_seen(tables: Tables, split: str, ids: pa.Array) -> tuple[Shaped[np.ndarray, " item"], np.datetime64]:
    """When each item was first shown or in a history, and when anything was last; datetime64[s], NaT where never."""
    never = np.datetime64("NaT", "s")
    first, last = np.full(len(ids), _NO_SECOND), never
    for group in _groups(tables, split, ["time", "history", "candidates"]):
        times = _times([group])
        last = np.fmax(last, np.fmax.reduce(times, initial=never))
        seconds = np.where(np.isnat(times), _NO_SECOND, times.astype(np.int64))
        for lists in (_items([group], "history", ids), _items([group], "candidates", ids)):
            np.minimum.at(first, lists.flat, np.repeat(seconds, np.diff(lists.offsets)))
    return np.where(first == _NO_SECOND, never, first.astype("datetime64[s]")), last


def _groups(tables: Tables, split: str, columns: list[str] | None) -> Iterator[pa.Table]:
    """The row groups of a split. None holds rows of two splits."""
    path = tables.path(IMPRESSIONS)
    try:
        with pq.ParquetFile(
            path, filesystem=tables.filesystem, read_dictionary=_DICTIONARIES, page_checksum_verification=True
        ) as file:
            at = file.schema_arrow.names.index("split")
            for group in range(file.num_row_groups):
                if file.metadata.row_group(group).column(at).statistics.min == split:
                    yield file.read_row_group(group, columns)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} can't be read ({error}).", "", "Import the dataset again with --replace.") from error


def _chunks(groups: Sequence[pa.Table], column: str) -> list[Any]:
    return [chunk for group in groups for chunk in group.column(column).chunks]


def _numbers(groups: Sequence[pa.Table], column: str) -> Int[np.ndarray, " row"]:
    return np.concatenate([chunk.to_numpy() for chunk in _chunks(groups, column)])


def _times(groups: Sequence[pa.Table]) -> Shaped[np.ndarray, " row"]:
    return np.concatenate([chunk.to_numpy(zero_copy_only=False) for chunk in _chunks(groups, "time")]).astype(
        "datetime64[s]"
    )


def _texts(groups: Sequence[pa.Table], column: str) -> Shaped[np.ndarray, " row"]:
    """Strings as objects; those of a dictionary are shared."""
    return np.concatenate(
        [chunk.to_numpy(zero_copy_only=False).astype(object, copy=False) for chunk in _chunks(groups, column)]
    )


def _items(groups: Sequence[pa.Table], column: str, ids: pa.Array) -> Lists:
    parts = []
    for chunk in _chunks(groups, column):
        values = chunk.flatten()
        rows = pc.index_in(values.dictionary, ids)
        if rows.null_count:
            raise DataError(
                "The impressions name items that items.parquet lacks.",
                "Its tables belong together.",
                "Import the dataset again with --replace.",
            )
        flat = rows.to_numpy().astype(np.int64)[values.indices.to_numpy()]
        parts.append(Lists.of(np.diff(chunk.offsets.to_numpy()), flat))
    return Lists.joined(parts)


def _labels(groups: Sequence[pa.Table]) -> Int[np.ndarray, " candidate"] | None:
    chunks = _chunks(groups, "labels")
    if any(chunk.null_count for chunk in chunks):
        return None
    return np.concatenate([chunk.flatten().to_numpy() for chunk in chunks])
