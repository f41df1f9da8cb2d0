"""The explanation methods: each a function from a `Prediction` to one weight per click, and what to know about it.

A new method is one function and one entry of ``METHODS``; selector, comparison, trust page and contract tests follow.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from recattn.errors import UnknownError
from recattn.explanation import adding, looking, removing, yardsticks
from recattn.language import phrase
from recattn.types import Array, Prediction


@dataclass(frozen=True)
class Method:
    """One way to weigh the clicks.

    ``signed`` means that more is more in favour; otherwise a weight says how much a click matters, not which way.
    ``rest`` is what the weights leave of the score, where weights and rest sum to it (the method is then complete).
    ``deterministic`` means without random draws; drawn ones have a fixed seed and repeat too.
    """

    function: Callable[[Prediction], Float[Array, " click"]]
    title: str
    hint: str  # two sentences for everybody
    paper: str
    formula: str
    cost: str  # in scores of the model, for n clicks
    signed: bool
    candidate_aware: bool
    deterministic: bool = True
    needs: str = ""  # a field of the prediction that may be absent
    rest: Callable[[Prediction], float] | None = None

    @property
    def complete(self) -> bool:
        """Whether the weights and ``rest`` sum to the score."""
        return self.rest is not None

    def applies_to(self, prediction: Prediction) -> bool:
        """Whether this model shows what the method needs."""
        return not self.needs or getattr(prediction, self.needs) is not None


def _of_nothing(prediction: Prediction) -> float:
    """The score with every click hidden."""
    return float(prediction.score(np.zeros((1, len(prediction.items)), dtype=bool))[0])


def _of_null_clicks(prediction: Prediction) -> float:
    """The score of as many null clicks."""
    return float("nan") if prediction.origin is None else prediction.origin()


_ENTRIES = (
    Method(
        looking.attention,
        phrase("Attention"),
        phrase(
            "How much of the history's summary comes from each {item}. It says where the model looks, "
            "not what that does to the score."
        ),
        "Jain and Wallace 2019, https://aclanthology.org/N19-1357",
        "sum_j w_j mean_h A^h_ji",
        "none",
        signed=False,
        candidate_aware=False,
    ),
    Method(
        looking.pooling,
        phrase("Pooling weight"),
        phrase(
            "How much the row of each {item} counts when the history is summed up. What other {items} "
            "put into that row counts for this {item} here."
        ),
        "Wu et al. 2019, https://aclanthology.org/D19-1671",
        "w_i",
        "none",
        signed=False,
        candidate_aware=False,
    ),
    Method(
        looking.rollout,
        phrase("Attention rollout"),
        phrase(
            "Attention followed through all layers down to the {items}. It still says where the model "
            "looks, not what that does to the score."
        ),
        "Abnar and Zuidema 2020, https://aclanthology.org/2020.acl-main.385",
        "w (A_L + I)/2 ... (A_1 + I)/2",
        "none",
        signed=False,
        candidate_aware=False,
    ),
    Method(
        looking.value_norm,
        phrase("Size of what is passed on"),
        phrase(
            "Attention times how much there is to take from each {item}. {item:A} that is looked at but "
            "has little to give counts little."
        ),
        "Kobayashi et al. 2020, https://aclanthology.org/2020.emnlp-main.574",
        "sum_j w_j |concat_h A^h_ji v^h_i|",
        "none",
        signed=False,
        candidate_aware=False,
        needs="value_norms",
    ),
    Method(
        adding.contribution,
        phrase("Contribution"),
        phrase(
            "The part of the score that comes through each {item}; all parts and a constant sum to the "
            "score exactly. Where the model looks is held fixed, so removing the {item} may change the "
            "score by another amount."
        ),
        "Elhage et al. 2021, https://transformer-circuits.pub/2021/framework",
        "s (sum_h sum_j w_j A^h_ji v^h_i . c^h + w_i x_i . c)",
        "none",
        signed=True,
        candidate_aware=True,
        needs="contribution",
        rest=lambda prediction: prediction.constant,
    ),
    Method(
        adding.gradient_x_input,
        phrase("Gradient x input"),
        phrase(
            "How steeply the score rises with each {item}, right here. It is exact for tiny changes and "
            "can mislead about removing {item:a}."
        ),
        "Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713",
        "(x_i - x_null) . dF/dx_i",
        "1 with its gradient",
        signed=True,
        candidate_aware=True,
    ),
    Method(
        adding.integrated_gradients,
        phrase("Integrated gradients"),
        phrase(
            "The score's rise on the way from an empty history to this one, shared out over the {items}. "
            "The parts sum to the whole rise."
        ),
        "Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365",
        "(x_i - x_null) . integral_0^1 dF/dx_i at x_null + t (x - x_null) dt",
        f"{adding.STEPS} with their gradients",
        signed=True,
        candidate_aware=True,
        rest=_of_null_clicks,
    ),
    Method(
        removing.leave_one_out,
        phrase("Leave one out"),
        phrase(
            "By how much the score falls when this one {item} is hidden. It is what really happens, but "
            "two {items} that say the same can hide each other's effect."
        ),
        "Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901",
        "F(all) - F(all without i)",
        "n",
        signed=True,
        candidate_aware=True,
    ),
    Method(
        removing.shapley,
        phrase("Shapley value"),
        phrase(
            "What each {item} adds on average, whichever of the others are known. {Items} that say the "
            "same share their effect, and all parts sum to the whole effect of the history."
        ),
        "Castro et al. 2009, https://doi.org/10.1016/j.cor.2008.04.004",
        "mean over orders of F(before i and i) - F(before i)",
        f"2^n up to {removing.EXACT_UP_TO} clicks, else {2 * removing.PAIRS} (n + 1)",
        signed=True,
        candidate_aware=True,
        deterministic=False,
        rest=_of_nothing,
    ),
    Method(
        removing.lime,
        phrase("LIME"),
        phrase(
            "A simple additive formula is fitted to what happens when random sets of {items} are hidden. "
            "It is as good as such a formula can follow the model."
        ),
        "Ribeiro et al. 2016, https://aclanthology.org/N16-3020",
        "argmin_b sum_S k(S) (F(S) - b_0 - sum_{i in S} b_i)^2",
        "max(256, 8 n)",
        signed=True,
        candidate_aware=True,
        deterministic=False,
    ),
    Method(
        removing.greedy,
        phrase("Fastest fall"),
        phrase(
            "{Items} in the order that takes the score down fastest, found by trying. It says the order, "
            "not the amounts, and shows how good an explanation could be."
        ),
        "Samek et al. 2017, https://arxiv.org/abs/1509.06321",
        "(n - step at which i is hidden) / n",
        "n (n + 1) / 2",
        signed=True,
        candidate_aware=True,
    ),
    Method(
        yardsticks.cosine,
        phrase("Likeness of texts"),
        phrase(
            "How alike the {item} and the recommended one are in wording, without asking the model. An "
            "explanation that does no better tells nothing about the model."
        ),
        "a yardstick, no paper",
        "cos(e_i, e_c)",
        "none",
        signed=True,
        candidate_aware=True,
    ),
    Method(
        yardsticks.recency,
        phrase("Most recent first"),
        phrase(
            "{Items} by when they were {read}, without asking the model. An explanation that does no "
            "better tells nothing about the model."
        ),
        "a yardstick, no paper",
        "i / n",
        "none",
        signed=False,
        candidate_aware=False,
    ),
    Method(
        yardsticks.random,
        phrase("Random"),
        phrase("Any numbers at all. An explanation that does no better is worth nothing."),
        "a yardstick, no paper",
        "uniform",
        "none",
        signed=False,
        candidate_aware=False,
        deterministic=False,
    ),
)

METHODS: Mapping[str, Method] = MappingProxyType({entry.function.__name__: entry for entry in _ENTRIES})


def method_for(prediction: Prediction, name: str) -> Method:
    """The method of that name.

    Raises:
        UnknownError: when there is none, or it does not apply to this model.
    """
    fitting = [known for known, method in METHODS.items() if method.applies_to(prediction)]
    if name not in fitting:
        allowed = f"Allowed for this model are {', '.join(fitting)}."
        raise UnknownError(f"The method {name!r} is not there.", allowed, "Choose one of these.")
    return METHODS[name]


def explain(prediction: Prediction) -> dict[str, Float[Array, " click"]]:
    """The weights of every method that applies to this prediction."""
    return {name: method.function(prediction) for name, method in METHODS.items() if method.applies_to(prediction)}
