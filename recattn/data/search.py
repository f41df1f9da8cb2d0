"""Looking people and items up. Texts are compared as lower case and never act as patterns."""

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recattn.data.queries import Queries
from recattn.data.schema import SPLITS
from recattn.errors import UnknownError
from recattn.types import Impression, User

_USER = "user_id, history, n_clicks, first_time, last_time"
_SPLIT_ORDER = f"list_position({list(SPLITS)!r}, split)"
_COUNTED_CLICKS = 200_000  # enough to tell who reads most about a very common topic, and soon counted
_COUNTED_ITEMS = 10_000  # the clicks of more are hardly ever reached
_WORD_START = r"(^|[^\pL\pN])"


def user(queries: Queries, dataset: str, user_id: str) -> User:
    """One user by id."""
    found = queries.rows(f"SELECT {_USER} FROM users WHERE user_id = ?", user_id) if _is_text(user_id) else []
    if not found:
        raise UnknownError(
            f"There is no user {user_id[:80]!r} in {dataset}.",
            "Allowed are the user ids of this dataset.",
            "Search for a part of the id on the Recommendations page.",
        )
    return _user(*found[0])


def users_at(queries: Queries, rows: Sequence[int]) -> list[User]:
    """The users of some rows of the table, in the order of the rows given."""
    if not rows:
        return []
    listed = ", ".join(map(str, rows))
    found = queries.rows(f"SELECT file_row_number, {_USER} FROM users WHERE file_row_number IN ({listed})")
    by_row = {row: _user(*values) for row, *values in found}
    return [by_row[row] for row in rows]


def users_between(queries: Queries, start: int, end: int) -> list[User]:
    """The users of the rows from ``start`` to before ``end``."""
    where = "file_row_number >= ? AND file_row_number < ? ORDER BY file_row_number"
    return [_user(*found) for found in queries.rows(f"SELECT {_USER} FROM users WHERE {where}", start, end)]


def find_users(queries: Queries, text: str, n: int) -> list[User]:
    """Users with this text in the id, the longest histories first, which is the order of the file."""
    if not _is_text(text):
        return []
    found = queries.rows("SELECT file_row_number FROM users WHERE contains(lower(user_id), lower(?)) LIMIT ?", text, n)
    return users_at(queries, [row for (row,) in found])


def about(items: pd.DataFrame) -> pa.Array | pa.ChunkedArray:
    """What is searched of each item when somebody looks for who read about something."""
    parts = [pa.array(items[column], pa.string()) for column in ("title", "category", "subcategory")]
    return pc.binary_join_element_wise(*parts, " ", null_handling="skip")


def find_readers(queries: Queries, about_items: pa.Array | pa.ChunkedArray, text: str, n: int) -> list[User]:
    """Users who read about something, most such articles first.

    Words are looked for in memory, which takes half of what reading the file does; clicks are counted in theirs.
    """
    words = text.split() if _is_text(text) else []
    if not words:
        return []
    matching = [
        pc.match_substring_regex(about_items, _WORD_START + re.escape(word), ignore_case=True) for word in words
    ]
    rows = np.flatnonzero(np.logical_and.reduce([found.to_numpy(zero_copy_only=False) for found in matching]))
    counted = queries.rows(
        "SELECT user_row FROM (SELECT user_row FROM readers WHERE item_row IN (SELECT unnest(?)) "
        f"LIMIT {_COUNTED_CLICKS}) GROUP BY user_row ORDER BY count(*) DESC, user_row LIMIT ?",
        rows[:_COUNTED_ITEMS],
        n,
    )
    return users_at(queries, [row for (row,) in counted])


def user_impressions(queries: Queries, user_id: str) -> list[Impression]:
    """What a user was shown, newest first."""
    if not _is_text(user_id):
        return []
    found = queries.rows(
        "SELECT impression_id, user_id, time, split, history, candidates, labels FROM impressions WHERE user_id = ? "
        f"ORDER BY time DESC NULLS LAST, {_SPLIT_ORDER} DESC, place DESC",
        user_id,
    )
    return [
        Impression(impression_id, user, time, split, tuple(history), tuple(candidates), _labels(labels))
        for impression_id, user, time, split, history, candidates, labels in found
    ]


def page_items(queries: Queries, text: str, offset: int, limit: int) -> tuple[pd.DataFrame, int]:
    """Items in their order."""
    searched = ("title", "category", "subcategory", "abstract", "item_id")
    return _page(queries, "items", "* EXCLUDE (file_row_number)", searched, text, offset, limit)


def page_users(queries: Queries, text: str, offset: int, limit: int) -> tuple[pd.DataFrame, int]:
    """Users, the longest histories first."""
    return _page(queries, "users", "* EXCLUDE (file_row_number)", ("user_id",), text, offset, limit)


def page_impressions(queries: Queries, text: str, offset: int, limit: int) -> tuple[pd.DataFrame, int]:
    """Impressions by split, user and time."""
    clicked = "list_where(candidates, list_transform(labels, lambda label: label = 1)) AS clicked"
    shown = f"impression_id, split, user_id, time, history, candidates, {clicked}"
    return _page(queries, "impressions", shown, ("user_id", "impression_id"), text, offset, limit)


def _page(
    queries: Queries, table: str, shown: str, searched: Sequence[str], text: str, offset: int, limit: int
) -> tuple[pd.DataFrame, int]:
    """Rows of one page in the order of the file, which DuckDB keeps by itself, and how many match in all."""
    where, values = _matching(searched, text)
    page = queries.table(f"SELECT {shown} FROM {table} WHERE {where} LIMIT ? OFFSET ?", *values, limit, offset)
    ((total,),) = queries.rows(f"SELECT count(*) FROM {table} WHERE {where}", *values)
    return page, total


def _matching(searched: Sequence[str], text: str) -> tuple[str, list[str]]:
    """The condition that some column holds the text. Without a text nothing is read: Parquet knows how many rows."""
    if not _is_text(text):
        return "false", []
    if not text:
        return "true", []
    return " OR ".join(f"contains(lower({column}), lower(?))" for column in searched), [text] * len(searched)


def _is_text(text: str) -> bool:
    """Whether a text can be UTF-8 at all; addresses can smuggle in half characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _user(user_id: str, history: list[str], clicks: int, first: datetime | None, last: datetime | None) -> User:
    return User(user_id, tuple(history), clicks, first, last)


def _labels(labels: list[int] | None) -> tuple[int, ...] | None:
    return None if labels is None else tuple(labels)
