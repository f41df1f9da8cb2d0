"""How two clicks work together: what hiding both does beyond hiding each.

Source: the second difference of Grabisch and Roubens 1999, https://doi.org/10.1007/s001820050125, at the whole
history. We differ: it is not averaged over subsets, so it is exact and about this history.
"""

from itertools import combinations

import numpy as np
from jaxtyping import Float

from recattn.types import Array, Prediction


def interaction(prediction: Prediction, first: int, second: int) -> float:
    """F(all) - F(without first) - F(without second) + F(without both), for two clicks by their place.

    Above 0 they need each other; below 0 one can stand in for the other.
    """
    keep = np.ones((3, len(prediction.items)), dtype=bool)
    keep[0, first] = keep[1, second] = keep[2, first] = keep[2, second] = False
    without_first, without_second, without_both = prediction.score(keep).tolist()
    return prediction.total - without_first - without_second + without_both


def interactions(prediction: Prediction) -> Float[Array, "click other"]:
    """The interaction of every two clicks; 0 on the diagonal. Asks n (n - 1) / 2 + n times."""
    n = len(prediction.items)
    pairs = np.array(list(combinations(range(n), 2)), dtype=np.int64).reshape(-1, 2)
    keep = np.ones((len(pairs), n), dtype=bool)
    keep[np.arange(len(pairs))[:, None], pairs] = False
    without = prediction.score(~np.eye(n, dtype=bool))
    values = prediction.total - without[pairs[:, 0]] - without[pairs[:, 1]] + prediction.score(keep)
    table = np.zeros((n, n))
    table[pairs[:, 0], pairs[:, 1]] = table[pairs[:, 1], pairs[:, 0]] = values
    return table
