"""Everybody's recommendations as Parquet: a folder of parts, each written beside its place and renamed into it.

========================  ============================================================================================
``manifest.json``         what the parts were made from; written first, and compared before any part is added
``part-00000.parquet``    the users of some rows of ``users.parquet``, a row an item of a list, best first
========================  ============================================================================================
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Bool, Float, Int

from recattn.errors import DataError

MANIFEST = "manifest.json"
FORMAT = 1
_REASON = pa.struct([("item_id", pa.string()), ("adds", pa.float32())])
SCORED_SCHEMA = pa.schema(
    [
        ("user_id", pa.string()),
        ("rank", pa.int32()),
        ("item_id", pa.string()),
        ("score", pa.float32()),  # of the model; for popular items their number of clicks
        ("source", pa.string()),  # "model", or "popular" for who read nothing
        ("history_adds", pa.float32()),  # what all clicks together add to the score; null where there are none
        ("reasons", pa.list_(_REASON)),  # the clicks that add most, the largest amount first
    ]
)


@dataclass(frozen=True)
class Manifest:
    """What the parts of a folder were made from: equal here, equal there."""

    dataset: str
    dataset_fingerprint: str
    run: str
    model_sha256: str
    n: int
    reasons: int
    part_users: int
    users: int
    parts: int
    format: int = FORMAT


@dataclass(frozen=True)
class Lists:
    """The lists of some users, in rows of the dataset's items; -1 and NaN where there is nothing."""

    users: Sequence[str]
    popular: Bool[np.ndarray, " user"]
    items: Int[np.ndarray, "user place"]
    scores: Float[np.ndarray, "user place"]
    reasons: Int[np.ndarray, "user place reason"]
    adds: Float[np.ndarray, "user place reason"]
    history_adds: Float[np.ndarray, "user place"]


def begin(folder: Path, manifest: Manifest) -> None:
    """Make the folder, or see that the parts in it were made from the same.

    Raises:
        DataError: when they were not, or the folder holds something else.
    """
    check_place(folder, manifest)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{MANIFEST}.{secrets.token_hex(4)}"
    part.write_text(json.dumps(asdict(manifest), indent=1))
    part.replace(folder / MANIFEST)
    for left in folder.glob(".part-*"):  # of work that was cut off
        left.unlink(missing_ok=True)


def check_place(folder: Path, manifest: Manifest) -> None:
    """See that parts made from this may stand in the folder; writes nothing.

    Raises:
        DataError: when others stand there.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file.", "Allowed is a folder, or a new name.", "Give another one.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    there, mine = read_manifest(folder), asdict(manifest)
    odd = [name for name in mine if there.get(name) != mine[name]]
    if odd:
        told = ", ".join(f"{name} {there.get(name)!r} (now {mine[name]!r})" for name in odd)
        raise DataError(
            f"The parts in {folder} were made with {told}.",
            "Allowed is to go on with the same.",
            "Give the former values, or another folder.",
        )


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """What the parts of a folder were made from.

    Raises:
        DataError: when it does not tell.
    """
    try:
        found = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder} is not empty and has no readable {MANIFEST}.",
            "Allowed is a new or empty folder, or one that was begun before.",
            "Give another folder.",
        ) from error
    return found if isinstance(found, dict) else {}


def part_file(folder: Path, part: int) -> Path:
    """Where a part lies."""
    return folder / f"part-{part:05}.parquet"


def is_whole(folder: Path, part: int, users: int) -> bool:
    """Whether a part is there, readable to its end, and holds the lists of so many users."""
    try:
        with pq.ParquetFile(part_file(folder, part)) as file:
            told = (file.schema_arrow.metadata or {}).get(b"recattn_users", b"")
            return file.schema_arrow.equals(SCORED_SCHEMA) and told == str(users).encode()
    except (OSError, pa.ArrowException):
        return False


class PartWriter:
    """Writes one part, some users at a time; in its place when it is whole, and nothing of it otherwise.

    Args:
        folder: that was begun.
        part: its number.
        users: how many it is going to hold.
        item_ids: of the dataset, in its order.
    """

    def __init__(self, folder: Path, part: int, users: int, item_ids: Sequence[str]) -> None:
        self._place, self._item_ids = part_file(folder, part), pa.array(item_ids, pa.string())
        self._staged = folder / f".{self._place.name}.{secrets.token_hex(4)}"
        schema = SCORED_SCHEMA.with_metadata({"recattn_users": str(users)})
        self._writer = pq.ParquetWriter(self._staged, schema, compression="zstd", write_page_checksum=True)

    def write(self, lists: Lists) -> None:
        """Add the lists of some users."""
        self._writer.write_table(_table(lists, self._item_ids))

    def __enter__(self) -> "PartWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._writer.close()
        if kind is None:
            self._staged.replace(self._place)
        else:
            self._staged.unlink(missing_ok=True)


def _table(lists: Lists, item_ids: pa.Array) -> pa.Table:
    """A row for each place that is filled."""
    user, place = np.nonzero(lists.items >= 0)
    named = lists.reasons[user, place] >= 0
    offsets = np.concatenate(([0], np.cumsum(named.sum(axis=1)))).astype(np.int32)
    reasons = pa.StructArray.from_arrays(
        [item_ids.take(pa.array(lists.reasons[user, place][named])), pa.array(lists.adds[user, place][named])],
        fields=list(_REASON),
    )
    columns = [
        pa.array(lists.users, pa.string()).take(pa.array(user)),
        pa.array(place + 1, pa.int32()),
        item_ids.take(pa.array(lists.items[user, place])),
        pa.array(lists.scores[user, place], pa.float32()),
        pa.array(np.where(lists.popular[user], "popular", "model").tolist(), pa.string()),
        pa.array(lists.history_adds[user, place], pa.float32(), from_pandas=True),
        pa.ListArray.from_arrays(pa.array(offsets), reasons),
    ]
    return pa.table(columns, schema=SCORED_SCHEMA)
