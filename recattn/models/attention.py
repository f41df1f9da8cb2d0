"""The recommender: multi-head self-attention over a reading history, pooled, times the candidate.

For a history of units (a learned null click, then the clicks, oldest first), with x_i the vector of unit i and
p_i its position counted from the most recent click:

    x_i   = W_x e_i + category [+ id]                      e_i: the text encoder's vector of the item
    A^h   = softmax(q^h k^hT / sqrt(d / H))                q, k from x_i + p_i; only visible units [i <= j]
    z_j   = x_j + concat_h sum_i A^h_ji v^h_i              v from x_i; x_j is the residual path
    w_j   = softmax_j(u . tanh(W_p (z_j + p_j)) + z_j B c)   additive pooling; B only when candidate-aware
    score = s * (sum_j w_j (z_j . c) [+ f mean_i cos(e_i, e_c)] [+ g(u) a . t])   c: the candidate, embedded as x is

With A, w and g held at the values they took, a one-layer score is a sum over heads and units (`contributions`) and what
`Popularity` adds. What stands in brackets is optional: an embedding of the item's id, causal attention, `LateFusion`
(e: its text), `Popularity` (t: clicks and age of the candidate at the moment of asking, u = sum_j w_j z_j).

Source: self-attention after Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; as a news recommender after
Wu et al. 2019 (NRMS), https://aclanthology.org/D19-1671. We differ: no output projection (as in the founding
document, Z' = A V), a residual path, positions from the most recent click in q, k and the pooling only, a null
click, one shared tower for clicks and candidates. With more layers, feed-forward parts, causal attention and the user
as the last unit (`LastPooling`) it is a model of the family of Kang and McAuley 2018 (SASRec),
https://arxiv.org/abs/1808.09781, with the same differences.
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from recattn.models.blocks import Block
from recattn.models.fusion import LateFusion
from recattn.models.identities import Identities
from recattn.models.pooling import AdditivePooling, LastPooling, Reading
from recattn.models.popularity import Popularity
from recattn.models.shape import RecAttnConfig
from recattn.types import FACTS


@dataclass
class RecAttnOutput(ModelOutput):
    """What the model returns; the last five only on the explaining path."""

    loss: Float[Tensor, ""] | None = None
    scores: Float[Tensor, "batch candidate"] | None = None
    attentions: Float[Tensor, "batch layer head query key"] | None = None
    pooling: Float[Tensor, "batch candidate query"] | None = None
    contributions: Float[Tensor, "batch candidate head key"] | None = None  # None where not exact
    residuals: Float[Tensor, "batch candidate key"] | None = None
    popularity: Float[Tensor, "batch candidate"] | None = None


class RecAttnModel(PreTrainedModel):
    """Scores candidates for reading histories. See the module's docstring for the formulas."""

    config_class = RecAttnConfig
    config: RecAttnConfig

    def __init__(self, config: RecAttnConfig) -> None:
        super().__init__(config)
        self.project = nn.Linear(config.text_dim, config.dim, bias=False)
        self.category = nn.Embedding(len(config.categories) + 1, config.dim, padding_idx=0)
        self.position = nn.Embedding(config.max_history, config.dim) if config.positions else None
        self.null_click = nn.Parameter(torch.zeros(config.dim)) if config.null_click else None
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.pooling = LastPooling() if config.pooling == "last" else AdditivePooling(config)
        self.log_scale = nn.Parameter(torch.tensor(math.log(10.0)))
        nn.init.orthogonal_(self.project.weight)  # keeps the angles between texts
        nn.init.zeros_(self.category.weight)
        if self.position is not None:
            nn.init.normal_(self.position.weight, std=0.5 / math.sqrt(config.dim))
        self.identities = Identities(config.known_items, config.dim) if config.known_items else None
        self.fusion = LateFusion(config) if config.late_fusion != "none" else None
        self.popularity = Popularity(config) if config.popularity != "none" else None
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: every module sets its own start, so that an untrained model already recommends sensibly:
        nearly the cosine of the candidate to the mean of the history."""

    def embed(
        self,
        vectors: Float[Tensor, "item text_dim"],
        rows: Int[Tensor, "item 2"],
        facts: Float[Tensor, "item fact"] | None = None,
    ) -> Float[Tensor, "item width"]:
        """Items as the model compares them: x for a click, c for a candidate; behind it what `parted` gives.

        Args:
            vectors: of the items' texts.
            rows: of each item's category and of its id in their embeddings; 0 for what the model never saw.
            facts: of `recattn.models.facts`, where the model weighs them; default: 0.
        """
        items = self.project(vectors) + self.category(rows[:, 0])
        if self.identities is not None:
            items = items + self.identities(rows[:, 1])
        parts = [items]
        if self.popularity is not None:
            parts.append(items.new_zeros(len(items), FACTS) if facts is None else facts)
        if self.fusion is not None:
            parts.append(F.normalize(vectors, dim=-1))
        return torch.cat(parts, dim=-1) if len(parts) > 1 else items

    def parted(
        self, items: Float[Tensor, "*shape width"]
    ) -> tuple[Float[Tensor, "*shape dim"], Float[Tensor, "*shape fact"], Float[Tensor, "*shape text"]]:
        """What attention works on, the facts, and the text's direction; of the latter only what the model has."""
        dim = self.config.dim
        facts = FACTS if self.popularity is not None else 0
        return items[..., :dim], items[..., dim : dim + facts], items[..., dim + facts :]

    def with_facts(
        self, items: Float[Tensor, "*shape width"], facts: Float[Tensor, "*shape fact"]
    ) -> Float[Tensor, "*shape width"]:
        """The same items with what was known of them at another moment; as they are where that does not count."""
        own, _, texts = self.parted(items)
        return items if self.popularity is None else torch.cat([own, facts, texts], dim=-1)

    def read(
        self,
        clicks: Float[Tensor, "batch click width"],
        keep: Bool[Tensor, "batch click"],
        explain: bool = False,
        heads: Bool[Tensor, "layer head"] | None = None,
        mapped: Float[Tensor, "batch unit 3 dim"] | None = None,
    ) -> Reading:
        """Run the attention layers over histories; the last click of each row is its most recent (pad on the left).

        Hidden clicks keep their place: positions count from the row's end, not from the last visible click.
        Where ``heads`` is False that head adds nothing (ablation by zero). ``mapped`` is what `mapped` gives for the
        units, where many histories share them; not in training, since dropout comes before the maps.
        """
        batch, n_clicks = keep.shape
        positions = self.unit_positions(n_clicks)
        clicks, _, texts = self.parted(clicks)
        x = F.dropout(clicks, self.config.dropout, self.training)
        if self.null_click is not None:
            x = torch.cat([self.null_click.expand(batch, 1, -1), x], dim=1)
            keep = torch.cat([keep.new_ones(batch, 1), keep], dim=1)
            texts = F.pad(texts, (0, 0, 1, 0))
        z, maps, values = x, [], None
        for layer, block in enumerate(self.blocks):
            working = None if heads is None else heads[layer]
            z, weights, values = block(z, positions, keep, explain, working, None if layer else mapped)
            maps.append(weights)
        attentions = torch.stack(maps, dim=1) if explain else None
        return Reading(z, keep, positions, x, attentions, values if explain else None, texts)

    def mapped(self, items: Float[Tensor, "item width"]) -> Float[Tensor, "row 3 dim"]:
        """What the first layer's linear maps make of the null click, where there is one, and then of items."""
        units = self.parted(items)[0]
        units = units if self.null_click is None else torch.cat([self.null_click[None], units])
        return cast(Block, self.blocks[0]).map(units)

    def unit_positions(self, n_clicks: int) -> Float[Tensor, "unit dim"]:
        """The position vector of each unit, counted from the most recent click; the null click has none."""
        if self.position is None:
            return self.log_scale.new_zeros(n_clicks + int(self.config.null_click), self.config.dim)
        return F.pad(self.position.weight[:n_clicks].flip(0), (0, 0, int(self.config.null_click), 0))

    def score(
        self, reading: Reading, candidates: Float[Tensor, "batch candidate width"]
    ) -> tuple[Float[Tensor, "batch candidate"], Float[Tensor, "batch candidate query"]]:
        """Scores (logits) of candidates, and the pooling weights they came from."""
        candidates, facts, texts = self.parted(candidates)
        pooling = self.pooling(reading, candidates)
        users = pooling @ reading.z  # (batch, candidate or 1, dim)
        # One user for all candidates is one product; a product each would write out batch x candidate x dim numbers.
        products = candidates @ users.mT if users.shape[1] == 1 else (users * candidates).sum(dim=-1, keepdim=True)
        scores = self.log_scale.exp() * products[..., 0]
        if self.fusion is not None:
            scores = scores + self.log_scale.exp() * self.fusion(reading, texts).sum(dim=-1)
        if self.popularity is not None:
            scores = scores + self.popularity_adds(users, facts)
        return scores, pooling.expand(-1, candidates.shape[1], -1)

    def popularity_adds(
        self, users: Float[Tensor, "*shape #candidate dim"], facts: Float[Tensor, "*shape candidate fact"]
    ) -> Float[Tensor, "*shape candidate"]:
        """What the candidates' popularity and age add to their scores, for pooled units; 0 where they don't count."""
        if self.popularity is None:
            return facts.new_zeros(facts.shape[:-1])
        return self.log_scale.exp() * (self.popularity(users) * facts).sum(dim=-1)

    def user_vectors(self, users: Float[Tensor, "*shape dim"]) -> Float[Tensor, "*shape width"]:
        """What times an item's vector is its score, for pooled units; not with late fusion."""
        if self.popularity is not None:
            users = torch.cat([users, self.popularity(users)], dim=-1)
        return self.log_scale.exp() * users

    def contributions(
        self,
        reading: Reading,
        pooling: Float[Tensor, "batch candidate query"],
        candidates: Float[Tensor, "batch candidate width"],
    ) -> tuple[Float[Tensor, "batch candidate head key"] | None, Float[Tensor, "batch candidate key"] | None]:
        """The score as a sum over heads and units, and over units on the residual path; None where not exact.

        s * sum_j w_j A^h_ji (v^h_i . c^h) and s * w_i (x_i . c): attention and pooling held at the values they took.
        What late fusion adds stands with the latter; what popularity adds comes from no unit, see `popularity_adds`.
        """
        if not self.config.exact or reading.attentions is None or reading.values is None:
            return None, None
        scale = self.log_scale.exp()
        candidates, _, texts = self.parted(candidates)
        by_head = candidates.unflatten(-1, (self.config.heads, -1))  # (batch, candidate, head, head_dim)
        looked_at = torch.einsum("bcj,bhji->bchi", pooling, reading.attentions[:, -1])
        adds = torch.einsum("bhid,bchd->bchi", reading.values, by_head)
        own = pooling * (candidates @ reading.x.transpose(1, 2)) * float(self.config.residual)
        own = own if self.fusion is None else own + self.fusion(reading, texts)
        return scale * looked_at * adds, scale * own

    def forward(
        self,
        vectors: Float[Tensor, "item text_dim"],
        rows: Int[Tensor, "item 2"],
        history: Int[Tensor, "batch click"],
        keep: Bool[Tensor, "batch click"],
        candidates: Int[Tensor, "batch candidate"],
        labels: Int[Tensor, " batch"] | None = None,
        explain: bool = False,
        facts: Float[Tensor, "batch candidate fact"] | None = None,
    ) -> RecAttnOutput:
        """Score candidates for histories; both point into ``vectors``, so each distinct item is embedded once.

        Args:
            vectors: text vectors of the distinct items.
            rows: of their categories and ids in the embeddings.
            history: rows of ``vectors``, oldest first, padded on the left with any row.
            keep: True where a click is real and visible.
            candidates: rows of ``vectors``.
            labels: which candidate was clicked; gives the cross-entropy loss.
            explain: return attention, pooling and contributions too.
            facts: of the candidates when they were shown, where the model weighs them.
        """
        items = self.embed(vectors, rows)
        chosen = items[candidates] if facts is None else self.with_facts(items[candidates], facts)
        reading = self.read(items[history], keep, explain)
        scores, pooling = self.score(reading, chosen)
        loss = None if labels is None else F.cross_entropy(scores, labels)
        if not explain:
            return RecAttnOutput(loss=loss, scores=scores)
        contributions, residuals = self.contributions(reading, pooling, chosen)
        popularity = self.popularity_adds(pooling @ reading.z, self.parted(chosen)[1])
        return RecAttnOutput(loss, scores, reading.attentions, pooling, contributions, residuals, popularity)
