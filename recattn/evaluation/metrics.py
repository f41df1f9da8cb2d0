"""The ranking metrics of MIND for many impressions at once.

Source: MIND's evaluation script (Wu et al. 2020, https://aclanthology.org/2020.acl-main.331,
https://github.com/msnews/MIND). We differ in ties, which it breaks by the order of the file: here every metric is
its expected value over all orders of the tied candidates. For AUC that counts a tie as half, and it is what
scikit-learn's ``roc_auc_score`` and ``ndcg_score`` give.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

CUTOFFS = (5, 10)


def impression_metrics(
    scores: Float[np.ndarray, " candidate"],
    labels: Int[np.ndarray, " candidate"],
    offsets: Int[np.ndarray, " impression_plus_1"],
) -> dict[str, Float[np.ndarray, " impression"]]:
    """AUC, MRR, nDCG@5 and nDCG@10 of each impression; NaN where one is not defined.

    AUC needs a clicked and an unclicked candidate, the others a clicked one. MRR is MIND's: the mean of 1/rank over
    all clicked candidates. A score that is NaN ranks last.

    Args:
        scores: of all candidates of all impressions, flat; larger is better.
        labels: 1 = clicked, 0 = not.
        offsets: where each impression begins, and the end of the last.

    >>> metrics = impression_metrics(np.array([3.0, 2.0, 1.0]), np.array([0, 1, 0]), np.array([0, 3]))
    >>> {name: values.round(3).tolist() for name, values in metrics.items()}
    {'auc': [0.5], 'mrr': [0.5], 'ndcg@5': [0.631], 'ndcg@10': [0.631]}
    """
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    worst_last = np.where(np.isnan(scores), -np.inf, scores)
    order = np.lexsort((-worst_last, owner))
    owner, clicked = owner[order], labels[order].astype(float)
    rank = np.arange(1.0, len(order) + 1) - offsets[owner]
    ties = _ties(worst_last[order], owner)

    def per_impression(of_candidate: Float[np.ndarray, " candidate"]) -> Float[np.ndarray, " impression"]:
        return np.bincount(owner, of_candidate, minlength=len(offsets) - 1).astype(float)

    n_clicked = per_impression(clicked)

    def summed(weight_of_rank: Float[np.ndarray, " candidate"]) -> Float[np.ndarray, " impression"]:
        """The weight of its rank, expected over the orders of ties, summed over the clicked of each impression."""
        expected = (np.bincount(ties, weight_of_rank) / np.maximum(np.bincount(ties), 1))[ties]
        return per_impression(expected * clicked)

    with np.errstate(invalid="ignore", divide="ignore"):
        n_unclicked = np.diff(offsets) - n_clicked
        better = summed(np.diff(offsets)[owner] - rank) - n_clicked * (n_clicked - 1) / 2  # (clicked, other) pairs
        return {
            "auc": better / (n_clicked * n_unclicked),
            "mrr": summed(1.0 / rank) / n_clicked,
            **{f"ndcg@{k}": _ndcg(summed, rank, n_clicked, k) for k in CUTOFFS},
        }


def _ties(
    scores: Float[np.ndarray, " candidate"], owner: Int[np.ndarray, " candidate"]
) -> Int[np.ndarray, " candidate"]:
    """Numbers from 0 that are equal for candidates of one impression with the same score (both sorted)."""
    new = (scores[1:] != scores[:-1]) | (owner[1:] != owner[:-1])
    return np.concatenate(([0], np.cumsum(new)))[: len(scores)]


def _ndcg(
    summed: Callable[[Float[np.ndarray, " candidate"]], Float[np.ndarray, " impression"]],
    rank: Float[np.ndarray, " candidate"],
    n_clicked: Float[np.ndarray, " impression"],
    k: int,
) -> Float[np.ndarray, " impression"]:
    """Discounted gain of the first k over that of the best order; a click gains 1."""
    discount = 1 / np.log2(np.arange(k) + 2)
    best = np.concatenate(([0], np.cumsum(discount)))[np.minimum(n_clicked, k).astype(int)]
    return summed(np.where(rank <= k, 1 / np.log2(rank + 1), 0.0)) / best
