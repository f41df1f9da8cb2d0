"""Late fusion: the likeness of the texts themselves is a part of the score, beside what attention makes of them."""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recattn.models.pooling import Reading
from recattn.models.shape import RecAttnConfig


class LateFusion(nn.Module):
    """A learned weight times the cosine of the candidate's text with those of the clicks: their mean, or the highest.

    Both are sums over clicks, so the score stays one: "mean" gives each visible click its share, "max" all to one.

    Source: late fusion after Snoek et al. 2005, https://doi.org/10.1145/1101149.1101236. We differ: the weight is
    learned together with the model that it is added to.
    """

    def __init__(self, config: RecAttnConfig) -> None:
        super().__init__()
        self.kind, self.null = config.late_fusion, int(config.null_click)
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(
        self, reading: Reading, texts: Float[Tensor, "batch candidate text_dim"]
    ) -> Float[Tensor, "batch candidate unit"]:
        """What each unit adds for each candidate; the null click has no text and adds nothing."""
        clicks = reading.keep.clone()
        clicks[:, : self.null] = False
        cosines = texts @ cast(Tensor, reading.texts).mT  # (batch, candidate, unit)
        if self.kind == "mean" or not clicks.shape[1]:
            shares = clicks / clicks.sum(dim=1, keepdim=True).clamp(min=1)
            return self.weight * shares[:, None, :] * cosines
        best = cosines.masked_fill(~clicks[:, None, :], -torch.inf).argmax(dim=-1, keepdim=True)
        return self.weight * torch.zeros_like(cosines).scatter(-1, best, cosines.gather(-1, best)) * clicks[:, None, :]
