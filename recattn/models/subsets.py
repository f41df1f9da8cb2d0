"""The pooled vector of one history for many patterns of hidden clicks, for the one-layer model.

The pooling layer sees W_p (z_j + p_j) = W_p (x_j + p_j) + sum_h sum_i A^h_ji G^h_i with G^h_i = W_p^h v^h_i, which no
pattern changes. A pattern changes A alone, in one of two ways:

    many hidden   A = E masked over its sum (E: exp of the logits, made once), then one product of all A with all G
    few hidden    sum_i E_ji G_i over all keys is known; the hidden keys' part is taken out of it and out of the sum

Taking out subtracts, so it is done in float64; where next to nothing of a row's weight stays visible, the pattern is
treated as one with many hidden.

Reading.z is never made: the pooled vector is sum_j w_j x_j + concat_h sum_i (sum_j w_j A^h_ji) v^h_i.
"""

import math
from functools import cached_property
from typing import NamedTuple, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.models.attention import RecAttnModel
from recattn.models.blocks import Block, masked_softmax
from recattn.models.pooling import AdditivePooling

_FEW = 4  # hidden clicks up to which taking out is faster than adding up
_FEW_PER_BATCH = 17  # keeps what one batch makes in the processor's cache
_CELLS_PER_BATCH = 1 << 17  # of A: keeps one batch in the processor's cache
_LEAST_LEFT = 1e-9  # share of a row's weight that must stay visible for taking out to be accurate
_LEAST_SUM = 1e-30  # of a row of E that float32 can still divide by


class _Sums(NamedTuple):
    """Sums over all keys, in float64."""

    adds: Float[Tensor, "head key hidden"]  # G
    exponentials: Float[Tensor, "head query key"]  # E
    rows: Float[Tensor, "head query"]  # sum_i E_ji
    together: Float[Tensor, "query head hidden"]  # sum_i E_ji G_i


class Subsets:
    """What the patterns share.

    Args:
        model: one layer, learned attention that sees all units, additive pooling that does not see the candidate, no
            feed-forward, no late fusion.
        clicks: the visible history, oldest first.
    """

    def __init__(self, model: RecAttnModel, clicks: Float[Tensor, "click dim"]) -> None:
        attention, pooling = cast(Block, model.blocks[0]).attention, cast(AdditivePooling, model.pooling)
        self.null, self.heads = int(model.config.null_click), model.config.heads
        self.residual, self.query = model.config.residual, pooling.query.weight[0]
        positions = model.unit_positions(len(clicks))
        x = clicks if model.null_click is None else torch.cat([model.null_click[None], clicks])
        self.x, placed = x, x + positions
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(0, 1)
            for part in (attention.query(placed), attention.key(placed), attention.value(x))
        )
        self.values: Float[Tensor, "head key head_dim"] = v
        logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        self.logits: Float[Tensor, "query head key"] = logits.transpose(0, 1).contiguous()
        by_head = pooling.project.weight.unflatten(1, (self.heads, -1))
        self.adds: Float[Tensor, "head key hidden"] = torch.einsum("hid,phd->hip", v, by_head)
        self.own: Float[Tensor, "unit hidden"] = pooling.project(placed if self.residual else positions)

    def users(self, keep: Bool[Tensor, "subset click"]) -> Float[Tensor, "subset dim"]:
        """The pooled vector of each pattern."""
        keep = torch.cat([keep.new_ones(len(keep), self.null), keep], dim=1)
        users = torch.empty(len(keep), self.x.shape[1])
        rows = torch.arange(len(keep))
        few = rows[(~keep).sum(dim=1) <= min(_FEW, keep.shape[1] // 2)]
        done = torch.zeros(len(keep), dtype=torch.bool)
        for part in few.split(_FEW_PER_BATCH):
            done[part], users[part] = self._few_hidden(keep[part])
        left = rows[~done]
        left = left[torch.argsort(keep[left].sum(dim=1), descending=True)]
        while len(left):  # patterns of about the same size together, so that little is padded
            cells = max(1, int(keep[left[0]].sum())) * self.logits[0].numel()
            part, left = left.tensor_split([max(1, _CELLS_PER_BATCH // cells)])
            users[part] = self._many_hidden(keep[part])
        return users

    def _many_hidden(self, keep: Bool[Tensor, "subset unit"]) -> Float[Tensor, "subset dim"]:
        at, real = _visible_first(keep)
        weights = self._weights(keep, at)
        hidden = weights.flatten(2) @ self.adds.flatten(0, 1)  # (subset, query, hidden)
        hidden += self.own[at]
        pooled = masked_softmax(hidden.tanh_() @ self.query, real)
        looked_at = torch.einsum("sj,sjhi->shi", pooled, weights)
        return self._user(torch.zeros(keep.shape).scatter_add(1, at, pooled), looked_at)

    def _weights(
        self, keep: Bool[Tensor, "subset unit"], at: Int[Tensor, "subset query"]
    ) -> Float[Tensor, "subset query head unit"]:
        """Attention of the queries ``at``; of no meaning where nothing is visible, and pooled with weight 0 there."""
        visible, exponentials = keep.to(self.logits.dtype), self._exponentials
        sums = (visible @ exponentials.flatten(0, 1).T).unflatten(1, exponentials.shape[:2])  # (subset, query, head)
        sums = sums.gather(1, at[..., None].expand(-1, -1, self.heads))
        if sums.amin() < _LEAST_SUM:
            hidden = ~keep[:, None, None, :]
            return torch.softmax(self.logits[at].masked_fill_(hidden, torch.finfo(visible.dtype).min), dim=-1)
        weights = exponentials[at]
        weights *= visible[:, None, None, :]
        weights /= sums[..., None]
        return weights

    def _few_hidden(
        self, keep: Bool[Tensor, "subset unit"]
    ) -> tuple[Bool[Tensor, " subset"], Float[Tensor, "subset dim"]]:
        """The pooled vectors, and which of them are accurate."""
        at, real = _visible_first(~keep)
        sums = self._sums
        out = sums.exponentials[:, :, at] * real  # (head, query, subset, hidden unit)
        rest = sums.rows[..., None] - out.sum(dim=-1)  # (head, query, subset)
        accurate = (rest > _LEAST_LEFT * sums.rows[..., None]).all(dim=0) | ~keep.T
        per = torch.where(keep.T, 1 / rest, 0)  # nothing is asked of a hidden query
        whole = per.permute(1, 2, 0).contiguous() @ sums.together  # (query, subset, hidden)
        weights = (out * per[..., None]).permute(2, 1, 0, 3).flatten(2)  # (subset, query, head x hidden unit)
        taken = weights @ sums.adds[:, at].permute(1, 0, 2, 3).flatten(1, 2)
        taken -= whole.transpose(0, 1)
        hidden = self.own - taken.to(self.own.dtype)
        pooled = masked_softmax(hidden.tanh_() @ self.query, keep)
        looked_at = ((pooled.T * per).transpose(1, 2) @ sums.exponentials).transpose(0, 1)  # (subset, head, key)
        return accurate.all(dim=0), self._user(pooled, looked_at.to(pooled.dtype) * keep[:, None, :])

    @cached_property
    def _exponentials(self) -> Float[Tensor, "query head key"]:
        return torch.exp(self.logits - self.logits.amax(dim=-1, keepdim=True))

    @cached_property
    def _sums(self) -> _Sums:
        logits, adds = self.logits.transpose(0, 1), self.adds.double()
        exponentials = torch.exp((logits - logits.amax(dim=-1, keepdim=True)).double())
        together = (exponentials @ adds).transpose(0, 1).contiguous()
        return _Sums(adds, exponentials, exponentials.sum(dim=-1), together)

    def _user(
        self, pooled: Float[Tensor, "subset unit"], looked_at: Float[Tensor, "subset head key"]
    ) -> Float[Tensor, "subset dim"]:
        mixed = torch.einsum("shi,hid->shd", looked_at, self.values).flatten(1)
        return mixed + pooled @ self.x if self.residual else mixed


def _visible_first(
    keep: Bool[Tensor, "subset unit"],
) -> tuple[Int[Tensor, "subset place"], Bool[Tensor, "subset place"]]:
    """The kept units of each row, in order and padded with others, and which places are real."""
    counts = keep.sum(dim=1)
    width = max(1, int(counts.max())) if len(counts) else 1
    at = torch.argsort((~keep).int(), dim=1, stable=True)[:, :width]
    return at, torch.arange(width) < counts[:, None]
