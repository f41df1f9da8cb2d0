"""How alike two weightings of the same clicks are, and how well one finds those that are known to matter."""

import numpy as np
from jaxtyping import Bool, Float

from recattn.types import Array

TOP = 3  # clicks that a person looks at first


def spearman(first: Float[Array, " click"], second: Float[Array, " click"]) -> float:
    """The correlation of ranks, ties at their mean rank; NaN where one of them ties all.

    >>> round(spearman(np.array([1.0, 2.0, 9.0]), np.array([3.0, 2.0, 1.0])), 6)
    -1.0
    """
    one, other = (_centred_ranks(values) for values in (first, second))
    lengths = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / lengths if lengths else float("nan")


def top_overlap(first: Float[Array, " click"], second: Float[Array, " click"], k: int = TOP) -> float:
    """The share of the k heaviest that both have in common.

    >>> top_overlap(np.array([4.0, 3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0]), 2)
    0.0
    """
    k = min(k, len(first))
    tops = [set(np.argsort(values, kind="stable")[len(values) - k :].tolist()) for values in (first, second)]
    return len(tops[0] & tops[1]) / k if k else float("nan")


def auc(weights: Float[Array, " click"], causes: Bool[Array, " click"]) -> float:
    """The share of (cause, other click) pairs in which the cause weighs more, ties half; NaN without both.

    >>> auc(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]))
    0.5
    """
    above = np.sign(weights[causes][:, None] - weights[~causes])
    return float((above.mean() + 1) / 2) if above.size else float("nan")


def recall_at(weights: Float[Array, " click"], causes: Bool[Array, " click"], k: int) -> float:
    """The share of the causes that are among the k heaviest; NaN without causes.

    >>> recall_at(np.array([3.0, 2.0, 1.0]), np.array([True, False, True]), 1)
    0.5
    """
    top = np.argsort(weights, kind="stable")[max(0, len(weights) - k) :]
    return float(causes[top].sum() / causes.sum()) if causes.any() else float("nan")


def _centred_ranks(values: Float[Array, " click"]) -> Float[Array, " click"]:
    """Ranks less their mean: half of how many are smaller less how many are larger."""
    return np.sign(values[:, None] - values).sum(axis=1) / 2
