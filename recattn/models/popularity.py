"""What an item's popularity and age are worth, whatever was read."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recattn.models.shape import RecAttnConfig
from recattn.types import FACTS


class Popularity(nn.Module):
    """Learned weights of `recattn.models.facts`, the same for everybody or times a gate that looks at the user.

    Source: PP-Rec, Qi et al. 2021, https://aclanthology.org/2021.acl-long.424, whose score is (1 - g) match + g
    popularity. We differ: match + g / (1 - g) popularity, which orders alike and leaves the sum over clicks as it is;
    popularity is linear in three facts.
    """

    def __init__(self, config: RecAttnConfig) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(FACTS))
        self.gate = nn.Linear(config.dim, 1) if config.popularity == "gate" else None
        if self.gate is not None:
            nn.init.zeros_(self.gate.weight)
            nn.init.zeros_(self.gate.bias)

    def forward(self, users: Float[Tensor, "*shape dim"]) -> Float[Tensor, "*shape fact"]:
        """The weight of each fact for each user."""
        weights = self.weights.expand(*users.shape[:-1], -1)
        return weights if self.gate is None else self.gate(users).exp() * weights
