"""What each single look of a head does to the score: one cell of its attention blocked, everything else left to follow.

The cell's weight goes to the rest of its row, as the softmax would give it; the row's unit changes, then how much that
row counts, then the score. This is the experiment; `contributions` says what the cell adds with all of that held.
Source: attention knockout, Geva et al. 2023, https://arxiv.org/abs/2304.14767. We differ: one cell of one head each,
all cells at once, since a blocked cell changes a single row.
"""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from recattn.models.attention import RecAttnModel
from recattn.models.pooling import LastPooling, Reading

_LEAST_LEFT = 1e-6  # of a row's weight; where a row has no other place to look, its head adds nothing there


def cell_effects(
    model: RecAttnModel, reading: Reading, candidate: Float[Tensor, " width"]
) -> Float[Tensor, "head query key"] | None:
    """By how much the score falls when one head can't look from one unit at another; None for deeper models, and where
    a gate weighs popularity by what was read.

    Args:
        model: in evaluation mode.
        reading: of one history, on the explaining path.
        candidate: whose score it is.
    """
    if not model.config.exact or model.config.popularity == "gate" or reading.attentions is None:
        return None
    heads, scale, candidate = model.config.heads, model.log_scale.exp(), model.parted(candidate)[0]
    moves = _moves(reading.attentions[0, 0], cast(Tensor, reading.values)[0])
    z, pooling = reading.z[0], model.pooling
    if isinstance(pooling, LastPooling):  # nothing but that unit moves the score
        return -scale * pooling(reading, candidate[None, None])[0, 0][:, None] * _along(moves, candidate)
    row = pooling.project(z + reading.positions)  # (query, hidden)
    by_head = pooling.project.weight.unflatten(1, (heads, -1))  # (hidden, head, head_dim)
    moved = row[:, None] + torch.einsum("hqkd,phd->hqkp", moves, by_head)
    logit = pooling.query(torch.tanh(row))[:, 0]
    logits = pooling.query(torch.tanh(moved))[..., 0]
    if pooling.bilinear is not None:
        direction = pooling.bilinear.weight.T @ candidate
        logit = logit + z @ direction
        logits = logits + (z @ direction)[:, None] + _along(moves, direction)
    own = z @ candidate
    return scale * _fall(logit, logits, own, own[:, None] + _along(moves, candidate))


def _moves(
    weights: Float[Tensor, "head query key"], values: Float[Tensor, "head key head_dim"]
) -> Float[Tensor, "head query key head_dim"]:
    """How far each row's mix of values moves when one of its cells is blocked."""
    mixed = (weights @ values)[:, :, None]
    left = (1 - weights)[..., None]
    away = weights[..., None] * (mixed - values[:, None]) / left.clamp(min=_LEAST_LEFT)
    return torch.where(left > _LEAST_LEFT, away, -mixed)


def _along(
    moves: Float[Tensor, "head query key head_dim"], direction: Float[Tensor, " dim"]
) -> Float[Tensor, "head query key"]:
    return torch.einsum("hqkd,hd->hqk", moves, direction.unflatten(0, (len(moves), -1)))


def _fall(
    logit: Float[Tensor, " query"],
    logits: Float[Tensor, "head query key"],
    own: Float[Tensor, " query"],
    owns: Float[Tensor, "head query key"],
) -> Float[Tensor, "head query key"]:
    """The pooled score before less that with one row's logit and product replaced; float64, since both are close."""
    top = torch.maximum(logit.max(), logits.max()).double()
    before, after = (logit.double() - top).exp(), (logits.double() - top).exp()
    whole, total = before.sum(), (before * own).sum()
    rest, others = whole - before, total - before * own
    pooled = (others[:, None] + after * owns) / (rest[:, None] + after)
    return (total / whole - pooled).to(own.dtype)
