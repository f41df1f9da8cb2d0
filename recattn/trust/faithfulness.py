"""Every explanation method judged by every metric, on a sample of users with one recommendation each."""

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from recattn.errors import DataError
from recattn.evaluation.bootstrap import bootstrap_mean
from recattn.evaluation.faithfulness import METRICS, Case, Curve, Subject, curves, judge, patterns
from recattn.explanation.methods import METHODS
from recattn.language import say
from recattn.trust.planted import planted_truth
from recattn.trust.records import Faithfulness, MetricNote
from recattn.types import Array, Interval, Prediction, Report, User, silent

if TYPE_CHECKING:
    from recattn.recommender import Recommender

USERS = 100
LEAST_CLICKS = 4  # with three, every explanation has the same top 3
PARAPHRASE = 0.2
_TRIES = 20  # draws for each user wanted


class Weights(NamedTuple):
    """What all methods say about one recommendation, and how long each took."""

    of: dict[str, Float[Array, " click"]]
    seconds: dict[str, float]


def faithfulness(
    recommender: "Recommender", users: int = USERS, seed: int = 0, report: Report = silent
) -> Faithfulness:
    """Judge all methods; the same seed gives the same figures, but for the seconds.

    Args:
        recommender: whose explanations they are.
        users: how many are drawn by chance among those with four clicks or more; fewer where there are fewer.
        seed: of the draw, of the paraphrase and of the scrambled weights.
        report: hears of phases "explain" and "planted truth"; may raise Cancelled.
    """
    sample = sampled_users(recommender, users, seed)
    nothing_learned = recommender.scrambled(seed)
    figures: dict[str, list[dict[str, float]]] = {}
    for done, user in enumerate(sample, 1):
        for method, found in _judged(recommender, nothing_learned, user, seed).items():
            figures.setdefault(method, []).append(found)
        report("explain", done, len(sample))
    return Faithfulness(
        run=recommender.folder.name,
        dataset=recommender.dataset.name,
        dataset_fingerprint=recommender.dataset.fingerprint,
        seed=seed,
        users=len(sample),
        least_clicks=LEAST_CLICKS,
        paraphrase=PARAPHRASE,
        methods={method: _intervals(rows) for method, rows in figures.items()},
        metrics={
            name: MetricNote(say(metric.title), say(metric.hint), metric.higher_is_better, metric.source)
            for name, metric in METRICS.items()
        },
        planted=planted_truth(recommender, users, seed, report),
    )


def sampled_users(recommender: "Recommender", users: int, seed: int) -> list[User]:
    """Different users drawn by chance, with ``LEAST_CLICKS`` or more clicks; the same ones for the same seed.

    Raises:
        DataError: when nobody has read enough.
    """
    found: dict[str, User] = {}
    items = recommender.dataset.info.items
    draws = np.random.default_rng(seed).integers(2**31, size=users * _TRIES)
    for draw in draws.tolist():
        user = recommender.dataset.random_user(draw)
        if len(user.history) >= LEAST_CLICKS and len(set(user.history)) < items:
            found.setdefault(user.user_id, user)
        if len(found) == users:
            break
    if not found:
        raise DataError(
            f"No user of {recommender.dataset.name} was found with {LEAST_CLICKS} clicks and something left to read.",
            "Explanations are judged on longer histories.",
            "Choose a run on another dataset.",
        )
    return list(found.values())


def _judged(
    recommender: "Recommender", nothing_learned: "Recommender", user: User, seed: int
) -> dict[str, dict[str, float]]:
    """The figures of every method for one user's first recommendation."""
    item = recommender.recommend(user.history, 1)[0].item_id
    prediction = recommender.predict(user.history, item)
    weights = all_weights(prediction)
    moved = all_weights(recommender.predict_moved(user.history, item, PARAPHRASE, seed)).of
    scrambled = all_weights(nothing_learned.predict(user.history, item)).of
    tried = _tried(recommender, user, prediction, weights)
    subject = Subject(
        prediction.total,
        recommender.spread(user.history),
        weights.of["leave_one_out"],
        weights.of["shapley"],
    )
    return {
        name: judge(
            Case(
                subject,
                given,
                METHODS[name].signed,
                *tried[name],
                rest=_rest(name, prediction),
                moved=moved[name],
                scrambled=scrambled[name],
                seconds=weights.seconds[name],
            )
        )
        for name, given in weights.of.items()
    }


def all_weights(prediction: Prediction) -> Weights:
    """The weights of every method that applies, each made by itself; processor time, since machines are shared."""
    found, seconds = {}, {}
    for name, method in METHODS.items():
        if method.applies_to(prediction):
            start = time.process_time()
            found[name] = method.function(prediction)
            seconds[name] = time.process_time() - start
    return Weights(found, seconds)


def _tried(
    recommender: "Recommender", user: User, prediction: Prediction, weights: Weights
) -> dict[str, tuple[Curve, Curve]]:
    """What happens when clicks are hidden in each method's order. Methods share most patterns: each is asked once."""
    keep = np.stack([patterns(given) for given in weights.of.values()])  # (method, pattern, click)
    asked, at = np.unique(keep.reshape(-1, keep.shape[-1]), axis=0, return_inverse=True)
    at = at.reshape(keep.shape[:2])
    scores = prediction.score(asked).astype(float)
    ranks = recommender.ranks(user.history, prediction.candidate, asked)
    return {name: curves(scores[rows], ranks[rows]) for name, rows in zip(weights.of, at, strict=True)}


def _rest(name: str, prediction: Prediction) -> float | None:
    rest = METHODS[name].rest
    return None if rest is None else rest(prediction)


def _intervals(rows: list[dict[str, float]]) -> dict[str, Interval]:
    people = np.arange(len(rows))
    return {name: bootstrap_mean(np.array([row[name] for row in rows]), people) for name in METRICS}
