"""Orders of the clicks that know nothing of the model: what an explanation has to beat."""

import zlib

import numpy as np
from jaxtyping import Float

from recattn.types import Array, Prediction


def cosine(prediction: Prediction) -> Float[Array, " click"]:
    """How alike the texts of the click and of the recommended item are, to the text encoder alone."""
    return prediction.similarity


def recency(prediction: Prediction) -> Float[Array, " click"]:
    """The place in the history: 1 for the most recent click, 1/n for the oldest."""
    n = len(prediction.items)
    return np.arange(1, n + 1) / max(n, 1)


def random(prediction: Prediction) -> Float[Array, " click"]:
    """Any weights; the same each time for the same history and item."""
    seed = zlib.crc32("\n".join((*prediction.items, prediction.candidate)).encode("utf-8", "surrogatepass"))
    return np.random.default_rng(seed).random(len(prediction.items))
