"""From interactions (who, what, when, how much) to impressions, by a stated rule.

An interaction counts when its weight reaches the threshold, and a user and an item count once, at their first time.
Each becomes an impression of that item alone, clicked, with what the user had before as history: what was not taken is
unknown, so nothing stands beside it. Unclicked candidates are drawn from the catalogue while a model learns, and the
whole catalogue is ranked when it is judged. Held out are each user's last item (leave-one-out) or the latest tenth of
all time (by time). Ties in time keep the order of the file. A core of n leaves out users and items with fewer than n
that count, again and again until all that are left have n.
"""

from array import array
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from recattn.data.ragged import Lists
from recattn.errors import UnknownError
from recattn.types import Impressions

LEAST_HELD_OUT = 3  # items of a user, so that after the last one is held out there is something to learn from
HISTORY = 100  # latest items before a moment that are kept with it
LATEST = 9_000_000_000  # seconds, the year 2255: what lies beyond is no time
_LATEST_SHARE = 0.1

HELD_OUT = ("leave-one-out", "time")


@dataclass(frozen=True)
class Rule:
    """How interactions become impressions.

    ``positive``: the least weight that counts; None: every interaction does. ``core``: how many every user and every
    item must have; 0: any number.
    """

    positive: float | None = None
    held_out: str = "leave-one-out"  # or "time"
    core: int = 0

    def __post_init__(self) -> None:
        if self.core < 0:
            raise UnknownError(f"A core of {self.core} was given.", "Allowed are 0 and more.", "Say for instance 5.")
        if self.held_out not in HELD_OUT:
            allowed = f"Allowed are {' and '.join(HELD_OUT)}."
            raise UnknownError(f"Interactions can't be held out by {self.held_out!r}.", allowed, "Choose one of these.")


class Interactions(NamedTuple):
    """Rows in the order of the file. Users and items are numbers; ``users`` has the names."""

    users: Shaped[np.ndarray, " user"]
    user: Int[np.ndarray, " row"]
    item: Int[np.ndarray, " row"]
    time: Shaped[np.ndarray, " row"]  # datetime64[s], NaT where unknown
    weight: Float[np.ndarray, " row"]


def summed(found: Interactions) -> Interactions:
    """The same with the weights of all of a user's interactions with an item added up, as for songs played again."""
    items = int(found.item.max()) + 1 if len(found.item) else 1
    pair = np.unique(found.user * items + found.item, return_inverse=True)[1]
    return found._replace(weight=np.bincount(pair, found.weight)[pair].astype(np.float32))


class Collecting:
    """Takes interactions in one by one and keeps them in few bytes each."""

    def __init__(self) -> None:
        self._users: dict[str, int] = {}
        self._user, self._item, self._time, self._weight = array("i"), array("i"), array("q"), array("f")

    def add(self, user: str, item: int, seconds: int, weight: float) -> None:
        """One interaction; seconds since 1970, the least number there is where the time is unknown."""
        self._user.append(self._users.setdefault(user, len(self._users)))
        self._item.append(item)
        self._time.append(seconds)
        self._weight.append(weight)

    def interactions(self) -> Interactions:
        """All that was taken in."""
        names = np.empty(len(self._users), object)
        names[:] = list(self._users)
        return Interactions(
            names,
            np.array(self._user, np.int64),
            np.array(self._item, np.int64),
            np.array(self._time, np.int64).view("datetime64[s]"),
            np.array(self._weight, np.float32),
        )


def impressions_of(found: Interactions, rule: Rule) -> tuple[dict[str, Impressions], tuple[str, ...]]:
    """The splits train and dev, and what to say about them."""
    rows, notes = _counted(found, rule)
    user = found.user[rows]
    starts = np.flatnonzero(np.concatenate(([True], user[1:] != user[:-1]))) if len(user) else np.empty(0, np.int64)
    place = np.arange(len(user)) - np.repeat(starts, np.diff(np.append(starts, len(user))))
    held_out, note = _held_out(user, place, found.time[rows], rule)
    item, time = found.item[rows], found.time[rows]
    everything = _impressions(found.users[user], item, time, place)
    order = np.argsort(time, kind="stable")
    splits = {
        "train": everything.rows(order[~held_out[order]]),
        "dev": everything.rows(order[held_out[order]]),
    }
    return {split: one for split, one in splits.items() if len(one)}, (*notes, note)


def _counted(found: Interactions, rule: Rule) -> tuple[Int[np.ndarray, " kept"], tuple[str, ...]]:
    """The rows that count, by user and then time, and what was left out."""
    order = np.lexsort((found.time, found.user))
    notes = []
    if rule.positive is not None:
        enough = found.weight[order] >= rule.positive
        notes.append(f"{int((~enough).sum()):,} interactions weigh less than {rule.positive:g} and don't count.")
        order = order[enough]
    items = int(found.item.max()) + 1 if len(found.item) else 1
    first = np.sort(np.unique(found.user[order] * items + found.item[order], return_index=True)[1])
    if len(first) < len(order):
        notes.append(f"{len(order) - len(first):,} interactions repeat an earlier one of the same user and item.")
    rows, left_out = order[first], len(first)
    rows = rows[_core(found.user[rows], found.item[rows], rule.core)]
    if rule.core:
        left_out -= len(rows)
        notes.append(f"{left_out:,} interactions of users or items with fewer than {rule.core} are left out.")
    return rows, tuple(notes)


def _core(user: Int[np.ndarray, " row"], item: Int[np.ndarray, " row"], least: int) -> Int[np.ndarray, " kept"]:
    """The rows that are left when users and items with fewer than so many have gone, until none has.

    Source: the "k-core" of the Amazon reviews, https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html.

    >>> _core(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1]), 2)
    array([0, 1, 2, 3])
    """
    rows = np.arange(len(user))
    while len(rows):
        enough = np.minimum(np.bincount(user[rows])[user[rows]], np.bincount(item[rows])[item[rows]]) >= least
        if enough.all():
            break
        rows = rows[enough]
    return rows


def _held_out(
    user: Int[np.ndarray, " row"], place: Int[np.ndarray, " row"], time: Shaped[np.ndarray, " row"], rule: Rule
) -> tuple[Bool[np.ndarray, " row"], str]:
    if rule.held_out == "time":
        moment = latest_tenth(time)
        return time >= moment, f"Held out is everything since {moment}, the latest tenth."
    last = np.concatenate((user[1:] != user[:-1], [True])) if len(user) else np.empty(0, bool)
    return last & (place >= LEAST_HELD_OUT - 1), (
        f"Held out is the last item of every user with {LEAST_HELD_OUT} or more (leave-one-out)."
    )


def latest_tenth(time: Shaped[np.ndarray, " row"]) -> np.datetime64:
    """The moment at which the latest tenth of all begins.

    Raises:
        UnknownError: when no time is known.
    """
    known = np.sort(time[~np.isnat(time)])
    if not len(known):
        raise UnknownError(
            "These interactions have no times.", "Holding out by time needs them.", "Hold out by leave-one-out."
        )
    return known[-max(1, round(_LATEST_SHARE * len(known)))]


def _impressions(
    user: Shaped[np.ndarray, " row"],
    item: Int[np.ndarray, " row"],
    time: Shaped[np.ndarray, " row"],
    place: Int[np.ndarray, " row"],
) -> Impressions:
    """An impression a row: the item alone, after the latest of the same user's items."""
    lengths = np.minimum(place, HISTORY)
    histories = Lists.of(lengths, np.empty(0, np.int64))
    within = np.arange(histories.offsets[-1]) - np.repeat(histories.offsets[:-1], lengths)
    read = np.repeat(np.arange(len(item)) - lengths, lengths) + within
    ids = np.empty(len(item), object)
    ids[:] = [str(number) for number in range(len(item))]
    return Impressions(
        impression_id=ids,
        user_id=user,
        time=time,
        history_offsets=histories.offsets,
        history=item[read].astype(np.int32),
        candidate_offsets=np.arange(len(item) + 1),
        candidates=item.astype(np.int32),
        labels=np.ones(len(item), np.int8),
    )


def seconds(text: str) -> int:
    """Seconds since 1970 of a number (milliseconds are noticed), or of an ISO time.

    >>> seconds("964982703"), seconds("1588687728923"), seconds("2000-07-30T18:45:03")
    (964982703, 1588687728, 964982703)

    Raises:
        ValueError: when it is neither, or beyond the year 2255.
    """
    if text.lstrip("-").isdecimal():
        value = int(text)
        value = value // 1000 if abs(value) >= 10**11 else value
        if abs(value) > LATEST:
            raise ValueError(f"{text} lies beyond the year 2255")
        return value
    return int(
        np.datetime64(text.strip().removesuffix("Z").removesuffix(" UTC").replace(" ", "T"), "s").astype(np.int64)
    )
