"""95 % intervals by bootstrap over users: impressions of one person are not independent, so people are drawn.

Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13 (percentile interval); drawing
whole clusters after Field and Welsh 2007, https://doi.org/10.1111/j.1467-9868.2007.00593.x.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float, Shaped, UInt8

from recattn.types import Interval

_REPLICATES = 1000
_SEED = 20240917
_REPLICATES_PER_PRODUCT = 50  # bounds the memory of the float copy


def bootstrap_mean(values: Float[np.ndarray, " value"], groups: Shaped[np.ndarray, " value"]) -> Interval:
    """The mean of all values with a 95 % interval; the same input gives the same interval.

    Args:
        values: one figure each; NaN is left out.
        groups: whose value it is; whole groups are drawn with replacement. A single group shows no spread: both ends
            are then the mean.

    >>> bootstrap_mean(np.array([1.0, 1.0, np.nan, 1.0]), np.array(["a", "a", "b", "c"]))
    Interval(value=1.0, low=1.0, high=1.0)
    """
    known = ~np.isnan(values)
    if not known.any():
        return Interval(np.nan, np.nan, np.nan)
    of_group = np.unique(groups[known], return_inverse=True)[1]
    # Drawn means are taken of what is left after the mean, so that equal values give an interval without width.
    mean = float(values[known].mean())
    sums = np.stack([np.bincount(of_group, values[known] - mean), np.bincount(of_group)], axis=1)
    drawn = _drawn(len(sums))
    parts = np.split(drawn, range(_REPLICATES_PER_PRODUCT, len(drawn), _REPLICATES_PER_PRODUCT))
    away, count = np.concatenate([part.astype(float) @ sums for part in parts]).T
    low, high = np.quantile(away / count, [0.025, 0.975])
    return Interval(mean, mean + float(low), mean + float(high))


def bootstrap_difference(
    values: Float[np.ndarray, " value"], others: Float[np.ndarray, " value"], groups: Shaped[np.ndarray, " value"]
) -> Interval:
    """The mean of values - others, paired: both were measured on the same cases. Left out where either is NaN.

    An interval without 0 says that the difference is beyond noise, also where the two intervals overlap.
    """
    return bootstrap_mean(values - others, groups)


@lru_cache(maxsize=2)
def _drawn(groups: int) -> UInt8[np.ndarray, "replicate group"]:
    """How often each replicate draws each group. Kept, because metrics of the same impressions share it."""
    rng = np.random.default_rng(_SEED)
    counts = (np.bincount(rng.integers(0, groups, groups), minlength=groups) for _ in range(_REPLICATES))
    return np.stack([np.minimum(row, 255).astype(np.uint8) for row in counts])
