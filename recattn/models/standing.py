"""Where one item stands among others, asked for many patterns of kept clicks."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.models.asking import Asking

_SCORES_PER_PART = 1 << 22  # bounds the memory of scores of many patterns x the whole catalogue


class Standing:
    """One item among others.

    Args:
        asking: the history.
        items: the item itself, then all others, as the model compares them.
        deleted: whether clicks that are not kept count as never read; otherwise they are hidden in their place.
    """

    def __init__(self, asking: Asking, items: Float[Tensor, "item width"], deleted: bool) -> None:
        self.items, self.ask = items, asking.deleted if deleted else asking.masked

    def margins(self, keep: Bool[np.ndarray, "subset click"], n: int) -> Float[np.ndarray, " subset"]:
        """How far the item's score is above the n-th best other's; infinite where there are fewer others."""
        return np.concatenate([scores[:, 0] - _nth_largest(scores[:, 1:], n) for scores in self._scores(keep)])

    def ranks(self, keep: Bool[np.ndarray, "subset click"]) -> Int[np.ndarray, " subset"]:
        """The item's place; 1 is best, ties count as better."""
        return np.concatenate([(scores[:, 1:] >= scores[:, :1]).sum(axis=1) + 1 for scores in self._scores(keep)])

    def _scores(self, keep: Bool[np.ndarray, "subset click"]) -> Iterator[Float[np.ndarray, "part item"]]:
        for part in np.array_split(keep, len(keep) * len(self.items) // _SCORES_PER_PART + 1):
            yield self.ask(part, self.items)


def _nth_largest(scores: Float[np.ndarray, "part other"], n: int) -> Float[np.ndarray, " part"]:
    if n > scores.shape[1]:
        return np.full(len(scores), -np.inf)
    return -np.partition(-scores, n - 1, axis=1)[:, n - 1]
