"""The layers of the model: self-attention without output projection, and what may stand around it.

Masks are called ``keep``; True is visible.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from recattn.models.shape import RecAttnConfig


class SelfAttention(nn.Module):
    """Multi-head self-attention without output projection: Z' = A V, heads side by side.

    The twins "uniform" (every visible unit gets the same weight) and "permuted" (each weight goes to the next visible
    unit) ask whether a model needs its attention to be where it is.

    Source: Wiegreffe and Pinter 2019, "Attention is not not Explanation", https://aclanthology.org/D19-1002.
    """

    def __init__(self, dim: int, heads: int, dropout: float, kind: str = "learned", causal: bool = False) -> None:
        super().__init__()
        self.heads, self.dropout, self.kind, self.causal = heads, dropout, kind, causal
        self.query, self.key, self.value = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim, bias=False)
        # Units have length about 1: with this gain a head tells like from unlike clicks from the start.
        nn.init.orthogonal_(self.query.weight, gain=math.sqrt(2 * heads * math.sqrt(dim / heads)))
        nn.init.orthogonal_(self.value.weight, gain=0.1)
        with torch.no_grad():
            self.key.weight.copy_(self.query.weight)
        nn.init.zeros_(self.query.bias)
        nn.init.zeros_(self.key.bias)

    def forward(
        self,
        x: Float[Tensor, "batch unit dim"],
        positions: Float[Tensor, "unit dim"],
        keep: Bool[Tensor, "batch unit"],
        explain: bool,
        heads: Bool[Tensor, " head"] | None = None,
        mapped: Float[Tensor, "batch unit 3 dim"] | None = None,
    ) -> tuple[
        Float[Tensor, "batch unit dim"],
        Float[Tensor, "batch head unit unit"] | None,
        Float[Tensor, "batch head unit head_dim"],
    ]:
        """What each unit takes over from the others, the weights (explaining path), the values (0 in hidden heads).

        With ``mapped``, what `map` gives for ``x``, the linear maps of the units are not computed again.
        """
        if mapped is None:
            placed = x + positions
            q, k, v = self._split(self.query(placed)), self._split(self.key(placed)), self._split(self.value(x))
        else:
            q, k, v = (self._split(part) for part in mapped.unbind(dim=-2))
            q, k = (part + self._split(of(positions)[None]) for part, of in ((q, self.query), (k, self.key)))
        if heads is not None:
            v = v * heads[:, None, None]
        visible = self._visible(keep)
        if explain or self.kind != "learned":
            weights = self._weights(q, k, visible)
            mixed = F.dropout(weights, self.dropout, self.training) @ v
        else:
            weights = None
            bias = torch.zeros_like(visible, dtype=q.dtype).masked_fill(~visible, torch.finfo(q.dtype).min)
            dropout = self.dropout if self.training else 0.0
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout)
        return mixed.transpose(1, 2).flatten(2), weights, v

    def map(self, x: Float[Tensor, "*shape dim"]) -> Float[Tensor, "*shape 3 dim"]:
        """Query, key and value of a unit before its position is added: linear, so an item's are always the same."""
        return torch.stack([F.linear(x, part.weight) for part in (self.query, self.key, self.value)], dim=-2)

    def _visible(self, keep: Bool[Tensor, "batch key"]) -> Bool[Tensor, "batch 1 _ key"]:
        """What each unit may look at; the same for all of them (an axis of 1) unless the model is causal."""
        visible = keep[:, None, None, :]
        if not self.causal:
            return visible
        return visible & torch.ones(keep.shape[1], keep.shape[1], dtype=torch.bool, device=keep.device).tril()

    def _weights(
        self,
        q: Float[Tensor, "batch head query dim"],
        k: Float[Tensor, "batch head key dim"],
        visible: Bool[Tensor, "batch 1 _ key"],
    ) -> Float[Tensor, "batch head query key"]:
        logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])  # (batch, head, query, key)
        if self.kind == "uniform":
            logits = torch.zeros_like(logits)
        weights = masked_softmax(logits, visible)
        if self.kind == "permuted":
            weights = weights.gather(-1, _previous_visible(visible).expand_as(weights))
        return weights

    def _split(self, projected: Float[Tensor, "batch unit dim"]) -> Float[Tensor, "batch head unit head_dim"]:
        return projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """One layer: attention and, where asked for, normalisation and feed-forward (pre-norm)."""

    def __init__(self, config: RecAttnConfig) -> None:
        super().__init__()
        self.attention = SelfAttention(config.dim, config.heads, config.dropout, config.attention, config.causal)
        self.residual = config.residual
        self.norm: nn.Module = nn.Identity()
        self.feed_forward: nn.Sequential | None = None
        if config.feed_forward:
            norm, last = nn.LayerNorm(config.dim), nn.Linear(4 * config.dim, config.dim)
            # Attention begins with units of length about 1, also normalised ones, and the feed-forward part with 0.
            nn.init.constant_(norm.weight, 1 / math.sqrt(config.dim))
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            widened = (nn.LayerNorm(config.dim), nn.Linear(config.dim, 4 * config.dim), nn.GELU())
            self.norm, self.feed_forward = norm, nn.Sequential(*widened, last, nn.Dropout(config.dropout))

    def forward(
        self,
        x: Float[Tensor, "batch unit dim"],
        positions: Float[Tensor, "unit dim"],
        keep: Bool[Tensor, "batch unit"],
        explain: bool,
        heads: Bool[Tensor, " head"] | None = None,
        mapped: Float[Tensor, "batch unit 3 dim"] | None = None,
    ) -> tuple[
        Float[Tensor, "batch unit dim"],
        Float[Tensor, "batch head unit unit"] | None,
        Float[Tensor, "batch head unit head_dim"],
    ]:
        """The units after this layer, its attention (explaining path) and its values."""
        mixed, weights, values = self.attention(self.norm(x), positions, keep, explain, heads, mapped)
        z = x + mixed if self.residual else mixed
        return (z if self.feed_forward is None else z + self.feed_forward(z)), weights, values

    def map(self, x: Float[Tensor, "*shape dim"]) -> Float[Tensor, "*shape 3 dim"]:
        """As `SelfAttention.map`, after the normalisation."""
        return self.attention.map(self.norm(x))


def masked_softmax(logits: Float[Tensor, "*shape"], keep: Bool[Tensor, "*mask"]) -> Float[Tensor, "*shape"]:
    """Softmax over the last axis, exactly 0 where hidden; a row with nothing visible is all 0, never NaN."""
    return torch.softmax(logits.masked_fill(~keep, torch.finfo(logits.dtype).min), dim=-1) * keep


def _previous_visible(visible: Bool[Tensor, "*row key"]) -> Int[Tensor, "*row key"]:
    """For each visible place the visible place before it, the last one for the first; hidden places stay."""
    places = torch.arange(visible.shape[-1], device=visible.device).expand_as(visible)
    order = torch.argsort(~visible, dim=-1, stable=True)  # visible places first, in order
    counts = visible.sum(dim=-1, keepdim=True)
    turned = torch.where(places < counts, (places - 1) % counts.clamp(min=1), places)
    return torch.empty_like(order).scatter(-1, order, order.gather(-1, turned))
