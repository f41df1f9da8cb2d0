"""The recommender: multi-head self-attention over a reading history, pooled, times the candidate.

For a history of units (a learned null click, then the clicks, oldest first), with x_i the vector of unit i and
p_i its position counted from the most recent click:

    x_i   = W_x e_i + category                             e_i: the text encoder's vector of the item
    A^h   = softmax(q^h k^hT / sqrt(d / H))                q, k from x_i + p_i; only visible units
    z_j   = x_j + concat_h sum_i A^h_ji v^h_i              v from x_i; x_j is the residual path
    w_j   = softmax_j(u . tanh(W_p (z_j + p_j)) + z_j B c)   additive pooling; B only when candidate-aware
    score = s * sum_j w_j (z_j . c)                        c: the candidate, embedded as x is

With A and w held at the values they took, a one-layer score is a sum over heads and units (`contributions`).

Source: self-attention after Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; as a news recommender after
Wu et al. 2019 (NRMS), https://aclanthology.org/D19-1671. We differ: no output projection (as in the founding
document, Z' = A V), a residual path, positions from the most recent click in q, k and the pooling only, a null
click, one shared tower for clicks and candidates.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput


class RecAttnConfig(PreTrainedConfig):
    """The shape of a model; stored as ``config.json`` beside its weights."""

    model_type = "recattn"

    def __init__(
        self,
        text_dim: int = 384,
        dim: int = 384,
        heads: int = 12,
        layers: int = 1,
        max_history: int = 50,
        categories: list[str] | None = None,  # row 0 of the embedding is "unknown"; row i + 1 is categories[i]
        null_click: bool = True,
        residual: bool = True,
        candidate_pooling: bool = False,
        feed_forward: bool = False,  # pre-norm block with a feed-forward part; the score is then no exact sum
        attention: str = "learned",  # or a twin that looks elsewhere: "uniform", "permuted"
        dropout: float = 0.1,
        encoder: str = "",
        encoder_fingerprint: str = "",
        max_tokens: int = 64,
        text_category: bool = False,
        text_abstract: bool = False,
        **kwargs: Any,
    ) -> None:
        self.text_dim, self.dim, self.heads, self.layers, self.max_history = text_dim, dim, heads, layers, max_history
        self.categories = categories or []
        self.null_click, self.residual, self.candidate_pooling = null_click, residual, candidate_pooling
        self.feed_forward, self.attention, self.dropout = feed_forward, attention, dropout
        # Where e_i comes from: which encoder, and which text of an item it is given.
        self.encoder, self.encoder_fingerprint, self.max_tokens = encoder, encoder_fingerprint, max_tokens
        self.text_category, self.text_abstract = text_category, text_abstract
        super().__init__(**kwargs)

    @property
    def exact(self) -> bool:
        """Whether the score is an exact sum over heads and units."""
        return self.layers == 1 and not self.feed_forward


@dataclass
class RecAttnOutput(ModelOutput):
    """What the model returns; the last four only on the explaining path."""

    loss: Float[Tensor, ""] | None = None
    scores: Float[Tensor, "batch candidate"] | None = None
    attentions: Float[Tensor, "batch layer head query key"] | None = None
    pooling: Float[Tensor, "batch candidate query"] | None = None
    contributions: Float[Tensor, "batch candidate head key"] | None = None  # None where not exact
    residuals: Float[Tensor, "batch candidate key"] | None = None


@dataclass
class Reading:
    """Histories after the attention layers: all that scoring any candidate needs."""

    z: Float[Tensor, "batch unit dim"]
    keep: Bool[Tensor, "batch unit"]
    positions: Float[Tensor, "unit dim"]
    x: Float[Tensor, "batch unit dim"]
    attentions: Float[Tensor, "batch layer head query key"] | None = None
    values: Float[Tensor, "batch head key head_dim"] | None = None  # of the last layer


class SelfAttention(nn.Module):
    """Multi-head self-attention without output projection: Z' = A V, heads side by side.

    The twins "uniform" (every visible unit gets the same weight) and "permuted" (each weight goes to the next visible
    unit) ask whether a model needs its attention to be where it is.

    Source: Wiegreffe and Pinter 2019, "Attention is not not Explanation", https://aclanthology.org/D19-1002.
    """

    def __init__(self, dim: int, heads: int, dropout: float, kind: str = "learned") -> None:
        super().__init__()
        self.heads, self.dropout, self.kind = heads, dropout, kind
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
    ) -> tuple[
        Float[Tensor, "batch unit dim"],
        Float[Tensor, "batch head unit unit"] | None,
        Float[Tensor, "batch head unit head_dim"],
    ]:
        """What each unit takes over from the others, the weights (explaining path), the values (0 in hidden heads)."""
        placed = x + positions
        q, k, v = self._split(self.query(placed)), self._split(self.key(placed)), self._split(self.value(x))
        if heads is not None:
            v = v * heads[:, None, None]
        if explain or self.kind != "learned":
            weights = self._weights(q, k, keep)
            mixed = F.dropout(weights, self.dropout, self.training) @ v
        else:
            weights = None
            bias = torch.zeros_like(keep, dtype=q.dtype).masked_fill(~keep, torch.finfo(q.dtype).min)
            dropout = self.dropout if self.training else 0.0
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias[:, None, None, :], dropout_p=dropout)
        return mixed.transpose(1, 2).flatten(2), weights, v

    def _weights(
        self,
        q: Float[Tensor, "batch head query dim"],
        k: Float[Tensor, "batch head key dim"],
        keep: Bool[Tensor, "batch key"],
    ) -> Float[Tensor, "batch head query key"]:
        logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])  # (batch, head, query, key)
        if self.kind == "uniform":
            logits = torch.zeros_like(logits)
        weights = masked_softmax(logits, keep[:, None, None, :])
        if self.kind == "permuted":
            weights = weights.gather(-1, _previous_visible(keep)[:, None, None, :].expand_as(weights))
        return weights

    def _split(self, projected: Float[Tensor, "batch unit dim"]) -> Float[Tensor, "batch head unit head_dim"]:
        return projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """One layer: attention and, where asked for, normalisation and feed-forward (pre-norm)."""

    def __init__(self, config: RecAttnConfig) -> None:
        super().__init__()
        self.attention = SelfAttention(config.dim, config.heads, config.dropout, config.attention)
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
    ) -> tuple[
        Float[Tensor, "batch unit dim"],
        Float[Tensor, "batch head unit unit"] | None,
        Float[Tensor, "batch head unit head_dim"],
    ]:
        """The units after this layer, its attention (explaining path) and its values."""
        mixed, weights, values = self.attention(self.norm(x), positions, keep, explain, heads)
        z = x + mixed if self.residual else mixed
        return (z if self.feed_forward is None else z + self.feed_forward(z)), weights, values


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


class RecAttnModel(PreTrainedModel):
    """Scores candidates for reading histories. See the module's docstring for the formulas."""

    config_class = RecAttnConfig
    config: RecAttnConfig

    def __init__(self, config: RecAttnConfig) -> None:
        super().__init__(config)
        self.project = nn.Linear(config.text_dim, config.dim, bias=False)
        self.category = nn.Embedding(len(config.categories) + 1, config.dim, padding_idx=0)
        self.position = nn.Embedding(config.max_history, config.dim)
        self.null_click = nn.Parameter(torch.zeros(config.dim)) if config.null_click else None
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.pooling = AdditivePooling(config)
        self.log_scale = nn.Parameter(torch.tensor(math.log(10.0)))
        nn.init.orthogonal_(self.project.weight)  # keeps the angles between texts
        nn.init.zeros_(self.category.weight)
        nn.init.normal_(self.position.weight, std=0.5 / math.sqrt(config.dim))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: every module sets its own start, so that an untrained model already recommends sensibly:
        nearly the cosine of the candidate to the mean of the history."""

    def embed(
        self, vectors: Float[Tensor, "item text_dim"], categories: Int[Tensor, " item"]
    ) -> Float[Tensor, "item dim"]:
        """Items as the model compares them: x for a click, c for a candidate."""
        return self.project(vectors) + self.category(categories)

    def read(
        self,
        clicks: Float[Tensor, "batch click dim"],
        keep: Bool[Tensor, "batch click"],
        explain: bool = False,
        heads: Bool[Tensor, "layer head"] | None = None,
    ) -> Reading:
        """Run the attention layers over histories; the last click of each row is its most recent (pad on the left).

        Hidden clicks keep their place: positions count from the row's end, not from the last visible click.
        Where ``heads`` is False that head adds nothing (ablation by zero).
        """
        batch, n_clicks = keep.shape
        positions = self.unit_positions(n_clicks)
        x = F.dropout(clicks, self.config.dropout, self.training)
        if self.null_click is not None:
            x = torch.cat([self.null_click.expand(batch, 1, -1), x], dim=1)
            keep = torch.cat([keep.new_ones(batch, 1), keep], dim=1)
        z, maps, values = x, [], None
        for layer, block in enumerate(self.blocks):
            z, weights, values = block(z, positions, keep, explain, None if heads is None else heads[layer])
            maps.append(weights)
        return Reading(
            z, keep, positions, x, torch.stack(maps, dim=1) if explain else None, values if explain else None
        )

    def unit_positions(self, n_clicks: int) -> Float[Tensor, "unit dim"]:
        """The position vector of each unit, counted from the most recent click; the null click has none."""
        return F.pad(self.position.weight[:n_clicks].flip(0), (0, 0, int(self.config.null_click), 0))

    def score(
        self, reading: Reading, candidates: Float[Tensor, "batch candidate dim"]
    ) -> tuple[Float[Tensor, "batch candidate"], Float[Tensor, "batch candidate query"]]:
        """Scores (logits) of candidates, and the pooling weights they came from."""
        pooling = self.pooling(reading, candidates)
        users = pooling @ reading.z  # (batch, candidate or 1, dim)
        # One user for all candidates is one product; a product each would write out batch x candidate x dim numbers.
        products = candidates @ users.mT if users.shape[1] == 1 else (users * candidates).sum(dim=-1, keepdim=True)
        return self.log_scale.exp() * products[..., 0], pooling.expand(-1, candidates.shape[1], -1)

    def contributions(
        self,
        reading: Reading,
        pooling: Float[Tensor, "batch candidate query"],
        candidates: Float[Tensor, "batch candidate dim"],
    ) -> tuple[Float[Tensor, "batch candidate head key"] | None, Float[Tensor, "batch candidate key"] | None]:
        """The score as a sum over heads and units, and over units on the residual path; None where not exact.

        s * sum_j w_j A^h_ji (v^h_i . c^h) and s * w_i (x_i . c): attention and pooling held at the values they took.
        """
        if not self.config.exact or reading.attentions is None or reading.values is None:
            return None, None
        scale = self.log_scale.exp()
        by_head = candidates.unflatten(-1, (self.config.heads, -1))  # (batch, candidate, head, head_dim)
        looked_at = torch.einsum("bcj,bhji->bchi", pooling, reading.attentions[:, -1])
        adds = torch.einsum("bhid,bchd->bchi", reading.values, by_head)
        own = pooling * (candidates @ reading.x.transpose(1, 2))
        return scale * looked_at * adds, scale * own if self.config.residual else torch.zeros_like(own)

    def forward(
        self,
        vectors: Float[Tensor, "item text_dim"],
        categories: Int[Tensor, " item"],
        history: Int[Tensor, "batch click"],
        keep: Bool[Tensor, "batch click"],
        candidates: Int[Tensor, "batch candidate"],
        labels: Int[Tensor, " batch"] | None = None,
        explain: bool = False,
    ) -> RecAttnOutput:
        """Score candidates for histories; both point into ``vectors``, so each distinct item is embedded once.

        Args:
            vectors: text vectors of the distinct items.
            categories: their rows in the category embedding.
            history: rows of ``vectors``, oldest first, padded on the left with any row.
            keep: True where a click is real and visible.
            candidates: rows of ``vectors``.
            labels: which candidate was clicked; gives the cross-entropy loss.
            explain: return attention, pooling and contributions too.
        """
        items = self.embed(vectors, categories)
        chosen = items[candidates]
        reading = self.read(items[history], keep, explain)
        scores, pooling = self.score(reading, chosen)
        loss = None if labels is None else F.cross_entropy(scores, labels)
        if not explain:
            return RecAttnOutput(loss=loss, scores=scores)
        contributions, residuals = self.contributions(reading, pooling, chosen)
        return RecAttnOutput(loss, scores, reading.attentions, pooling, contributions, residuals)


def masked_softmax(logits: Float[Tensor, "*shape"], keep: Bool[Tensor, "*mask"]) -> Float[Tensor, "*shape"]:
    """Softmax over the last axis, exactly 0 where hidden; a row with nothing visible is all 0, never NaN."""
    return torch.softmax(logits.masked_fill(~keep, torch.finfo(logits.dtype).min), dim=-1) * keep


def _previous_visible(keep: Bool[Tensor, "batch key"]) -> Int[Tensor, "batch key"]:
    """For each visible place the visible place before it, the last one for the first; hidden places stay."""
    places = torch.arange(keep.shape[1], device=keep.device).expand_as(keep)
    order = torch.argsort(~keep, dim=1, stable=True)  # visible places first, in order
    counts = keep.sum(dim=1, keepdim=True)
    turned = torch.where(places < counts, (places - 1) % counts.clamp(min=1), places)
    return torch.empty_like(order).scatter(1, order, order.gather(1, turned))
