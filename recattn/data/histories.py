"""What each user has read in the end, from what the impressions say.

An impression brings the history known at that moment, and its clicks come after it. The latest history starts with that
of the user's last impression that has one, and goes on with clicks that no later impression has in its history yet (a
click that was there once and is gone fell out of a sliding window, so it is not put back as if it were new). Each
item stands once, where it was read last.
"""

from array import array
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Int, Shaped

from recattn.data.ragged import Lists
from recattn.types import Impressions


class Readers(NamedTuple):
    """All users, the longest histories first, equal ones by id; each history is oldest first."""

    user_id: Shaped[np.ndarray, " user"]
    history: Lists
    n_clicks: Int[np.ndarray, " user"]
    first_time: Shaped[np.ndarray, " user"]
    last_time: Shaped[np.ndarray, " user"]


def latest_histories(splits: Mapping[str, Impressions]) -> Readers:
    """One row a user of any split.

    Args:
        splits: in the order in which they happened, each in order of time.
    """
    parts = list(splits.values())
    codes, user_id = _users(parts)
    part = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    row = np.concatenate([np.arange(len(one)) for one in parts])
    time = np.concatenate([one.time for one in parts])
    keys = (row, part, codes) if np.isnat(time).any() else (row, part, time, codes)
    order = np.lexsort(keys)
    starts = np.searchsorted(codes[order], np.arange(len(user_id) + 1))
    moments = list(zip(part[order].tolist(), row[order].tolist(), strict=True))
    bounds = starts.tolist()
    lengths, flat = array("i"), array("i")  # a list each would take nine times the memory
    for start, end in pairwise(bounds):
        history = _latest(parts, moments[start:end])
        lengths.append(len(history))
        flat.extend(history)
    histories = Lists.of(np.array(lengths), np.array(flat, np.int32))
    longest_first = np.argsort(-np.diff(histories.offsets), kind="stable")
    first, last = _time_range(time, codes, len(user_id))
    return Readers(
        user_id[longest_first],
        histories.rows(longest_first),
        _clicks(parts, codes, len(user_id))[longest_first],
        first[longest_first],
        last[longest_first],
    )


def _users(parts: list[Impressions]) -> tuple[Int[np.ndarray, " impression"], Shaped[np.ndarray, " user"]]:
    codes, names = pd.factorize(np.concatenate([one.user_id for one in parts]))
    order = np.argsort(names)
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return rank[codes], names[order]


def _latest(parts: list[Impressions], moments: list[tuple[int, int]]) -> list[int]:
    """The history after a user's impressions, given as (split, row), the first one first."""
    history = np.empty(0, np.int32)
    pending: list[int] = []  # clicks that no history has in it yet
    for part, row in moments:
        one = parts[part]
        known = one.history[one.history_offsets[row] : one.history_offsets[row + 1]]
        if len(known):
            history = known
            if pending:
                confirmed = set(known.tolist())
                pending = [item for item in pending if item not in confirmed]
        if one.labels is not None:
            shown = slice(one.candidate_offsets[row], one.candidate_offsets[row + 1])
            pending.extend(one.candidates[shown][one.labels[shown] == 1].tolist())
    return _once([*history.tolist(), *pending])


def _once(items: list[int]) -> list[int]:
    """Each item at its last place.

    >>> _once([4, 7, 4, 9])
    [7, 4, 9]
    """
    return list(dict.fromkeys(reversed(items)))[::-1]


def _clicks(parts: list[Impressions], codes: Int[np.ndarray, " impression"], users: int) -> Int[np.ndarray, " user"]:
    """Labelled clicks of each user, over all splits."""
    sums = [_per_impression(one) for one in parts]
    return np.bincount(codes, weights=np.concatenate(sums), minlength=users).astype(np.int32)


def _per_impression(one: Impressions) -> Int[np.ndarray, " impression"]:
    if one.labels is None:
        return np.zeros(len(one), np.int64)
    before = np.concatenate(([0], np.cumsum(one.labels, dtype=np.int64)))
    return np.diff(before[one.candidate_offsets])


def _time_range(
    time: Shaped[np.ndarray, " impression"], codes: Int[np.ndarray, " impression"], users: int
) -> tuple[Shaped[np.ndarray, " user"], Shaped[np.ndarray, " user"]]:
    """When each user was first and last seen; NaT where never with a time."""
    known = ~np.isnat(time)
    order = np.flatnonzero(known)[np.argsort(time[known], kind="stable")]
    first, last = (np.full(users, np.datetime64("NaT"), "datetime64[s]") for _ in range(2))
    first[codes[order[::-1]]] = time[order[::-1]]
    last[codes[order]] = time[order]
    return first, last
