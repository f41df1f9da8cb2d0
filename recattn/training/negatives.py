"""Unclicked items beside a click: those shown with it, or drawn from the whole catalogue.

What was taken says nothing of what was left (interactions instead of impressions) when every candidate was clicked:
then any other item stands in for what was left. A drawn item is never one that this person took in the training data
or had in the history. Items of a row may repeat.

Source: uniform negatives after Rendle et al. 2009 (BPR), https://arxiv.org/abs/1205.2618; hundreds of them a click
after Klenitskiy and Vasilev 2023, https://arxiv.org/abs/2309.07602. We differ: drawn by popularity, every item counts
one click more than it has, so that each can be drawn.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from recattn.types import Impressions

NEGATIVE_SAMPLING = ("shown", "uniform", "popularity")
_TRIES = 8  # draws at once for all; what is then still taken is drawn one row at a time from what is free


def sampling_used(wanted: str, impressions: Impressions) -> str:
    """How negatives are drawn: as wanted, but uniformly where nothing was shown beside the clicks."""
    return "uniform" if wanted == "shown" and impressions.positives_only else wanted


class Negatives:
    """Draws items that were not taken.

    Args:
        impressions: to learn from; what people clicked and had there is never drawn for them.
        n_items: in the catalogue.
        by_popularity: in proportion to clicks instead of uniformly.
    """

    def __init__(self, impressions: Impressions, n_items: int, by_popularity: bool) -> None:
        self.impressions, self.n_items = impressions, n_items
        self._user = np.unique(impressions.user_id, return_inverse=True)[1]
        clicked, owner = impressions.clicked()
        self._taken = np.unique(np.concatenate([self._keys(self._user[owner], clicked), self._last_histories()]))
        clicks = np.bincount(clicked, minlength=n_items) + 1.0
        self._cumulative: Float[np.ndarray, " item"] | None = np.cumsum(clicks) if by_popularity else None

    @property
    def able(self) -> Bool[np.ndarray, " impression"]:
        """Impressions of people who left something to be drawn."""
        taken = np.bincount(self._taken // self.n_items, minlength=int(self._user.max(initial=-1)) + 1)
        return taken[self._user] < self.n_items

    def draw(
        self, rows: Int[np.ndarray, " batch"], count: int, rng: np.random.Generator
    ) -> Int[np.ndarray, "batch negative"]:
        """Items for some impressions, each of which is able."""
        user, own = self._user[rows], self._own(rows)
        drawn = self._any((len(rows), count), rng)
        for _ in range(_TRIES):
            row, place = np.nonzero(self._forbidden(self._keys(user[:, None], drawn), own))
            if not len(row):
                return drawn
            drawn[row, place] = self._any(row.shape, rng)
        again = self._forbidden(self._keys(user[:, None], drawn), own)
        for left in np.flatnonzero(again.any(axis=1)):
            drawn[left, again[left]] = rng.choice(self._free(user[left : left + 1], own), int(again[left].sum()))
        return drawn

    def _any(self, shape: tuple[int, ...], rng: np.random.Generator) -> Int[np.ndarray, "..."]:
        if self._cumulative is None:
            return rng.integers(0, self.n_items, shape)
        return np.searchsorted(self._cumulative, rng.random(shape) * self._cumulative[-1], side="right")

    def _free(self, user: Int[np.ndarray, "1"], own: Int[np.ndarray, " key"]) -> Int[np.ndarray, " item"]:
        """Items that a person neither took nor had in the history; all that were not taken where that is none."""
        keys = self._keys(user, np.arange(self.n_items))
        free = np.flatnonzero(~self._forbidden(keys, own))
        return free if len(free) else np.flatnonzero(~_among(keys, self._taken))

    def _forbidden(self, keys: Int[np.ndarray, "*drawn"], own: Int[np.ndarray, " key"]) -> Bool[np.ndarray, "*drawn"]:
        return _among(keys, self._taken) | _among(keys, own)

    def _own(self, rows: Int[np.ndarray, " batch"]) -> Int[np.ndarray, " key"]:
        """What the people of some impressions had before them."""
        chosen = self.impressions.rows(rows)
        owner = np.repeat(self._user[rows], np.diff(chosen.history_offsets))
        return np.unique(self._keys(owner, chosen.history))

    def _last_histories(self) -> Int[np.ndarray, " key"]:
        """The history of each person's last impression: more than was clicked, where the data begin in between."""
        last = np.full(int(self._user.max(initial=-1)) + 1, -1)
        last[self._user] = np.arange(len(self._user))
        return self._own(last)

    def _keys(self, user: Int[np.ndarray, "*#shape"], item: Int[np.ndarray, "*#shape"]) -> Int[np.ndarray, "*shape"]:
        """One number for a person and an item."""
        return user * np.int64(self.n_items) + item


def _among(keys: Int[np.ndarray, "*shape"], known: Int[np.ndarray, " key"]) -> Bool[np.ndarray, "*shape"]:
    """Whether each key is in a sorted array."""
    if not len(known):
        return np.zeros(keys.shape, bool)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return known[at] == keys
