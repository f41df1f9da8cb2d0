"""A user block that begins as the last attention of the text encoder, instead of by chance."""

import math
from typing import cast

import torch
from torch import nn

from recattn.errors import UnknownError
from recattn.models.attention import RecAttnModel
from recattn.models.blocks import Block
from recattn.models.encoder import TextEncoder

_NAMES = (("query", "key", "value"), ("q_lin", "k_lin", "v_lin"), ("q_proj", "k_proj", "v_proj"), ("q", "k", "v"))
_VALUE_GAIN = 0.1  # as `SelfAttention` begins: what heads add is small beside the click itself


def inherit(model: RecAttnModel, encoder: TextEncoder) -> None:
    """Give the first layer the encoder's last query, key and value weights; items begin as the encoder's vectors.

    Queries and keys are scaled to units of length 1 (the encoder's have that of its normalisation). Values are
    scaled to the length with which ours begin, since we have no output projection that would do it.

    Raises:
        UnknownError: when model and encoder are of different widths, or the encoder has no such weights.
    """
    found = _last_attention(encoder.module)
    if found is None or model.config.dim != encoder.dim or found[0][0].weight.shape != (encoder.dim, encoder.dim):
        raise UnknownError(
            f"A model {model.config.dim} wide can't begin as the last layer of {encoder.folder.name}, which is "
            f"{encoder.dim} wide{'' if found else ' and has no attention layer that we know'}.",
            "Allowed is a dim that is the encoder's, with an encoder of the kind of BERT.",
            f"Try --set dim={encoder.dim}, or leave init_from_encoder at false.",
        )
    (query, key, value), norm = found
    length = norm.weight.square().sum().add(norm.bias.square().sum()).sqrt()
    ours = cast(Block, model.blocks[0]).attention
    with torch.no_grad():
        model.project.weight.copy_(torch.eye(encoder.dim))
        for own, theirs in ((ours.query, query), (ours.key, key)):
            own.weight.copy_(theirs.weight * length)
            own.bias.copy_(theirs.bias if theirs.bias is not None else torch.zeros(encoder.dim))
        ours.value.weight.copy_(value.weight * (_VALUE_GAIN * math.sqrt(encoder.dim) / value.weight.norm()))


def _last_attention(module: nn.Module) -> tuple[tuple[nn.Linear, nn.Linear, nn.Linear], nn.LayerNorm] | None:
    """The last attention's weights, and the normalisation of what it sees: the last one before it."""
    found, norm = None, None
    for part in module.modules():
        norm = part if isinstance(part, nn.LayerNorm) else norm
        for names in _NAMES:
            query, key, value = (getattr(part, name, None) for name in names)
            if norm is None or not isinstance(query, nn.Linear):
                continue
            if isinstance(key, nn.Linear) and isinstance(value, nn.Linear):
                found = (query, key, value), norm
    return found
