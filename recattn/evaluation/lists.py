"""What lists of recommendations are like beyond whether they hit, and re-ranking for lists that are less alike.

A list is a row of item numbers, best first. A new metric is a function and an entry of ``LIST_METRICS``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from recattn.language import phrase

_SMOOTHING = 0.01  # Steck's alpha: a category of the history that is never recommended costs much, not infinitely


@dataclass(frozen=True)
class Surroundings:
    """What is known about items and readers besides the scores.

    ``clicks`` counts the training clicks of each item, ``vectors`` are of length 1, ``category`` numbers from 0, and
    ``histories`` are the item numbers each person read.
    """

    clicks: Int[np.ndarray, " item"]
    vectors: Float[np.ndarray, "item text_dim"]
    category: Int[np.ndarray, " item"]
    histories: tuple[Int[np.ndarray, " _"], ...]


Lists = Int[np.ndarray, "user rank"]


def novelty(lists: Lists, known: Surroundings) -> Float[np.ndarray, " user"]:
    """How surprising the recommended items are: minus log2 of an item's share of all clicks, mean over the list.

    Source: Zhou et al. 2010, "Solving the apparent diversity-accuracy dilemma of recommender systems",
    https://doi.org/10.1073/pnas.1000488107 (self-information). We differ: one click is added to every item.
    """
    share = (known.clicks + 1) / (known.clicks + 1).sum()
    return -np.log2(share)[lists].mean(axis=1)


def intra_list_diversity(lists: Lists, known: Surroundings) -> Float[np.ndarray, " user"]:
    """How unlike the recommended items are: 1 - cosine of the texts, mean over all pairs of the list.

    Source: Ziegler et al. 2005, "Improving recommendation lists through topic diversification",
    https://doi.org/10.1145/1060745.1060754. We differ: distances of text vectors, not of a taxonomy.
    """
    chosen = known.vectors[lists]
    n = lists.shape[1]
    if n < 2:
        return np.full(len(lists), np.nan)
    alike = np.einsum("urd,usd->u", chosen, chosen) - np.einsum("urd,urd->u", chosen, chosen)
    return 1 - alike / (n * (n - 1))


def popularity_lift(lists: Lists, known: Surroundings) -> Float[np.ndarray, " user"]:
    """How much more popular recommendations are than what the person reads: the ratio of mean clicks, less 1.

    Source: Abdollahpouri et al. 2020, "The connection between popularity bias, calibration, and fairness in
    recommendation", https://doi.org/10.1145/3383313.3418487. We differ: one click is added to every item.
    """
    popular = known.clicks + 1.0
    read = np.array([popular[history].mean() if len(history) else np.nan for history in known.histories])
    return popular[lists].mean(axis=1) / read - 1


def miscalibration(lists: Lists, known: Surroundings) -> Float[np.ndarray, " user"]:
    """How far the categories of the list are from those of the history: Kullback-Leibler divergence in nats.

    Source: Steck 2018, "Calibrated recommendations", https://doi.org/10.1145/3240323.3240372 (alpha 0.01, no weights).
    """
    return np.array(
        [_divergence(known.category[history], known.category[row]) for history, row in _pairs(lists, known)]
    )


def _pairs(lists: Lists, known: Surroundings) -> list[tuple[Int[np.ndarray, " _"], Int[np.ndarray, " rank"]]]:
    return list(zip(known.histories, lists, strict=True))


def _divergence(read: Int[np.ndarray, " click"], shown: Int[np.ndarray, " rank"]) -> float:
    if not len(read):
        return float("nan")
    size = int(max(read.max(), shown.max())) + 1
    p, q = np.bincount(read, minlength=size) / len(read), np.bincount(shown, minlength=size) / len(shown)
    q = (1 - _SMOOTHING) * q + _SMOOTHING * p
    there = p > 0
    return float((p[there] * np.log(p[there] / q[there])).sum())


def coverage(lists: Lists, items: int) -> float:
    """The share of the catalogue that is recommended to anybody at all.

    Source: Ge et al. 2010, "Beyond accuracy", https://doi.org/10.1145/1864708.1864761 (catalogue coverage).

    >>> coverage(np.array([[0, 1], [1, 2]]), 6)
    0.5
    """
    return len(np.unique(lists)) / items


def concentration(lists: Lists, items: int) -> float:
    """The Gini coefficient of how often items are recommended: 0 all alike, 1 all lists the same item.

    Source: Fleder and Hosanagar 2009, "Blockbuster culture's next rise or fall",
    https://doi.org/10.1287/mnsc.1080.0974.

    >>> concentration(np.array([[0, 1], [2, 3]]), 4)
    0.0
    """
    counts = np.sort(np.bincount(lists.ravel(), minlength=items))
    return float(((2 * np.arange(1, items + 1) - items - 1) * counts).sum() / (items * counts.sum()))


@dataclass(frozen=True)
class ListMetric:
    """A metric of each person's list, and what to know about it. ``higher_is_better`` is None where neither is."""

    title: str
    hint: str
    higher_is_better: bool | None
    measure: Callable[[Lists, Surroundings], Float[np.ndarray, " user"]]


LIST_METRICS: Mapping[str, ListMetric] = {
    "novelty": ListMetric(
        phrase("Novelty"), phrase("How rarely clicked the recommended {items} are, in bits"), None, novelty
    ),
    "diversity": ListMetric(
        phrase("Diversity"),
        phrase("How unlike the {items} of one list are: 0 the same text, 1 unrelated"),
        None,
        intra_list_diversity,
    ),
    "popularity_lift": ListMetric(
        phrase("Popularity lift"),
        phrase("How much more clicked recommendations are than what was {read} before: 0 as much, 1 twice as much"),
        False,
        popularity_lift,
    ),
    "miscalibration": ListMetric(
        phrase("Miscalibration"),
        phrase("How far the list's {categories} are from the history's: 0 the same shares"),
        False,
        miscalibration,
    ),
}


def mmr(
    scores: Float[np.ndarray, " candidate"],
    vectors: Float[np.ndarray, "candidate text_dim"],
    n: int,
    diversity: float,
) -> Int[np.ndarray, " chosen"]:
    """The places of n candidates, chosen one by one for a high score and for being unlike those chosen before.

    Args:
        scores: larger is better; they are spread over 0 to 1 first.
        vectors: of length 1.
        n: how many at most.
        diversity: the weight of being unlike, 0 (the order of the scores) to 1.

    Source: Carbonell and Goldstein 1998, "The use of MMR", https://doi.org/10.1145/290941.291025.

    >>> alike = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> mmr(np.array([3.0, 2.9, 1.0]), alike, 2, 0.0).tolist(), mmr(np.array([3.0, 2.9, 1.0]), alike, 2, 0.6).tolist()
    ([0, 1], [0, 2])
    """
    spread = float(np.ptp(scores)) or 1.0
    worth = (1 - diversity) * (scores - scores.min()) / spread
    nearest = np.zeros(len(scores))
    chosen: list[int] = []
    for _ in range(min(n, len(scores))):
        best = int(np.argmax(worth - diversity * nearest))
        chosen.append(best)
        worth[best] = -np.inf
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return np.array(chosen, dtype=np.int64)


def unit(vectors: Float[np.ndarray, "item dim"]) -> Float[np.ndarray, "item dim"]:
    """Each vector at length 1; one of zeros stays."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-12)


def codes(names: list[str]) -> Int[np.ndarray, " item"]:
    """Numbers from 0 for names, equal for equal names."""
    found: Shaped[np.ndarray, " item"] = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)[1]
    return found
