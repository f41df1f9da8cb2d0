"""What a model's lists are like beyond accuracy, and what more different lists would cost in accuracy."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from recattn.evaluation.bootstrap import bootstrap_difference, bootstrap_mean
from recattn.evaluation.full_ranking import full_ranking_metrics
from recattn.evaluation.lists import LIST_METRICS, Surroundings, codes, concentration, coverage, mmr, unit
from recattn.evaluation.metrics import impression_metrics
from recattn.trust.faithfulness import sampled_users
from recattn.trust.heads import labelled
from recattn.trust.records import read_json, row_of
from recattn.types import Impressions, Interval, Report, User, silent

if TYPE_CHECKING:
    from recattn.recommender import Recommender

LISTS = "lists.json"
METRIC = "ndcg@10"
DIVERSITIES = (0.0, 0.1, 0.3, 0.5)
LENGTH = 10
_POOL = 10  # candidates a place, as for recommendations
_IMPRESSIONS = 1000  # ranked once more for each diversity


@dataclass(frozen=True)
class Setting:
    """The lists of all people at one diversity."""

    diversity: float
    metrics: Mapping[str, Interval]  # see LIST_METRICS
    coverage: float
    concentration: float
    cost: Interval | None  # what ranking by the scores alone has more in nDCG@10; None without labels


@dataclass(frozen=True)
class ListsRecord:
    """What was measured for a run."""

    run: str
    dataset: str
    users: int
    impressions: int
    length: int
    seed: int
    settings: tuple[Setting, ...]


def judge_lists(recommender: "Recommender", users: int = 500, seed: int = 0, report: Report = silent) -> ListsRecord:
    """The top 10 of people drawn by chance at each diversity; the same seed gives the same figures.

    Args:
        recommender: whose lists they are.
        users: how many people, fewer where there are fewer.
        seed: of the draw.
        report: hears of phase "lists"; may raise Cancelled.
    """
    sample = sampled_users(recommender, users, seed)
    known = _surroundings(recommender, sample)
    impressions = labelled(recommender, seed, _IMPRESSIONS)
    settings = []
    for at, diversity in enumerate(DIVERSITIES):
        report("lists", at, len(DIVERSITIES))
        settings.append(_setting(recommender, sample, known, impressions, diversity))
    return ListsRecord(
        recommender.folder.name,
        recommender.dataset.name,
        len(sample),
        0 if impressions is None else len(impressions),
        LENGTH,
        seed,
        tuple(settings),
    )


def _surroundings(recommender: "Recommender", sample: list[User]) -> Surroundings:
    dataset, vectors = recommender.dataset, recommender.vectors
    read = [dataset.index(user.history) for user in sample]
    return Surroundings(
        np.bincount(dataset.clicks("train")[0], minlength=len(vectors)),
        unit(vectors),
        codes(dataset.items()["category"].tolist()),
        tuple(rows[rows >= 0] for rows in read),
    )


def _setting(
    recommender: "Recommender",
    sample: list[User],
    known: Surroundings,
    impressions: Impressions | None,
    diversity: float,
) -> Setting:
    length = min(LENGTH, len(known.clicks) - max(len(set(rows.tolist())) for rows in known.histories))
    lists = np.stack(
        [
            recommender.dataset.index(
                [one.item_id for one in recommender.recommend(user.history, length, diversity=diversity)]
            )
            for user in sample
        ]
    )
    people = np.arange(len(sample))
    return Setting(
        diversity,
        {name: bootstrap_mean(metric.measure(lists, known), people) for name, metric in LIST_METRICS.items()},
        coverage(lists, len(known.clicks)),
        concentration(lists, len(known.clicks)),
        None if impressions is None else _cost(recommender, impressions, known.vectors, diversity),
    )


def _cost(
    recommender: "Recommender",
    impressions: Impressions,
    vectors: Float[np.ndarray, "item text_dim"],
    diversity: float,
) -> Interval:
    """By how much nDCG@10 falls when what was shown, or else the whole catalogue, is ranked for diversity as well."""
    if impressions.positives_only:
        return _cost_among_all(recommender, impressions, vectors, diversity)
    scores, labels = recommender.score_impressions(impressions), np.asarray(impressions.labels)
    reranked = np.full(len(scores), -np.inf)
    for start, end in pairwise(impressions.candidate_offsets.tolist()):
        own = slice(start, end)
        first = mmr(scores[own], vectors[impressions.candidates[own]], LENGTH, diversity)
        reranked[start + first] = -np.arange(len(first))
    plain, other = (
        impression_metrics(one, labels, impressions.candidate_offsets)[METRIC] for one in (scores, reranked)
    )
    return bootstrap_difference(plain, other, impressions.user_id)


def _cost_among_all(
    recommender: "Recommender",
    impressions: Impressions,
    vectors: Float[np.ndarray, "item text_dim"],
    diversity: float,
) -> Interval:
    """The same where nothing was shown: the first ten come from the best hundred of the whole catalogue."""
    taken = recommender.taken

    def reranked(some: Impressions) -> Float[np.ndarray, "impression item"]:
        scores = recommender.catalogue_scores(some)
        taken.hide(scores, some)
        found = np.full(scores.shape, -np.inf)
        for row, own in enumerate(scores):
            best = np.argsort(-own, kind="stable")[: min(_POOL * LENGTH, int((~np.isnan(own)).sum()))]
            first = best[mmr(own[best], vectors[best], LENGTH, diversity)]
            found[row, first] = -np.arange(len(first))
        return found

    plain, other = (
        full_ranking_metrics(scorer, impressions, taken)[METRIC] for scorer in (recommender.catalogue_scores, reranked)
    )
    return bootstrap_difference(plain, other, impressions.user_id)


def read_lists(folder: Path) -> ListsRecord | None:
    """What was measured for a run; None when nothing was, or by a version that knew other things."""
    found = read_json(folder / LISTS)
    try:
        if found is None:
            return None
        settings = tuple(
            Setting(**{**one, "metrics": row_of(one["metrics"]), "cost": one["cost"] and Interval(*one["cost"])})
            for one in found["settings"]
        )
        return ListsRecord(**{**found, "settings": settings})
    except (TypeError, KeyError, AttributeError, ValueError):
        return None
