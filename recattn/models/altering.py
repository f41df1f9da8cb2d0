"""What an explanation should survive, and what not: texts in other words, weights without what was learned."""

from copy import deepcopy

import numpy as np
import torch
from jaxtyping import Float

from recattn.models.attention import RecAttnModel


def moved(vectors: Float[np.ndarray, "click dim"], distance: float, seed: int) -> Float[np.ndarray, "click dim"]:
    """Vectors of unchanged length, each at this cosine distance from where it was, in a direction drawn by chance.

    >>> before = np.eye(3, dtype=np.float32)
    >>> (before * moved(before, 0.25, seed=0)).sum(axis=1).round(3).tolist()
    [0.75, 0.75, 0.75]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(lengths > 0, lengths, 1.0)
    aside = np.random.default_rng(seed).standard_normal(vectors.shape).astype(vectors.dtype)
    aside -= (aside * units).sum(axis=1, keepdims=True) * units
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    kept = 1 - distance
    return (lengths * (kept * units + np.sqrt(1 - kept**2) * aside)).astype(vectors.dtype)


def scrambled(model: RecAttnModel, seed: int) -> RecAttnModel:
    """A copy in which the entries of every weight stand in another order: as large as before, but nothing learned.

    Source: the parameter randomisation test of Adebayo et al. 2018, https://arxiv.org/abs/1810.03292. We differ:
    weights are shuffled, not drawn anew, so that their sizes stay.
    """
    other, draws = deepcopy(model), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in other.parameters():
            weight.copy_(weight.flatten()[torch.randperm(weight.numel(), generator=draws)].view_as(weight))
    return other.eval()
