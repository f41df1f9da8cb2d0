"""What a training makes smaller: the cross-entropy of what was clicked among what was not."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.models.attention import RecAttnModel


def clicked_loss(scores: Float[Tensor, "batch candidate"]) -> Float[Tensor, ""]:
    """Of the clicked candidate, which stands first."""
    return F.cross_entropy(scores.float(), torch.zeros(len(scores), dtype=torch.long, device=scores.device))


def every_position_loss(
    model: RecAttnModel,
    items: Float[Tensor, "item dim"],
    history: Int[Tensor, "batch click"],
    keep: Bool[Tensor, "batch click"],
    candidates: Int[Tensor, "batch candidate"],
) -> Float[Tensor, ""]:
    """Of what came after each unit of a history, among the unclicked candidates of its row.

    A unit of a causal model has seen nothing of what came after it, so that one run over a history is as many samples
    as it has clicks. Each history counts alike, however long: halves of a batch then give what the whole gives.

    Args:
        model: causal, with the last unit as user.
        items: as the model compares them.
        history: rows of ``items``, padded on the left; what came last is ``candidates[:, 0]``.
        keep: True where a click is real and visible.
        candidates: rows of ``items``, the clicked one first.

    Source: the training of Kang and McAuley 2018 (SASRec), https://arxiv.org/abs/1808.09781. We differ: softmax over
    many negatives instead of one, drawn once a history; positions count from the end of what is trained on.
    """
    reading = model.read(items[history], keep)
    units, unclicked = reading.keep.shape[1], candidates[:, 1:]
    following = torch.cat([history, candidates[:, :1]], dim=1)[:, -units:]  # (batch, unit)
    known = torch.cat([keep, torch.ones_like(keep[:, :1])], dim=1) if keep.shape[1] else torch.ones_like(reading.keep)
    counts = known[:, -units:] & reading.keep
    right = (reading.z * items[following]).sum(dim=-1, keepdim=True)
    wrong = reading.z @ items[unclicked].mT  # (batch, unit, negative)
    logits = model.log_scale.exp() * torch.cat([right, wrong], dim=-1).float()
    same = F.pad(unclicked[:, None, :] == following[..., None], (1, 0))
    losses = logits.masked_fill(same, -torch.inf).logsumexp(dim=-1) - logits[..., 0]
    return ((losses * counts).sum(dim=1) / counts.sum(dim=1).clamp(min=1)).mean()
