"""What was known of items at a moment: how often each was clicked, how often lately, and how long it had been there."""

import numpy as np
from jaxtyping import Float, Int, Shaped

from recattn.types import Impressions, Past

_LATELY = 5  # one in so many of all clicks until then counts as late
_EVER = np.iinfo(np.int64).max


class ItemFacts:
    """Answers for any moment as a live system could, from what came before it; all 0 where times are unknown.

    Clicks of splits that are judged count as soon as they are past: of an impression itself nothing is known, nor of
    any at the same second or later. Frozen at the end of training they would say of each new item that nobody wants it.

    Args:
        past: of all splits; an item is there since it was first shown or in a history.
    """

    def __init__(self, past: Past) -> None:
        timed = ~np.isnat(past.times)
        items, times = past.items[timed], past.times[timed]
        order = np.argsort(times, kind="stable")
        self._times: Int[np.ndarray, " click"] = _seconds(times[order])
        # Each item's clicks by their place among all clicks, all in one sorted array.
        self._keys = np.sort(self._key(items[order], np.arange(len(order))))
        self._starts = np.searchsorted(self._keys, self._key(np.arange(len(past.first_seen)), 0))
        self._first = np.where(np.isnat(past.first_seen), _EVER, _seconds(past.first_seen))
        self._now = past.last_seen + np.timedelta64(1, "s")

    def at(
        self, items: Int[np.ndarray, "*shape"], times: Shaped[np.ndarray, "*shape"]
    ) -> Float[np.ndarray, "*shape fact"]:
        """Logarithms of 1 more than: clicks before, those among the latest fifth of all clicks, hours since first seen.

        Args:
            items: rows of the catalogue.
            times: the moment of each, datetime64[s]; where NaT all is 0.
        """
        known = ~np.isnat(times)
        seconds = np.where(known, _seconds(times), 0)
        before = np.searchsorted(self._times, seconds)  # clicks of anybody on anything
        until = np.searchsorted(self._keys, self._key(items, before))
        ever = until - self._starts[items]
        lately = until - np.searchsorted(self._keys, self._key(items, before - before // _LATELY))
        hours = (seconds - np.minimum(self._first[items], seconds)) / 3600
        return (np.log1p(np.stack([ever, lately, hours], axis=-1)) * known[..., None]).astype(np.float32)

    def of_all(self, impressions: Impressions) -> Float[np.ndarray, "impression item fact"]:
        """Those of the whole catalogue at the moment of each impression; for not too many at once."""
        shape = (len(impressions), len(self._first))
        return self.at(np.broadcast_to(np.arange(shape[1]), shape), np.broadcast_to(impressions.time[:, None], shape))

    def now(self) -> Float[np.ndarray, "item fact"]:
        """Those of all items after everything that is known."""
        return self.at(np.arange(len(self._first)), np.full(len(self._first), self._now))

    def _key(self, items: Int[np.ndarray, "*shape"], place: Int[np.ndarray, "*#shape"] | int) -> Int[np.ndarray, "..."]:
        return items.astype(np.int64) * (len(self._times) + 1) + place


def _seconds(times: Shaped[np.ndarray, "*shape"]) -> Int[np.ndarray, "*shape"]:
    return times.astype("datetime64[s]").astype(np.int64)
