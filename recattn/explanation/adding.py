"""What each click adds to the score: exact parts, and gradients."""

import numpy as np
from jaxtyping import Float

from recattn.types import Array, Prediction

STEPS = 32  # of the path; at Gauss-Legendre points the error falls much faster than with the same number of even ones


def contribution(prediction: Prediction) -> Float[Array, " click"]:
    """The part of the score that is each click's, over all heads and past them: an exact sum.

    Source: recattn.models.attention, the score with attention and pooling held at the values they took; after
    Elhage et al. 2021, https://transformer-circuits.pub/2021/framework.
    """
    return np.asarray(prediction.per_click)


def gradient_x_input(prediction: Prediction) -> Float[Array, " click"]:
    """The slope of the score at this history, times how far each click is from the null click.

    Source: Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713.
    """
    return prediction.gradient(np.ones(1))[0]


def integrated_gradients(prediction: Prediction) -> Float[Array, " click"]:
    """The slope averaged on the way from a history of null clicks to this one.

    Source: Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365. Points and weights are Gauss-Legendre's.
    """
    places, weights = np.polynomial.legendre.leggauss(STEPS)
    return (weights / 2) @ prediction.gradient((places + 1) / 2)
