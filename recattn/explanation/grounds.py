"""Whether what was read explains a recommendation at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from recattn.types import Array, Prediction

LEAST_SHARE = 0.1  # of the spread of scores; less is next to nothing


@dataclass(frozen=True)
class Grounds:
    """What speaks for an explanation by the history, or against one."""

    share: float  # of the scores' spread over the shown items that the history makes; NaN where unknown
    changes_rank: bool  # whether hiding any one click moves the item

    @property
    def nothing_read_explains_this(self) -> bool:
        """The history makes next to no difference between items, or no single click moves this one."""
        return self.share < LEAST_SHARE or not self.changes_rank


def grounds(shown: Sequence[Prediction], rank: int, ranks_without: Int[Array, " click"]) -> Grounds:
    """The grounds of one recommendation.

    Args:
        shown: predictions of all items it competes with, for the same history.
        rank: of the item.
        ranks_without: its rank when each click alone is hidden.
    """
    return Grounds(history_share(shown), bool((ranks_without != rank).any()))


def history_share(shown: Sequence[Prediction]) -> float:
    """The share of the variance of scores over the shown items that comes from what the clicks add.

    The history's covariance with the score over the score's variance, so that history and constant share 1. NaN
    where the model has no exact parts or all scores are equal.
    """
    if len(shown) < 2 or any(prediction.per_click is None for prediction in shown):
        return float("nan")
    totals = np.array([prediction.total for prediction in shown])
    history = np.array([np.asarray(prediction.per_click).sum() for prediction in shown])
    away = totals - totals.mean()
    return float(away @ history / (away @ away)) if away.any() else float("nan")
