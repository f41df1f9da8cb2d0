"""One history asked many times: with clicks hidden or deleted, and on the way to it from the null click.

The one-layer model shares between all questions what does not depend on them: projections, query-key products, and
what each head's values add to the pooling layer. A question is then a softmax and a product of its own. Models of
another shape are run forward, in batches.
"""

import math
from functools import cached_property
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from recattn.models.attention import RecAttnModel
from recattn.models.blocks import Block
from recattn.models.pooling import Reading
from recattn.models.subsets import Subsets

_CELLS_PER_BATCH = 1 << 21  # bounds the memory of one batch of forward runs
_SUBSETS_PER_BATCH = 256


class Asking:
    """Answers for one history.

    Args:
        model: in evaluation mode.
        clicks: the visible history as the model compares items, oldest first.
    """

    def __init__(self, model: RecAttnModel, clicks: Float[Tensor, "click width"]) -> None:
        self.model = model
        with torch.inference_mode(False):
            self.clicks = clicks.clone()  # an inference tensor can't take part in a gradient

    @property
    def shares(self) -> bool:
        """Whether the fast path holds for this model."""
        config = self.model.config
        units = len(self.clicks) + int(config.null_click)
        sees_all = config.attention == "learned" and not config.causal
        pools_alike = config.pooling == "additive" and not config.candidate_pooling
        return config.exact and sees_all and pools_alike and self.model.fusion is None and units > 0

    def masked(
        self, keep: Bool[np.ndarray, "subset click"], candidates: Float[Tensor, "candidate width"]
    ) -> Float[np.ndarray, "subset candidate"]:
        """Scores with only the kept clicks visible, each in its place."""
        with torch.inference_mode():
            if self.shares:
                users = self._subsets.users(torch.as_tensor(keep))
                return (self.model.user_vectors(users) @ candidates.T).numpy()
            return self._forward(self.clicks.expand(len(keep), -1, -1), torch.as_tensor(keep), candidates).numpy()

    def deleted(
        self, keep: Bool[np.ndarray, "subset click"], candidates: Float[Tensor, "candidate width"]
    ) -> Float[np.ndarray, "subset candidate"]:
        """Scores as if only the kept clicks had been read: positions count over them alone."""
        with torch.inference_mode():
            sizes = keep.sum(axis=1)
            order = np.argsort(keep, axis=1, kind="stable")  # what is left moves to the end
            scores = torch.empty(len(keep), len(candidates))
            for part in np.array_split(np.argsort(sizes), len(keep) // _SUBSETS_PER_BATCH + 1):
                at = order[part][:, keep.shape[1] - sizes[part].max(initial=0) :]
                visible = torch.as_tensor(np.take_along_axis(keep[part], at, axis=1))
                scores[torch.as_tensor(part)] = self._forward(self.clicks[torch.as_tensor(at)], visible, candidates)
            return scores.numpy()

    def gradient(
        self, scale: Float[np.ndarray, " step"], candidate: Float[Tensor, " width"]
    ) -> Float[np.ndarray, "step click"]:
        """(click - null click) x gradient at null click + step * (click - null click)."""
        with torch.inference_mode(False), torch.enable_grad():
            steps = torch.as_tensor(scale, dtype=self.clicks.dtype)
            # The slope along its own line is all that is asked of a click: one number, not a vector.
            along = steps[:, None].expand(-1, len(self.clicks)).clone().requires_grad_()
            score, _ = self.model.score(self._on_the_way(along), candidate.clone().expand(len(along), 1, -1))
            (slope,) = torch.autograd.grad(score.sum(), along)
        return slope.numpy()

    def origin(self, candidates: Float[Tensor, "candidate width"]) -> Float[np.ndarray, " candidate"]:
        """Scores when every click is the null click: step 0 of `gradient`."""
        with torch.inference_mode():
            clicks = self._null.expand(1, len(self.clicks), -1)
            return self._forward(clicks, torch.ones(clicks.shape[:2], dtype=torch.bool), candidates)[0].numpy()

    def _forward(
        self,
        clicks: Float[Tensor, "subset click width"],
        keep: Bool[Tensor, "subset click"],
        candidates: Float[Tensor, "candidate width"],
    ) -> Float[Tensor, "subset candidate"]:
        units = clicks.shape[1] + 1
        size = max(1, min(_SUBSETS_PER_BATCH, _CELLS_PER_BATCH // (units * len(candidates))))
        parts = []
        for some, visible in zip(clicks.split(size), keep.split(size), strict=True):
            reading = self.model.read(some, visible)
            parts.append(self.model.score(reading, candidates.expand(len(some), -1, -1))[0])
        return torch.cat(parts)

    @property
    def _null(self) -> Float[Tensor, " width"]:
        config, null = self.model.config, self.model.null_click
        return torch.zeros(config.width) if null is None else F.pad(null.detach(), (0, config.width - config.dim))

    @cached_property
    def _subsets(self) -> Subsets:
        return Subsets(self.model, self.model.parted(self.clicks)[0])

    def _on_the_way(self, along: Float[Tensor, "step click"]) -> Reading:
        """The history with each click at its own place between the null click (0) and itself (1)."""
        if not self.shares:
            clicks = self._null + along[..., None] * (self.clicks - self._null)
            return self.model.read(clicks, torch.ones(along.shape, dtype=torch.bool))
        attention, null = cast(Block, self.model.blocks[0]).attention, int(self.model.config.null_click)
        along = F.pad(along, (null, 0))[..., None]
        with torch.no_grad():
            nothing, clicks = (self.model.parted(part)[0] for part in (self._null, self.clicks))
            start = nothing.expand(along.shape[1], -1)
            away = F.pad(clicks - nothing, (0, 0, null, 0))
            positions = self.model.unit_positions(len(self.clicks))
            placed = start + positions
        # Projections are linear, so they are made once for both ends of the way.
        q = attention.query(placed) + along * F.linear(away, attention.query.weight)
        k = attention.key(placed) + along * F.linear(away, attention.key.weight)
        v = attention.value(start) + along * attention.value(away)
        q, k, v = (part.unflatten(-1, (attention.heads, -1)).transpose(1, 2) for part in (q, k, v))
        mixed = (torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), dim=-1) @ v).transpose(1, 2).flatten(2)
        x = start + along * away
        z = x + mixed if self.model.config.residual else mixed
        return Reading(z, torch.ones(z.shape[:2], dtype=torch.bool), positions, x)
