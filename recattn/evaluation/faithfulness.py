"""Can an explanation be believed? Metrics of one method's weights for one recommendation, and what to know about each.

A new metric is one function ``Case -> figure`` and one entry of ``METRICS``; table, command line and contract tests
follow. A figure is NaN where it is not defined. Scores have no scale of their own, so differences of scores are
divided by their spread over all candidates of the same history. (A ratio to the score itself, as for probabilities,
means nothing where scores may be negative.)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from recattn.evaluation.orders import spearman, top_overlap
from recattn.language import phrase
from recattn.types import Array

LIST = 10  # places of the list that an item can fall out of


class Subject(NamedTuple):
    """One recommendation and what all methods share: what really happens to it."""

    total: float  # its score
    spread: float  # standard deviation of the scores over all candidates
    leave_one_out: Float[Array, " click"]
    shapley: Float[Array, " click"]


class Curve(NamedTuple):
    """What becomes of the item, step by step."""

    scores: Float[Array, " step"]
    ranks: Int[Array, " step"]


class Case(NamedTuple):
    """One method's weights for one recommendation, and what happened when they were tried out."""

    subject: Subject
    weights: Float[Array, " click"]
    signed: bool
    hidden: Curve  # step k: the k heaviest clicks hidden
    kept: Curve  # step k: only the k heaviest clicks visible
    rest: float | None = None  # what weights leave of the score, where they claim to sum to it
    moved: Float[Array, " click"] | None = None  # the weights for the same history in other words
    scrambled: Float[Array, " click"] | None = None  # the weights for a model that has learned nothing
    seconds: float = float("nan")  # of processor time that the weights took


@dataclass(frozen=True)
class Metric:
    """One way to judge an explanation, and what to know about it."""

    function: Callable[[Case], float]
    title: str
    hint: str  # one sentence for everybody
    higher_is_better: bool
    source: str


def patterns(weights: Float[Array, " click"]) -> Bool[Array, "pattern click"]:
    """Which clicks stay visible at each step: of the curve ``hidden``, then of ``kept``.

    Of equal weights the later click counts as heavier.

    >>> patterns(np.array([0.1, 0.7])).astype(int).tolist()
    [[1, 1], [1, 0], [0, 0], [0, 0], [0, 1], [1, 1]]
    """
    n = len(weights)
    place = np.empty(n, dtype=int)
    place[np.argsort(weights, kind="stable")[::-1]] = np.arange(n)
    heaviest = place < np.arange(n + 1)[:, None]  # (step, click)
    return np.concatenate([~heaviest, heaviest])


def curves(scores: Float[Array, " pattern"], ranks: Int[Array, " pattern"]) -> tuple[Curve, Curve]:
    """The curves ``hidden`` and ``kept`` out of what `patterns` led to."""
    half = len(scores) // 2
    return Curve(scores[:half], ranks[:half]), Curve(scores[half:], ranks[half:])


def completeness_error(case: Case) -> float:
    """How far the weights and what they leave are from the score; NaN for a method that does not claim to sum to it."""
    if case.rest is None:
        return float("nan")
    return _scaled(case, abs(float(case.weights.sum()) + case.rest - case.subject.total))


def deletion(case: Case) -> float:
    """The mean fall of the score while clicks are hidden one after the other, the heaviest first."""
    return _scaled(case, float((case.subject.total - case.hidden.scores[1:]).mean()))


def insertion(case: Case) -> float:
    """The mean rise of the score while clicks become visible one after the other, the heaviest first."""
    return _scaled(case, float((case.kept.scores[1:] - case.kept.scores[0]).mean()))


def aopc(case: Case, steps: int = 5) -> float:
    """The mean fall of the score over the first steps of hiding, the start counted in."""
    return _scaled(case, float((case.subject.total - case.hidden.scores[: steps + 1]).mean()))


def pos_at(case: Case, k: int) -> float:
    """The share of steps at which the item is still in the top k, the heaviest clicks hidden first."""
    return float((case.hidden.ranks[1:] <= k).mean())


def neg_at(case: Case, k: int) -> float:
    """The share of steps at which the item is still in the top k, the lightest clicks hidden first."""
    return float((case.kept.ranks[:-1] <= k).mean())


def cdcg_at(case: Case, hidden: int) -> float:
    """The discounted gain of the item's rank after so many of the heaviest clicks are hidden; 1 is the first place."""
    return float(1 / np.log2(1 + case.hidden.ranks[min(hidden, len(case.weights))]))


def removal_size(case: Case) -> float:
    """How many of the heaviest clicks must be hidden until the item leaves the list; NaN where it never does."""
    out = np.flatnonzero(case.hidden.ranks > LIST)
    return float(out[0]) if len(out) else float("nan")


def stability(case: Case) -> float:
    """The rank correlation with the weights for the same clicks in other words."""
    return float("nan") if case.moved is None else spearman(case.weights, case.moved)


def randomisation(case: Case) -> float:
    """The rank correlation with the weights for a model that has learned nothing."""
    return float("nan") if case.scrambled is None else spearman(case.weights, case.scrambled)


def _scaled(case: Case, difference: float) -> float:
    return difference / case.subject.spread if case.subject.spread > 0 else float("nan")


def _wanted(case: Case, effect: Float[Array, " click"]) -> Float[Array, " click"]:
    """A method without signs says how much a click matters, not which way: compared with the size of the effect."""
    return effect if case.signed else np.abs(effect)


_SAMEK = "area over the perturbation curve, Samek et al. 2017, https://arxiv.org/abs/1509.06321"
_PETSIUK = "Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421, as a difference, not as a ratio"
_LXR = "Barkan et al. 2024 (LXR), https://doi.org/10.1145/3589334.3645560, one click a step"
_FIXED = (
    "Barkan et al. 2024, at fixed lengths as Baklanov et al. 2025, https://doi.org/10.1145/3726302.3730242, ask for"
)
_OCCLUSION = "leave-one-out: Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901"
_CASTRO = "Shapley values: Castro et al. 2009, https://doi.org/10.1016/j.cor.2008.04.004"

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "completeness_error": Metric(
            completeness_error,
            phrase("Sum error"),
            phrase("How far the weights are from summing to the score, for methods that say they do."),
            False,
            "Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365",
        ),
        "deletion": Metric(
            deletion,
            phrase("Deletion"),
            phrase("How far the score falls on average while the {items} are hidden, those said to matter most first."),
            True,
            _PETSIUK,
        ),
        "insertion": Metric(
            insertion,
            phrase("Insertion"),
            phrase("How far the score rises on average while the {items} come back, those said to matter most first."),
            True,
            _PETSIUK,
        ),
        "aopc@5": Metric(
            aopc,
            phrase("Early fall"),
            phrase("How far the score has fallen on average over the first five {items} hidden."),
            True,
            _SAMEK,
        ),
        "pos@5": Metric(
            lambda case: pos_at(case, 5),
            phrase("Stays in top 5, heaviest hidden"),
            phrase("How long the item stays in the top 5 while the {items} said to matter most are hidden first."),
            False,
            _LXR,
        ),
        "pos@10": Metric(
            lambda case: pos_at(case, 10),
            phrase("Stays in top 10, heaviest hidden"),
            phrase("How long the item stays in the top 10 while the {items} said to matter most are hidden first."),
            False,
            _LXR,
        ),
        "neg@5": Metric(
            lambda case: neg_at(case, 5),
            phrase("Stays in top 5, lightest hidden"),
            phrase("How long the item stays in the top 5 while the {items} said to matter least are hidden first."),
            True,
            _LXR,
        ),
        "neg@10": Metric(
            lambda case: neg_at(case, 10),
            phrase("Stays in top 10, lightest hidden"),
            phrase("How long the item stays in the top 10 while the {items} said to matter least are hidden first."),
            True,
            _LXR,
        ),
        "cdcg@1": Metric(
            lambda case: cdcg_at(case, 1),
            phrase("Place left, 1 hidden"),
            phrase("How high the item still stands when the {item} said to matter most is hidden."),
            False,
            _FIXED,
        ),
        "cdcg@3": Metric(
            lambda case: cdcg_at(case, 3),
            phrase("Place left, 3 hidden"),
            phrase("How high the item still stands when the three {items} said to matter most are hidden."),
            False,
            _FIXED,
        ),
        "cdcg@5": Metric(
            lambda case: cdcg_at(case, 5),
            phrase("Place left, 5 hidden"),
            phrase("How high the item still stands when the five {items} said to matter most are hidden."),
            False,
            _FIXED,
        ),
        "removal_size": Metric(
            removal_size,
            phrase("{Items} to hide"),
            phrase("How many {items} must be hidden in this order until the item leaves the top 10."),
            False,
            "counterfactual explanations: Wachter et al. 2017, https://arxiv.org/abs/1711.00399",
        ),
        "spearman_loo": Metric(
            lambda case: spearman(case.weights, _wanted(case, case.subject.leave_one_out)),
            phrase("Order as in leave one out"),
            phrase("Whether the {items} stand in the order of what really happens when each alone is hidden."),
            True,
            _OCCLUSION,
        ),
        "top3_loo": Metric(
            lambda case: top_overlap(case.weights, _wanted(case, case.subject.leave_one_out)),
            phrase("Top 3 as in leave one out"),
            phrase("How many of the three heaviest {items} are the three whose hiding changes most."),
            True,
            _OCCLUSION,
        ),
        "spearman_shapley": Metric(
            lambda case: spearman(case.weights, _wanted(case, case.subject.shapley)),
            phrase("Order as by Shapley value"),
            phrase("Whether the {items} stand in the order of what each adds on average."),
            True,
            _CASTRO,
        ),
        "top3_shapley": Metric(
            lambda case: top_overlap(case.weights, _wanted(case, case.subject.shapley)),
            phrase("Top 3 as by Shapley value"),
            phrase("How many of the three heaviest {items} are the three that add most on average."),
            True,
            _CASTRO,
        ),
        "stability": Metric(
            stability,
            phrase("Stable in other words"),
            phrase(
                "Whether the order stays when the same {items} are worded differently; knowing nothing is stable too."
            ),
            True,
            "Alvarez-Melis and Jaakkola 2018, https://arxiv.org/abs/1806.08049",
        ),
        "randomisation": Metric(
            randomisation,
            phrase("Same without learning"),
            phrase(
                "Whether the order stays when the model's weights are shuffled: near 0 is right, 1 never "
                "asked the model."
            ),
            False,
            "Adebayo et al. 2018, https://arxiv.org/abs/1810.03292",
        ),
        "seconds": Metric(
            lambda case: case.seconds,
            phrase("Seconds"),
            phrase("How long one explanation keeps a processor busy."),
            False,
            "processor time, all threads",
        ),
    }
)


def judge(case: Case) -> dict[str, float]:
    """The figure of every metric."""
    return {name: metric.function(case) for name, metric in METRICS.items()}
