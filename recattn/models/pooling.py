"""Histories after the attention layers, and how their units become one vector a user."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from recattn.models.blocks import masked_softmax
from recattn.models.shape import RecAttnConfig


@dataclass
class Reading:
    """Histories after the attention layers: all that scoring any candidate needs."""

    z: Float[Tensor, "batch unit dim"]
    keep: Bool[Tensor, "batch unit"]
    positions: Float[Tensor, "unit dim"]
    x: Float[Tensor, "batch unit dim"]
    attentions: Float[Tensor, "batch layer head query key"] | None = None
    values: Float[Tensor, "batch head key head_dim"] | None = None  # of the last layer
    texts: Float[Tensor, "batch unit text"] | None = None  # directions of the texts; no features without late fusion


class AdditivePooling(nn.Module):
    """One weight per unit, a softmax over the history; candidate-aware when asked for."""

    def __init__(self, config: RecAttnConfig) -> None:
        super().__init__()
        self.project = nn.Linear(config.dim, 128)
        self.query = nn.Linear(128, 1, bias=False)
        self.bilinear = nn.Linear(config.dim, config.dim, bias=False) if config.candidate_pooling else None
        nn.init.normal_(self.query.weight, std=0.02)
        if self.bilinear is not None:
            nn.init.zeros_(self.bilinear.weight)

    def forward(
        self, reading: Reading, candidates: Float[Tensor, "batch candidate dim"]
    ) -> Float[Tensor, "batch _ unit"]:
        """The weights; without the bilinear term the same for every candidate (an axis of 1)."""
        logits = self.query(torch.tanh(self.project(reading.z + reading.positions))).transpose(1, 2)
        if self.bilinear is not None:
            logits = logits + candidates @ self.bilinear(reading.z).transpose(1, 2)
        return masked_softmax(logits, reading.keep[:, None, :])


class LastPooling(nn.Module):
    """All weight on the most recent visible unit, which in a causal model has seen all others.

    Source: the user vector of Kang and McAuley 2018 (SASRec), https://arxiv.org/abs/1808.09781.
    """

    def forward(
        self,
        reading: Reading,
        candidates: Float[Tensor, "batch candidate dim"],  # noqa: ARG002, as `AdditivePooling` takes them
    ) -> Float[Tensor, "batch 1 unit"]:
        """1 at the last visible unit, the same for every candidate; all 0 where nothing is visible."""
        visible_from_here = reading.keep.flip(1).cumsum(dim=1).flip(1)
        return (reading.keep & (visible_from_here == 1)).to(reading.z.dtype)[:, None, :]
