"""A dataset on disk, and what can be asked of it. Nothing here ever holds all users in memory."""

import hashlib
from collections.abc import Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int, Shaped

from recattn.config import checked_name, datasets_folder
from recattn.data import distributions, search
from recattn.data.description import read_description
from recattn.data.queries import Queries
from recattn.data.reading import read_clicks, read_impressions, read_seen
from recattn.data.schema import ITEMS
from recattn.errors import DataError, UnknownError
from recattn.types import DatasetInfo, Impression, Impressions, Item, Past, User

_USERS_KEPT, _READERS_KEPT = 256, 8  # what somebody was shown may be megabytes


def dataset_infos() -> list[DatasetInfo]:
    """What each dataset says of itself, newest first; damaged ones are left out (see ``damaged_datasets``)."""
    found = []
    for name in _names():
        try:
            found.append(read_description(datasets_folder() / name)[0])
        except DataError:
            continue
    return sorted(found, key=lambda info: (info.created, info.name), reverse=True)


def damaged_datasets() -> dict[str, str]:
    """Names of folders that can't be opened as datasets, and why."""
    reasons = {}
    for name in _names():
        try:
            read_description(datasets_folder() / name)
        except DataError as error:
            reasons[name] = str(error)
    return reasons


def _names() -> list[str]:
    """Folders that may be datasets; those of unfinished work begin with a dot."""
    return sorted(path.name for path in datasets_folder().glob("*") if path.is_dir() and path.name[0] != ".")


class Dataset:
    """Opened once, asked from many threads. Items are numbered by their row in ``items()``.

    When the folder is deleted or holds other data meanwhile, questions raise ``DataError`` rather than mix old and new.
    """

    def __init__(self, folder: Path, info: DatasetInfo, inode: int) -> None:
        self.folder, self.info = folder, info
        self._queries = Queries(folder, inode, info.files)
        # A page asks for its reader again and again; in a file of a million that is 10 ms each time.
        self._user = lru_cache(_USERS_KEPT)(partial(search.user, self._queries, info.name))
        self._user_impressions = lru_cache(_READERS_KEPT)(partial(search.user_impressions, self._queries))

    @classmethod
    def open(cls, name: str) -> "Dataset":
        """The dataset of that name. Reads only ``dataset.json``.

        Raises:
            UnknownError: when there is none; lists those there are.
            DataError: when it is damaged, incomplete, or written by a newer version.
        """
        folder = datasets_folder() / checked_name(name, "dataset")
        if not folder.is_dir():
            known = ", ".join(info.name for info in dataset_infos()) or "none yet"
            raise UnknownError(
                f"Dataset {name!r} was not found.", f"Known: {known}.", "Choose one, or import it first."
            )
        return cls(folder, *read_description(folder))

    @property
    def name(self) -> str:
        """As people call it."""
        return self.info.name

    @property
    def fingerprint(self) -> str:
        """Of the content: the same data imported twice have the same."""
        parts = "\n".join(f"{file} {digest}" for file, digest in sorted(self.info.files.items()))
        return hashlib.sha256(parts.encode()).hexdigest()[:16]

    def verify(self) -> None:
        """Read every byte and compare.

        Raises:
            DataError: when a file is not what was written.
        """
        for file, digest in self.info.files.items():
            if self._queries.tables.sha256(file) != digest:
                raise DataError(
                    f"{self.folder / file} has changed since it was written.",
                    f"Its sha256 must be {digest}.",
                    "Import the dataset again with --replace.",
                )

    # Items

    def items(self) -> pd.DataFrame:
        """All items, one row each; read once. Not to be changed: everybody gets the same table."""
        return self._items

    @cached_property
    def _items(self) -> pd.DataFrame:
        tables = self._queries.tables
        try:
            table = pq.read_table(tables.path(ITEMS), filesystem=tables.filesystem, page_checksum_verification=True)
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{tables.path(ITEMS)} can't be read ({error}).", "", "Import the dataset again with --replace."
            ) from error
        self._queries.check_unchanged()
        return table.to_pandas()

    def item(self, item_id: str) -> Item:
        """One item.

        Raises:
            UnknownError: when there is no such item.
        """
        row = int(self.index([item_id])[0])
        if row < 0:
            raise UnknownError(
                f"There is no item {item_id[:80]!r} in {self.name}.",
                "Allowed are the item ids of this dataset.",
                "Choose one on the Data page.",
            )
        values = self.items().iloc[row]
        published = None if pd.isna(values["published"]) else values["published"].to_pydatetime()
        return Item(
            item_id,
            values["title"],
            values["abstract"],
            values["category"],
            values["subcategory"],
            values["url"],
            published,
            tuple(values["entities"]),
        )

    def index(self, item_ids: Sequence[str]) -> Int[np.ndarray, " item"]:
        """Item numbers of ids; -1 for an unknown one."""
        rows = self._index
        return np.fromiter((rows.get(item, -1) for item in item_ids), np.int64, len(item_ids))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {item: row for row, item in enumerate(self.items()["item_id"].tolist())}

    @cached_property
    def _ids(self) -> pa.Array:
        return pa.array(self.items()["item_id"].tolist(), pa.string())

    # Impressions

    def impressions(self, split: str) -> Impressions:
        """All impressions of a split, in order of time (of the file, where times are unknown).

        Raises:
            UnknownError: when there is no such split.
        """
        impressions = read_impressions(self._queries.tables, self._checked(split), self._ids)
        self._queries.check_unchanged()
        return impressions

    def clicks(self, split: str = "train") -> tuple[Int[np.ndarray, " click"], Shaped[np.ndarray, " click"]]:
        """Item numbers and times (datetime64[s]) of all clicks of a split, in order of time; none where unlabelled.

        Raises:
            UnknownError: when there is no such split.
        """
        clicks = read_clicks(self._queries.tables, self._checked(split), self._ids)
        self._queries.check_unchanged()
        return clicks

    def past(self, *splits: str) -> Past:
        """What happened to items in some splits, or in all where none is named.

        Raises:
            UnknownError: when there is no such split.
        """
        names = splits or tuple(self.info.splits)
        clicks = [self.clicks(split) for split in names]
        seen = [read_seen(self._queries.tables, self._checked(split), self._ids) for split in names]
        self._queries.check_unchanged()
        items, times = (np.concatenate(part) for part in zip(*clicks, strict=True))
        first, last = zip(*seen, strict=True)
        return Past(items, times, np.fmin.reduce(first), np.fmax.reduce(last))

    def _checked(self, split: str) -> str:
        if split not in self.info.splits:
            allowed = ", ".join(self.info.splits)
            raise UnknownError(
                f"{self.name} has no split {split[:80]!r}.", f"Allowed are {allowed}.", "Choose one of these."
            )
        return split

    # Users

    def user(self, user_id: str) -> User:
        """One user, with everything read so far.

        Raises:
            UnknownError: when there is no such user.
        """
        self._queries.check_unchanged()
        return self._user(user_id)

    def users_between(self, start: int, end: int) -> list[User]:
        """The users of these rows of the table, ``end`` not among them: all users, some at a time."""
        return search.users_between(self._queries, start, end)

    def find_users(self, text: str, n: int) -> list[User]:
        """Users with this text in their id (upper or lower case), the longest histories first; "" finds everybody."""
        return search.find_users(self._queries, text, n)

    def find_readers(self, text: str, n: int) -> list[User]:
        """Users who read articles about something, those with most such articles first.

        Args:
            text: every word of it must begin a word of the article's title, category or subcategory.
            n: how many at most.
        """
        return search.find_readers(self._queries, self._about_items, text, n)

    @cached_property
    def _about_items(self) -> pa.Array | pa.ChunkedArray:
        return search.about(self._items)

    def random_user(self, seed: int) -> User:
        """Somebody by chance; the same for the same seed."""
        row = int(np.random.default_rng(seed).integers(self.info.users))
        return search.users_at(self._queries, [row])[0]

    def user_impressions(self, user_id: str) -> list[Impression]:
        """What a user was shown, newest first, over all splits; empty for an unknown user."""
        self._queries.check_unchanged()
        return list(self._user_impressions(user_id))

    # Pages of tables, and what their charts show

    def page_items(self, text: str = "", offset: int = 0, limit: int = 50) -> tuple[pd.DataFrame, int]:
        """Items with a text in title, category, subcategory, abstract or id, and how many there are in all."""
        return search.page_items(self._queries, text, offset, limit)

    def page_users(self, text: str = "", offset: int = 0, limit: int = 50) -> tuple[pd.DataFrame, int]:
        """Users with a text in their id, the longest histories first, and how many there are in all.

        Columns: user_id, history (list of item ids), history_length, n_clicks, first_time, last_time.
        """
        return search.page_users(self._queries, text, offset, limit)

    def page_impressions(self, text: str = "", offset: int = 0, limit: int = 50) -> tuple[pd.DataFrame, int]:
        """Impressions whose user or own id has a text in it, by split, user and time, and how many there are in all.

        Columns: impression_id, split, user_id, time, history, candidates (lists of item ids), clicked (list of item
        ids; null in an unlabelled split).
        """
        return search.page_impressions(self._queries, text, offset, limit)

    def distributions(self) -> dict[str, pd.DataFrame]:
        """Small tables for charts: see ``recattn.data.distributions``."""
        return distributions.distributions(self._queries)

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, {self.info.items} items, {self.info.users} users, {self.fingerprint})"
