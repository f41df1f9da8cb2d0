"""Scores that need no training, on the same impressions: what a model has to beat.

A new baseline is one function ``Evidence -> flat scores`` and one line in ``BASELINES``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped

from recattn.evaluation.full_ranking import Scorer
from recattn.evaluation.neighbours import Neighbours
from recattn.types import Impressions

RECENT_SHARE = 0.2  # "recent" is this share of the latest clicks
_SEED = 0


class Evidence(NamedTuple):
    """What a baseline may look at."""

    impressions: Impressions
    vectors: Float[np.ndarray, "item dim"]  # of the texts
    click_items: Int[np.ndarray, " click"]  # of the training data, rows of ``vectors``
    click_times: Shaped[np.ndarray, " click"]


def random(evidence: Evidence) -> Float[np.ndarray, " candidate"]:
    """Any order is as good as another (the same one each time)."""
    return np.random.default_rng(_SEED).random(len(evidence.impressions.candidates))


def popularity(evidence: Evidence) -> Float[np.ndarray, " candidate"]:
    """Clicks on the candidate in the training data."""
    clicks = np.bincount(evidence.click_items, minlength=len(evidence.vectors))
    return clicks[evidence.impressions.candidates].astype(float)


def recent_popularity(evidence: Evidence) -> Float[np.ndarray, " candidate"]:
    """Clicks on the candidate in the latest fifth of the training clicks."""
    clicks = recent_clicks(evidence.click_items, evidence.click_times, len(evidence.vectors))
    return clicks[evidence.impressions.candidates].astype(float)


def cosine_mean(evidence: Evidence) -> Float[np.ndarray, " candidate"]:
    """Mean cosine of the candidate with what was read: orders as the cosine to the mean of the history."""
    return _over_history(evidence, lambda cosines: cosines.mean(axis=0))


def cosine_max(evidence: Evidence) -> Float[np.ndarray, " candidate"]:
    """Cosine of the candidate with the one click that is most like it."""
    return _over_history(evidence, lambda cosines: cosines.max(axis=0))


BASELINES: Mapping[str, Callable[[Evidence], Float[np.ndarray, " candidate"]]] = MappingProxyType(
    {baseline.__name__: baseline for baseline in (random, popularity, recent_popularity, cosine_mean, cosine_max)}
)


def catalogue_baselines(vectors: Float[np.ndarray, "item dim"], train: Impressions) -> dict[str, Scorer]:
    """The same scores for every item of the catalogue, and `Neighbours`; for interactions.

    All items alike stand for any order: their expected metrics are those of chance.
    """
    items, owner = train.clicked()
    neighbours = Neighbours(train.user_id[owner], items, len(vectors))

    def over_all(baseline: Callable[[Evidence], Float[np.ndarray, " candidate"]]) -> Scorer:
        return lambda some: baseline(
            Evidence(_with_all_candidates(some, len(vectors)), vectors, items, train.time[owner])
        ).reshape(len(some), len(vectors))

    return {
        **{name: over_all(baseline) for name, baseline in BASELINES.items()},
        random.__name__: lambda some: np.zeros((len(some), len(vectors))),
        "item_knn": neighbours.scores,
    }


def _with_all_candidates(some: Impressions, n_items: int) -> Impressions:
    return replace(
        some,
        candidate_offsets=np.arange(len(some) + 1) * n_items,
        candidates=np.tile(np.arange(n_items), len(some)),
        labels=None,
    )


def recent_clicks(
    items: Int[np.ndarray, " click"], times: Shaped[np.ndarray, " click"], n_items: int
) -> Int[np.ndarray, " item"]:
    """Clicks on each item among the latest fifth of all clicks; unknown times count as the earliest.

    Without any times the clicks are taken to be in order.
    """
    known_last = np.lexsort((times, ~np.isnat(times)))
    latest = items[known_last][-max(1, round(len(items) * RECENT_SHARE)) :]
    return np.bincount(latest, minlength=n_items)


def _over_history(
    evidence: Evidence, reduced: Callable[[Float[np.ndarray, "click shown"]], Float[np.ndarray, " shown"]]
) -> Float[np.ndarray, " candidate"]:
    """The cosines of each impression's clicks with its candidates, reduced over the clicks; 0 without a history."""
    lengths = np.linalg.norm(evidence.vectors, axis=1, keepdims=True)
    units = evidence.vectors / np.where(lengths > 0, lengths, 1.0)
    shown = evidence.impressions
    scores = np.zeros(len(shown.candidates))
    for (start, end), (first, last) in zip(
        pairwise(shown.history_offsets.tolist()), pairwise(shown.candidate_offsets.tolist()), strict=True
    ):
        if end > start and last > first:
            cosines = units[shown.history[start:end]] @ units[shown.candidates[first:last]].T
            scores[first:last] = reduced(cosines)
    return scores
