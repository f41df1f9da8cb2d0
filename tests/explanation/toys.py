"""Predictions whose right explanation is known, and those of a small real model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from recattn.models.predicting import predictions
from recattn.types import Prediction
from tests.models.test_attention import any_model


def game(score: Callable[[np.ndarray], np.ndarray], n: int, **fields: Any) -> Prediction:
    """A prediction that scores patterns of clicks by a rule; everything else is uniform."""
    everything, nothing = np.ones((1, n), dtype=bool), np.zeros(n)
    plain = Prediction(
        items=tuple(f"N{click}" for click in range(n)),
        candidate="C",
        total=float(score(everything)[0]),
        null=1,
        attention=np.full((1, 2, n + 1, n + 1), 1 / (n + 1)),
        pooling=np.full(n + 1, 1 / (n + 1)),
        contribution=None,
        residual=None,
        similarity=np.linspace(-1, 1, n),
        score=lambda keep: score(keep).astype(np.float64),
        gradient=lambda scale: np.tile(nothing, (len(scale), 1)),
    )
    return plain._replace(**fields)


def additive(weights: np.ndarray, constant: float = 0.5) -> Prediction:
    """Each click adds its weight, whatever else was read."""
    return game(
        lambda keep: constant + keep @ weights,
        len(weights),
        contribution=np.concatenate([[constant / 2], weights / 2])[None].repeat(2, axis=0),
        residual=np.zeros(len(weights) + 1),
        gradient=lambda scale: np.tile(weights, (len(scale), 1)),
        value_norms=np.ones((2, len(weights) + 1)),
        origin=lambda: constant,
    )


def of_model(clicks: int, candidates: int = 1, seed: int = 0, **settings: Any) -> list[Prediction]:
    """Predictions of a small model with random weights for random items."""
    model = any_model(**{"max_history": 30, **settings})
    items = torch.randn(clicks + candidates, model.config.dim, generator=torch.Generator().manual_seed(seed))
    names = [f"N{item}" for item in range(clicks + candidates)]
    units = torch.nn.functional.normalize(items, dim=-1).numpy()
    similarity = units[clicks:] @ units[:clicks].T
    return predictions(model, items[:clicks], items[clicks:], names[:clicks], names[clicks:], similarity)
