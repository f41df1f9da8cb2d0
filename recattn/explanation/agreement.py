"""How far a view of the history agrees with what really happens when a click is hidden."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from recattn.explanation.methods import METHODS
from recattn.explanation.removing import leave_one_out
from recattn.types import Array, Prediction

TOP = 3


@dataclass(frozen=True)
class Agreement:
    """Rank correlation of two weightings of the clicks, and the share of the top three they have in common.

    ``spearman`` is NaN where one of them gives all clicks the same weight or there are fewer than two.
    """

    spearman: float
    top3: float


@dataclass(frozen=True)
class Badge:
    """How far to believe one view of one prediction, beside two yardsticks that know nothing of the model."""

    view: Agreement
    cosine: Agreement
    random: Agreement  # what any order reaches on average


def badge(prediction: Prediction, method: str) -> Badge:
    """The agreement of a method with leave-one-out for this very history and item."""
    entry, effect = METHODS[method], leave_one_out(prediction)
    n = len(prediction.items)
    return Badge(
        agreement(entry.function(prediction), effect, entry.signed),
        agreement(prediction.similarity, effect, entry.signed),
        Agreement(0.0, min(1.0, TOP / n) if n else float("nan")),
    )


def agreement(weights: Float[Array, " click"], effect: Float[Array, " click"], signed: bool) -> Agreement:
    """The agreement of a weighting with the effects of hiding each click.

    A view without signs says how much a click matters, not which way: it is compared with the size of the effect.
    """
    wanted = effect if signed else np.abs(effect)
    return Agreement(spearman(weights, wanted), top_overlap(weights, wanted, TOP))


def spearman(first: Float[Array, " click"], second: Float[Array, " click"]) -> float:
    """The correlation of ranks; tied values share the mean of their ranks.

    >>> round(spearman(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.2, 0.3])), 6)
    1.0
    """
    ranks = np.stack([_ranks(first), _ranks(second)])
    away = ranks - ranks.mean(axis=1, keepdims=True) if len(first) else ranks
    lengths = np.sqrt((away**2).sum(axis=1))
    return float(away[0] @ away[1] / lengths.prod()) if lengths.all() else float("nan")


def top_overlap(first: Float[Array, " click"], second: Float[Array, " click"], k: int) -> float:
    """The share of the k largest that both have in common; of equal values the later click comes first.

    >>> round(top_overlap(np.array([3.0, 2.0, 1.0, 0.0]), np.array([0.0, 3.0, 2.0, 1.0]), 3), 2)
    0.67
    """
    k = min(k, len(first))
    tops = [set(np.argsort(values, kind="stable")[len(values) - k :].tolist()) for values in (first, second)]
    return len(tops[0] & tops[1]) / k if k else float("nan")


def _ranks(values: Float[Array, " click"]) -> Float[Array, " click"]:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
