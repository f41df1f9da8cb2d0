"""What the model saw for one history, as the `Prediction` of each candidate."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from recattn.models.asking import Asking
from recattn.models.attention import RecAttnModel
from recattn.models.contributions import contributions
from recattn.types import Prediction


def predictions(
    model: RecAttnModel,
    clicks: Float[Tensor, "click width"],
    candidates: Float[Tensor, "candidate width"],
    items: Sequence[str],
    names: Sequence[str],
    similarity: Float[np.ndarray, "candidate click"],
) -> list[Prediction]:
    """One prediction a candidate; the history is read once for all of them.

    Args:
        model: in evaluation mode.
        clicks: the visible history as the model compares items, oldest first.
        candidates: the same for what is scored.
        items: ids of the clicks.
        names: ids of the candidates.
        similarity: cosine of each candidate's text vector with each click's.
    """
    asking = Asking(model, clicks)
    with torch.inference_mode():
        reading = model.read(clicks[None], torch.ones(1, len(clicks), dtype=torch.bool), explain=True)
        scores, pooling = model.score(reading, candidates[None])
        parts = contributions(model, reading, pooling, candidates)
    attention = cast(Tensor, reading.attentions)[0].numpy()
    norms = cast(Tensor, reading.values)[0].norm(dim=-1).numpy()

    def one(row: int) -> Prediction:
        own = candidates[row : row + 1]
        return Prediction(
            items=tuple(items),
            candidate=names[row],
            total=float(scores[0, row]),
            null=int(model.config.null_click),
            attention=attention,
            pooling=pooling[0, row].numpy(),
            contribution=parts.by_head[row].numpy(),
            residual=parts.residual[row].numpy(),
            similarity=similarity[row],
            score=lambda keep: asking.masked(keep, own)[:, 0],
            gradient=lambda scale: asking.gradient(scale, own[0]),
            deleted=lambda keep: asking.deleted(keep, own)[:, 0],
            value_norms=norms,
            bias=float(parts.bias[row]),
            popularity=float(parts.popularity[row]),
            exact=model.config.exact,
            origin=lambda: float(asking.origin(own)[0]),
        )

    return [one(row) for row in range(len(names))]
