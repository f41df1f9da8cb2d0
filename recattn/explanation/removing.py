"""What really changes: methods that ask the model again with clicks hidden (masked: the others keep their place)."""

from math import comb
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from recattn.types import Array, Prediction

EXACT_UP_TO = 14  # clicks; 2^14 questions
EXACT_UP_TO_WHEN_SLOW = 9
PAIRS = 25  # of an order of the clicks and its reverse
_KERNEL_WIDTH = 0.25
_SEED = 0


class Estimate(NamedTuple):
    """Weights, and the standard error of each; 0 where they are exact."""

    weights: Float[Array, " click"]
    error: Float[Array, " click"]


def leave_one_out(prediction: Prediction) -> Float[Array, " click"]:
    """By how much the score falls when one click is hidden and all others stay.

    Source: occlusion, Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901. We differ: a click is hidden by the
    attention mask, not replaced by a value.
    """
    return prediction.total - prediction.score(~np.eye(len(prediction.items), dtype=bool))


def shapley(prediction: Prediction) -> Float[Array, " click"]:
    """What a click adds on average, over all orders in which the clicks could have come to be known.

    See `shapley_estimate` for the standard error.
    """
    return shapley_estimate(prediction).weights


def shapley_estimate(prediction: Prediction) -> Estimate:
    """Shapley values: exact up to 14 clicks (9 words), otherwise from 25 random orders and their reverses.

    Source: Shapley 1953; sampling orders after Castro et al. 2009, https://doi.org/10.1016/j.cor.2008.04.004, each
    with its reverse (antithetic) after Mitchell et al. 2022, https://arxiv.org/abs/2104.12199.
    """
    most = EXACT_UP_TO_WHEN_SLOW if prediction.slow else EXACT_UP_TO
    return (_all_subsets if len(prediction.items) <= most else _random_orders)(prediction)


def _all_subsets(prediction: Prediction) -> Estimate:
    n = len(prediction.items)
    subsets = np.arange(2**n)
    keep = (subsets[:, None] >> np.arange(n)) % 2 == 1
    scores, size = prediction.score(keep).astype(float), keep.sum(axis=1)
    share = np.array([1 / (n * comb(n - 1, k)) for k in range(n)] + [0.0])[size]
    weights = np.empty(n)
    for click in range(n):
        without = subsets[~keep[:, click]]
        weights[click] = share[without] @ (scores[without | 1 << click] - scores[without])
    return Estimate(weights, np.zeros(n))


def _random_orders(prediction: Prediction) -> Estimate:
    n = len(prediction.items)
    place = np.argsort(random_orders(n), axis=1)  # when each click comes
    keep = place[:, None, :] < np.arange(n + 1)[:, None]  # (order, clicks known, click)
    scores = prediction.score(keep.reshape(-1, n)).reshape(len(place), n + 1).astype(float)
    gains = np.take_along_axis(np.diff(scores, axis=1), place, axis=1)
    pairs = (gains[:PAIRS] + gains[PAIRS:]) / 2
    return Estimate(pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / np.sqrt(PAIRS))


def random_orders(n: int) -> Int[Array, "order click"]:
    """The orders that are drawn: ``PAIRS`` of them, then each one's reverse."""
    orders = np.random.default_rng(_SEED).permuted(np.tile(np.arange(n), (PAIRS, 1)), axis=1)
    return np.concatenate([orders, orders[:, ::-1]])


def lime(prediction: Prediction) -> Float[Array, " click"]:
    """Coefficients of a linear model of the score in which clicks are there, fitted close to the whole history.

    Source: Ribeiro et al. 2016, https://aclanthology.org/N16-3020 (its text explainer's sampling and kernel). We
    differ: all clicks are used and nothing is shrunk, so that an additive model gets its own weights back.
    """
    n = len(prediction.items)
    keep = _nearby(n, max(256, 8 * n))
    distance = 1 - np.sqrt(keep.mean(axis=1)) if n else np.zeros(len(keep))
    root = np.exp(-((distance / _KERNEL_WIDTH) ** 2) / 4)  # of the kernel sqrt(exp(-d^2 / width^2))
    terms = np.column_stack([np.ones(len(keep)), keep])
    return np.linalg.lstsq(root[:, None] * terms, root * prediction.score(keep), rcond=None)[0][1:]


def _nearby(n: int, samples: int) -> Bool[Array, "subset click"]:
    """Random subsets with 1 to n clicks hidden, each number as likely; the first is the whole history."""
    rng = np.random.default_rng(_SEED)
    place = np.argsort(rng.random((samples, n)), axis=1)
    keep = place >= rng.integers(1, max(n, 1) + 1, samples)[:, None]
    keep[0] = True
    return keep


def greedy(prediction: Prediction) -> Float[Array, " click"]:
    """The order in which hiding clicks takes the score down fastest; the first click gets 1, the last 1/n.

    A ceiling for what other methods can find, after the deletion curves of Samek et al. 2017,
    https://arxiv.org/abs/1509.06321. It is a search, so better orders may exist.
    """
    n = len(prediction.items)
    keep, weights = np.ones(n, dtype=bool), np.zeros(n)
    for step in range(n):
        left = np.flatnonzero(keep)
        tries = np.repeat(keep[None], len(left), axis=0)
        tries[np.arange(len(left)), left] = False
        hidden = left[prediction.score(tries).argmin()]
        keep[hidden], weights[hidden] = False, (n - step) / n
    return weights
