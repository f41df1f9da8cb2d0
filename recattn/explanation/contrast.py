"""Why one item stands above another, and above all that were shown: differences of exact contributions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from recattn.types import Array, Prediction


@dataclass(frozen=True)
class Contrast:
    """The difference of two scores as a sum over heads and clicks."""

    total: float  # score of the first - score of the second
    by_head: Float[Array, "head click"]
    past_heads: Float[Array, " click"]
    constant: float  # what does not come from what was read, popularity and age included
    popularity: float = 0.0

    @property
    def per_click(self) -> Float[Array, " click"]:
        """What each click puts between the two items."""
        return self.by_head.sum(axis=0) + self.past_heads

    @property
    def gap(self) -> float:
        """What the parts miss of the difference (float32 rounding)."""
        return self.total - float(self.per_click.sum()) - self.constant


def contrast(first: Prediction, second: Prediction) -> Contrast | None:
    """Why ``first`` is above ``second`` (or below, where negative); None where the model has no exact parts.

    Args:
        first: one item for a history.
        second: another item for the same history.
    """
    if first.contribution is None or second.contribution is None or first.residual is None or second.residual is None:
        return None
    return Contrast(
        first.total - second.total,
        (first.contribution - second.contribution)[:, first.null :],
        (first.residual - second.residual)[first.null :],
        first.constant - second.constant,
        first.popularity - second.popularity,
    )


def centred(prediction: Prediction, shown: Sequence[Prediction]) -> Float[Array, " click"] | None:
    """What each click adds beyond what it adds to the shown items on average: the part that can change the ranking.

    What a click adds to every item alike moves no item past another. None where the model has no exact parts.

    Args:
        prediction: of one item.
        shown: of the items it competes with, itself included, for the same history.
    """
    if prediction.per_click is None or not shown:
        return None
    return prediction.per_click - np.mean([np.asarray(other.per_click) for other in shown], axis=0)
