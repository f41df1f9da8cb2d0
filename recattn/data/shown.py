"""From rows that say what was shown and whether it was clicked, as of ads, to impressions with both in them.

Rows of one user with one impression id (where there are no such ids: with one time) are an impression; an item that
stands in it twice was clicked when it was once. The history is what the user clicked before: the latest 100 items, each
at its last click. Held out are the latest tenth of all time, or (leave-one-out) each user's last impression with a
click, and what came after it.
"""

from array import array
from collections import Counter
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Shaped

from recattn.data.interactions import HISTORY, LEAST_HELD_OUT, Rule, latest_tenth
from recattn.data.ragged import Lists
from recattn.types import Impressions


class Shown(NamedTuple):
    """Rows in the order of the file. Users, items and impressions are numbers, counted as they first appear."""

    users: Shaped[np.ndarray, " user"]
    user: Int[np.ndarray, " row"]
    item: Int[np.ndarray, " row"]
    time: Shaped[np.ndarray, " row"]  # datetime64[s], NaT where unknown
    clicked: Int[np.ndarray, " row"]
    impression: Int[np.ndarray, " row"]


class CollectingShown:
    """Takes rows in one by one."""

    def __init__(self) -> None:
        self._users: dict[str, int] = {}
        self._impressions: dict[tuple[int, str | int], int] = {}
        self._user, self._item, self._time = array("i"), array("i"), array("q")
        self._clicked, self._impression = array("b"), array("i")

    def add(self, user: str, item: int, seconds: int, clicked: bool, impression: str | None) -> None:
        """One row; without an impression id its time says to which impression it belongs."""
        number = self._users.setdefault(user, len(self._users))
        key = number, seconds if impression is None else impression
        self._user.append(number)
        self._item.append(item)
        self._time.append(seconds)
        self._clicked.append(clicked)
        self._impression.append(self._impressions.setdefault(key, len(self._impressions)))

    def shown(self) -> Shown:
        """All that was taken in."""
        names = np.empty(len(self._users), object)
        names[:] = list(self._users)
        time = np.array(self._time, np.int64).view("datetime64[s]")
        user, item, impression = (np.array(one, np.int64) for one in (self._user, self._item, self._impression))
        return Shown(names, user, item, time, np.array(self._clicked, np.int64), impression)


def impressions_shown(found: Shown, rule: Rule) -> tuple[dict[str, Impressions], tuple[str, ...]]:
    """The splits train and dev, and what to say about them."""
    everything, users = _everything(found)
    clicks = _per_impression(everything)
    held_out, note = _held_out(users, clicks > 0, everything.time, rule)
    splits = {"train": everything.rows(np.flatnonzero(~held_out)), "dev": everything.rows(np.flatnonzero(held_out))}
    bare = int((clicks == 0).sum())
    notes = (f"{bare:,} of {len(clicks):,} impressions have no click.", note) if bare else (note,)
    return {split: one for split, one in splits.items() if len(one)}, notes


def _per_impression(one: Impressions) -> Int[np.ndarray, " impression"]:
    labels = np.asarray(one.labels) == 1
    return Lists(one.candidate_offsets, labels).counts(labels)


def _everything(found: Shown) -> tuple[Impressions, Int[np.ndarray, " impression"]]:
    """All impressions in order of time, and whose they are."""
    rows, clicked = _candidates(found)
    impression, item = found.impression[rows], found.item[rows]
    lengths = np.bincount(impression)
    starts = Lists.of(lengths, item).offsets
    first = rows[starts[:-1]]
    order = np.argsort(found.time[first], kind="stable")
    users = found.user[first]
    histories = _histories(users[order].tolist(), order.tolist(), starts, item, clicked)
    ids = np.empty(len(lengths), object)
    ids[:] = [str(number) for number in range(len(lengths))]
    unread = Impressions(
        impression_id=ids,
        user_id=found.users[users],
        time=found.time[first],
        history_offsets=np.zeros(len(lengths) + 1, np.int64),
        history=np.empty(0, np.int32),
        candidate_offsets=starts,
        candidates=item.astype(np.int32),
        labels=clicked.astype(np.int8),
    ).rows(order)
    return _with_histories(unread, histories), users[order]


def _with_histories(one: Impressions, histories: Lists) -> Impressions:
    return Impressions(
        one.impression_id,
        one.user_id,
        one.time,
        histories.offsets,
        histories.flat.astype(np.int32),
        one.candidate_offsets,
        one.candidates,
        one.labels,
    )


def _candidates(found: Shown) -> tuple[Int[np.ndarray, " candidate"], Int[np.ndarray, " candidate"]]:
    """The rows that are candidates, by impression and then as in the file, and whether each was clicked."""
    items = int(found.item.max()) + 1 if len(found.item) else 1
    pairs = found.impression * items + found.item
    _, first, pair = np.unique(pairs, return_index=True, return_inverse=True)
    clicked = np.bincount(pair, found.clicked) > 0
    order = np.lexsort((first, found.impression[first]))
    return first[order], clicked[order].astype(np.int64)


def _histories(
    users: list[int],
    impressions: list[int],
    starts: Int[np.ndarray, " impression_plus_1"],
    item: Int[np.ndarray, " candidate"],
    clicked: Int[np.ndarray, " candidate"],
) -> Lists:
    """What each impression's user had clicked before, oldest first."""
    read: dict[int, dict[int, None]] = {}  # the items of a user, in the order of their last clicks
    flat, lengths = array("i"), array("i")
    for user, impression in zip(users, impressions, strict=True):
        history = read.setdefault(user, {})
        latest = list(history)[-HISTORY:]
        flat.extend(latest)
        lengths.append(len(latest))
        here = slice(starts[impression], starts[impression + 1])
        for one in item[here][clicked[here] == 1].tolist():
            history.pop(one, None)
            history[one] = None
    return Lists.of(np.array(lengths, np.int64), np.array(flat, np.int64))


def _held_out(
    users: Int[np.ndarray, " impression"],
    with_click: Bool[np.ndarray, " impression"],
    time: Shaped[np.ndarray, " impression"],
    rule: Rule,
) -> tuple[Bool[np.ndarray, " impression"], str]:
    if rule.held_out == "time":
        moment = latest_tenth(time)
        return time >= moment, f"Held out is everything since {moment}, the latest tenth."
    places = np.flatnonzero(with_click)
    last, times = dict(zip(users[places].tolist(), places.tolist(), strict=True)), Counter(users[places].tolist())
    since = [last[user] if times[user] >= LEAST_HELD_OUT else len(users) for user in users.tolist()]
    return np.arange(len(users)) >= np.array(since), (
        f"Held out is the last impression with a click of every user with {LEAST_HELD_OUT} or more (leave-one-out)."
    )
