"""The score as a sum over heads and clicks, for any depth: what is not linear is held at the value it took.

One layer: the closed form of `RecAttnModel.contributions`. Deeper, or with normalisation and feed-forward: attention,
pooling, the spread each normalisation divides by and the gates of the feed-forward part are held; the score is then
linear in the units x, plus what the biases of these parts add.

Source: for attention held fixed, Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits",
https://transformer-circuits.pub/2021/framework; normalisation as in Ali et al. 2022, https://arxiv.org/abs/2202.07304.
We differ: GELU(u) = u * Phi(u) is held at Phi(u), so that the sum is exact there too.
"""

from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from recattn.models.attention import RecAttnModel
from recattn.models.blocks import Block
from recattn.models.pooling import Reading


class Contributions(NamedTuple):
    """Parts of the score of each candidate: through each head of the last layer, past it (also by late fusion), from
    biases, and from the candidate's popularity and age."""

    by_head: Float[Tensor, "candidate head key"]
    residual: Float[Tensor, "candidate key"]
    bias: Float[Tensor, " candidate"]
    popularity: Float[Tensor, " candidate"]


def contributions(
    model: RecAttnModel,
    reading: Reading,
    pooling: Float[Tensor, "1 candidate query"],
    candidates: Float[Tensor, "candidate width"],
) -> Contributions:
    """The parts for one history, read on the explaining path."""
    by_head, residual = model.contributions(reading, pooling, candidates[None])
    popularity = model.popularity_adds(pooling[0] @ reading.z[0], model.parted(candidates)[1])
    if by_head is not None and residual is not None:
        return Contributions(by_head[0], residual[0], torch.zeros(len(candidates)), popularity)
    with torch.inference_mode(False), torch.enable_grad():
        held = Reading(*(part.clone() if isinstance(part, Tensor) else part for part in vars(reading).values()))
        return _frozen(model, held, pooling[0].clone(), candidates.clone(), popularity)


def _frozen(
    model: RecAttnModel,
    reading: Reading,
    pooling: Float[Tensor, "candidate query"],
    candidates: Float[Tensor, "candidate width"],
    popularity: Float[Tensor, " candidate"],
) -> Contributions:
    """Input x gradient of the linear map that is left when all else is held, one path a head and one past them."""
    x, (candidates, _, texts) = reading.x[0], model.parted(candidates)
    start = x.expand(model.config.heads + 1, -1, -1).clone().requires_grad_()  # (path, unit, dim)
    z, linear = x, start
    maps = cast(Tensor, reading.attentions)[0]
    for layer, block in enumerate(model.blocks):
        z, linear = _held_block(cast(Block, block), maps[layer], z, linear, split=layer == model.config.layers - 1)
    weighted = model.log_scale.exp().detach() * pooling @ (z - linear.sum(dim=0)).detach()
    bias = (weighted * candidates).sum(dim=-1)
    parts = []
    for weights, candidate in zip(pooling, candidates, strict=True):
        score = model.log_scale.exp() * (weights @ linear @ candidate).sum()
        (gradient,) = torch.autograd.grad(score, start, retain_graph=True)
        parts.append((gradient * x).sum(dim=-1))
    by_path = torch.stack(parts)  # (candidate, path, unit)
    if model.fusion is not None:  # linear as it is, and past all heads
        by_path[:, -1] += (model.log_scale.exp() * model.fusion(reading, texts[None])[0]).detach()
    return Contributions(by_path[:, :-1], by_path[:, -1], bias, popularity)


def _held_block(
    block: Block,
    attention: Float[Tensor, "head query key"],
    z: Float[Tensor, "unit dim"],
    linear: Float[Tensor, "path unit dim"],
    split: bool,
) -> tuple[Float[Tensor, "unit dim"], Float[Tensor, "path unit dim"]]:
    """The units after a block, and their part that is linear in the input.

    Where ``split``, path h goes through head h alone and the last path past all heads.
    """
    normed, linear_normed = _held_norm(block.norm, z, linear)
    heads = len(attention)
    mixed, linear_mixed = (
        (attention @ block.attention.value(part).unflatten(-1, (heads, -1)).transpose(-3, -2)).transpose(-3, -2)
        for part in (normed, linear_normed)
    )  # (..., unit, head, head_dim)
    past = linear if block.residual else torch.zeros_like(linear)
    if split:
        through = torch.eye(heads + 1)[:, :heads]
        linear_mixed = linear_mixed * through[:, None, :, None]
        past = past * torch.eye(heads + 1)[:, heads, None, None]
    z, linear = (z if block.residual else 0) + mixed.flatten(-2), past + linear_mixed.flatten(-2)
    if block.feed_forward is None:
        return z, linear
    norm, widen, narrow = block.feed_forward[0], cast(nn.Linear, block.feed_forward[1]), block.feed_forward[3]
    normed, linear_normed = _held_norm(norm, z, linear)
    wide = widen(normed)
    gate = 0.5 * (1 + torch.erf(wide / 2**0.5))
    added = narrow(gate * wide)
    return z + added, linear + F.linear(gate * F.linear(linear_normed, widen.weight), cast(nn.Linear, narrow).weight)


def _held_norm(
    norm: nn.Module, z: Float[Tensor, "unit dim"], linear: Float[Tensor, "path unit dim"]
) -> tuple[Float[Tensor, "unit dim"], Float[Tensor, "path unit dim"]]:
    """A normalisation, and its linear part with the spread it divides by held."""
    if not isinstance(norm, nn.LayerNorm):
        return z, linear
    spread = ((z - z.mean(dim=-1, keepdim=True)).square().mean(dim=-1, keepdim=True) + norm.eps).sqrt()
    return norm(z), (linear - linear.mean(dim=-1, keepdim=True)) / spread * norm.weight
