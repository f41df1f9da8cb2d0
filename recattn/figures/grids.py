"""What all heads do, as grids of the same shape: each row an article that is read, each column one it looks at.

Three views share the grid: attention ("looks at"), the exact contribution ("adds"), and later the effect of hiding a
click. In each, unit numbers count as in `Prediction`: the null click first where there is one, then the clicks.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from recattn.types import Array, Prediction


def cell_contributions(prediction: Prediction) -> Float[Array, "head query key"] | None:
    """What each cell adds to the score; a head's cells in a column sum to ``contribution[head, key]``.

    A cell's part of its column is its part of the attention that reaches the score there:
    s w_j A_ji (v_i . c) = contribution_i * w_j A_ji / sum_j' w_j' A_j'i. None where no exact sum exists.
    """
    if prediction.contribution is None or not prediction.exact:
        return None
    reaching = prediction.pooling[:, None] * prediction.attention[-1]
    together = reaching.sum(axis=1, keepdims=True)
    return prediction.contribution[:, None, :] * reaching / np.where(together > 0, together, 1.0)


def reach(attention: Float[Array, "query key"], pooling: Float[Array, " query"]) -> Float[Array, " key"]:
    """The share of the history's summary that comes in through each key of one head."""
    return pooling @ attention


def spread(attention: Float[Array, "*heads query key"]) -> Float[Array, "*heads"]:
    """How widely a head looks: the mean entropy of its rows, from 0 (one article each) to 1 (all alike).

    >>> spread(np.array([[[1.0, 0.0], [1.0, 0.0]], [[0.5, 0.5], [0.5, 0.5]]])).tolist()
    [0.0, 1.0]
    """
    if attention.shape[-1] < 2:
        return np.zeros(attention.shape[:-2])
    logs = np.log(np.where(attention > 0, attention, 1.0))
    return -(attention * logs).sum(axis=-1).mean(axis=-1) / np.log(attention.shape[-1]) + 0.0


def row_ranks(cells: Float[Array, "query key"]) -> Int[Array, "query key"]:
    """The place of each cell in its row, 1 for the largest; equal cells share the better place.

    >>> row_ranks(np.array([[0.1, 0.7, 0.1]])).tolist()
    [[2, 1, 2]]
    """
    return (cells[:, None, :] > cells[:, :, None]).sum(axis=-1) + 1


@dataclass(frozen=True)
class SumCheck:
    """The score put together again: one head's cells, the other heads, the articles themselves, and popularity."""

    cells: float
    other_heads: float
    itself: float
    popularity: float  # and age, where they count
    score: float

    @property
    def total(self) -> float:
        """All parts together; equals the score to float precision."""
        return self.cells + self.other_heads + self.itself + self.popularity

    @property
    def gap(self) -> float:
        """What is missing from an exact sum."""
        return abs(self.total - self.score)


def sum_check(prediction: Prediction, head: int) -> SumCheck | None:
    """Whether the cells of a head and the bars beside them add up to the score; None where no exact sum exists."""
    cells = cell_contributions(prediction)
    if cells is None or prediction.contribution is None or prediction.residual is None:
        return None
    return SumCheck(
        cells=float(cells[head].sum()),
        other_heads=float(np.delete(prediction.contribution, head, axis=0).sum()),
        itself=float(prediction.residual.sum()),
        popularity=prediction.popularity,
        score=prediction.total,
    )


@dataclass(frozen=True)
class Grid:
    """One head, ready to draw. Labels may repeat; ``order`` says which unit comes first (top and left)."""

    cells: Float[Array, "query key"]
    labels: tuple[str, ...]
    marks: tuple[str, ...]  # short and different for each unit: "1" is the most recent click
    order: Int[Array, " unit"]
    limit: float  # where the colour scale ends
    signed: bool = False
    verb: str = ""  # before a cell's number; by default "adds" where signed, else "looks at"
    effects: Float[Array, "query key"] | None = None  # what each look is worth, for the hint
    weight: Float[Array, "query key"] | None = None  # attention, for the hint
    adds: Float[Array, "query key"] | None = None  # contributions, for the hint
    rows: Float[Array, " query"] | None = None  # strip beside the rows: pooling weights
    columns: tuple[Float[Array, " key"], ...] = ()  # strip below the columns: bars, stacked
    selected: tuple[int, int] | None = None
