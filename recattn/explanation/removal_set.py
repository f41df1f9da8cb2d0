"""The fewest clicks whose removal takes an item out of the top N (or below another item)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
from jaxtyping import Bool, Float

from recattn.types import Array

LARGEST_SEARCHED = 3
_PER_QUESTION = 512

Margin = Callable[[Bool[Array, "subset click"]], Float[Array, " subset"]]


@dataclass(frozen=True)
class RemovalSet:
    """What a search found."""

    clicks: tuple[int, ...] | None  # places in the history, () when the item is out anyway; None when none was found
    searched_up_to: int  # no set of up to this size does it, except the one found: all were tried

    @property
    def smallest(self) -> bool:
        """Whether it is proven that no smaller set does it."""
        return self.clicks is not None and len(self.clicks) <= self.searched_up_to + 1


def smallest_removal_set(
    margin: Margin, n_clicks: int, largest: int = LARGEST_SEARCHED, seconds: float = 2.0
) -> RemovalSet:
    """All sets of one click, of two and of three are tried; beyond that, or when time is up, a greedy search answers.

    Args:
        margin: from kept clicks to how far the item is above the threshold; at 0 or below it is out.
        n_clicks: of the history.
        largest: size up to which all sets are tried.
        seconds: limit of the whole search; it decides how far the proof goes, never whether what is found is true.
    """
    end = time.monotonic() + seconds
    if margin(np.ones((1, n_clicks), dtype=bool))[0] <= 0:
        return RemovalSet((), 0)
    found = _greedy(margin, n_clicks, end)
    searched = 0
    for size in range(1, min(largest, n_clicks if found is None else len(found) - 1) + 1):
        smaller, finished = _exhaustive(margin, n_clicks, size, end)
        if smaller is not None:
            return RemovalSet(smaller, size - 1)
        if not finished:
            break
        searched = size
    return RemovalSet(found, searched)


def _greedy(margin: Margin, n_clicks: int, end: float) -> tuple[int, ...] | None:
    """Clicks hidden one after the other, each time the one after which the item stands lowest."""
    hidden: list[int] = []
    while len(hidden) < n_clicks and (not hidden or time.monotonic() < end):
        left = [click for click in range(n_clicks) if click not in hidden]
        margins = margin(_without([(*hidden, click) for click in left], n_clicks))
        hidden.append(left[int(margins.argmin())])
        if margins.min() <= 0:
            return tuple(sorted(hidden))
    return None


def _exhaustive(margin: Margin, n_clicks: int, size: int, end: float) -> tuple[tuple[int, ...] | None, bool]:
    """The set of this size after whose removal the item stands lowest, if it is out; and whether all were tried."""
    best: tuple[float, tuple[int, ...] | None] = (0.0, None)
    for sets in _parts(combinations(range(n_clicks), size)):
        if time.monotonic() >= end:
            return best[1], False
        margins = margin(_without(sets, n_clicks))
        lowest = int(margins.argmin())
        if margins[lowest] < best[0] or (best[1] is None and margins[lowest] <= 0):
            best = (float(margins[lowest]), sets[lowest])
    return best[1], True


def _parts(sets: Iterator[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
    while part := list(islice(sets, _PER_QUESTION)):
        yield part


def _without(sets: list[tuple[int, ...]], n_clicks: int) -> Bool[Array, "subset click"]:
    keep = np.ones((len(sets), n_clicks), dtype=bool)
    keep[np.arange(len(sets))[:, None], np.array(sets)] = False
    return keep
