"""A prediction computed in numpy from the formula, so that every cell has a known answer."""

from dataclasses import dataclass

import numpy as np
import pytest

from recattn.types import Prediction

HEADS, UNITS, WIDTH, SCALE = 3, 5, 4, 10.0


@dataclass(frozen=True)
class World:
    """The parts of a score: attention, pooling, values per head, candidate per head, units."""

    attention: np.ndarray
    pooling: np.ndarray
    values: np.ndarray
    candidate: np.ndarray
    units: np.ndarray

    def cell(self, head: int, query: int, key: int) -> float:
        """What one cell adds, by the formula."""
        value = self.values[head, key] @ self.candidate[head]
        return float(SCALE * self.pooling[query] * self.attention[head, query, key] * value)

    def prediction(self) -> Prediction:
        """The record a model would hand out for it."""
        adds = np.einsum("hkd,hd->hk", self.values, self.candidate)
        contribution = SCALE * np.einsum("q,hqk->hk", self.pooling, self.attention) * adds
        residual = SCALE * self.pooling * (self.units @ self.candidate.ravel())
        clicks = UNITS - 1
        return Prediction(
            items=tuple(f"N{click}" for click in range(clicks)),
            candidate="N99",
            total=float(contribution.sum() + residual.sum()),
            null=1,
            attention=self.attention[None],
            pooling=self.pooling,
            contribution=contribution,
            residual=residual,
            similarity=np.zeros(clicks),
            score=lambda keep: np.zeros(len(keep)),
            gradient=lambda scale: np.zeros((len(scale), clicks)),
        )


@pytest.fixture
def world() -> World:
    rng = np.random.default_rng(7)
    return World(
        attention=rng.dirichlet(np.ones(UNITS), size=(HEADS, UNITS)),
        pooling=rng.dirichlet(np.ones(UNITS)),
        values=rng.normal(size=(HEADS, UNITS, WIDTH)),
        candidate=rng.normal(size=(HEADS, WIDTH)),
        units=rng.normal(size=(UNITS, HEADS * WIDTH)),
    )
