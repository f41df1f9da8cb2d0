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
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput


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
