"""Whether a probability means what it says: do candidates that got 20 % get a fifth of the clicks?

The probability that a click goes to a candidate is the softmax of the scores of all that was shown with it, divided by
a temperature. An impression of several clicks counts as one, shared among them; one without a click says nothing.

Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599 (temperature
scaling, expected calibration error). We differ: bins hold equally many candidates, since most probabilities are small.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

_GOLDEN = (np.sqrt(5) - 1) / 2
_WIDEST = np.log(100.0)  # temperatures from a hundredth to a hundred
_STEPS = 40


class Bins(NamedTuple):
    """Candidates of like probability: their mean probability, their share of the clicks, how many they are."""

    probability: Float[np.ndarray, " bin"]
    clicked: Float[np.ndarray, " bin"]
    candidates: Int[np.ndarray, " bin"]

    @property
    def error(self) -> float:
        """The expected calibration error: how far probability and share are apart, mean over candidates."""
        return float(np.abs(self.probability - self.clicked) @ self.candidates / max(1, self.candidates.sum()))


def probabilities(
    scores: Float[np.ndarray, " candidate"], offsets: Int[np.ndarray, " impression_plus_1"], temperature: float = 1.0
) -> Float[np.ndarray, " candidate"]:
    """The softmax of the scores of each impression.

    >>> probabilities(np.log([1.0, 3.0, 1.0]), np.array([0, 2, 3])).round(2).tolist()
    [0.25, 0.75, 1.0]
    """
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    if not len(owner):
        return np.empty(0)
    scaled = scores.astype(np.float64) / temperature
    filled = offsets[:-1][np.diff(offsets) > 0]
    highest = np.zeros(len(offsets) - 1)
    highest[np.diff(offsets) > 0] = np.maximum.reduceat(scaled, filled)
    weights = np.exp(scaled - highest[owner])
    return weights / np.bincount(owner, weights, minlength=len(offsets) - 1)[owner]


def click_shares(
    labels: Int[np.ndarray, " candidate"], offsets: Int[np.ndarray, " impression_plus_1"]
) -> Float[np.ndarray, " candidate"]:
    """Of the clicks in its impression, the share of each candidate; NaN where nothing was clicked.

    >>> click_shares(np.array([1, 0, 1, 0]), np.array([0, 3, 4])).tolist()
    [0.5, 0.0, 0.5, nan]
    """
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    clicks = np.bincount(owner, labels == 1, minlength=len(offsets) - 1)[owner]
    return np.where(clicks > 0, (labels == 1) / np.maximum(clicks, 1), np.nan)


def log_loss(probability: Float[np.ndarray, " candidate"], labels: Int[np.ndarray, " candidate"]) -> float:
    """Minus the log probability of what was clicked, mean over clicks, in nats."""
    return float(-np.log(np.maximum(probability[labels == 1], 1e-12)).mean())


def fitted_temperature(
    scores: Float[np.ndarray, " candidate"],
    labels: Int[np.ndarray, " candidate"],
    offsets: Int[np.ndarray, " impression_plus_1"],
) -> float:
    """The temperature under which the clicks are most likely; 1 where nothing was clicked.

    The log loss has one minimum in 1 / temperature, so halving an interval by the golden section finds it.
    """
    if not (labels == 1).any():
        return 1.0

    def loss(log_temperature: float) -> float:
        return log_loss(probabilities(scores, offsets, float(np.exp(log_temperature))), labels)

    low, high = -_WIDEST, _WIDEST
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def reliability(
    probability: Float[np.ndarray, " candidate"], shares: Float[np.ndarray, " candidate"], bins: int = 10
) -> Bins:
    """Candidates in bins of equal size by their probability; those without a share are left out.

    >>> found = reliability(np.array([0.1, 0.1, 0.8, 0.8]), np.array([0.0, 0.0, 1.0, 1.0]), bins=2)
    >>> found.probability.tolist(), found.clicked.tolist(), round(found.error, 2)
    ([0.1, 0.8], [0.0, 1.0], 0.15)
    """
    known = np.flatnonzero(~np.isnan(shares))
    order = known[np.argsort(probability[known], kind="stable")]
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return Bins(
        np.array([probability[part].mean() for part in parts]),
        np.array([shares[part].mean() for part in parts]),
        np.array([len(part) for part in parts], dtype=np.int64),
    )
