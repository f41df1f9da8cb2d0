"""How fast a whole split is scored: against one impression after the other, with vectors at hand and from texts."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from recattn.benchmark.given import Given
from recattn.benchmark.race import OURS, Contest
from recattn.evaluation.metrics import impression_metrics
from recattn.models.encoder import TextEncoder
from recattn.models.scoring import embed_items, item_rows, score_impressions
from recattn.types import Array, Impressions

_FEW = 40  # impressions that are scored from their texts; the rest is a matter of patience
_ONE, _ONE_FROM_TEXTS = "one by one", "one by one, each encoding its texts"


def evaluate_contests(given: Given) -> tuple[Contest, ...]:
    """The scores and the metrics of the dev split."""
    work = _Work(given)
    whole = work.impressions
    few = whole.rows(np.arange(min(_FEW, len(whole))))
    within = slice(int(few.candidate_offsets[-1]))
    facts = {"impressions": len(whole), "candidates": len(whole.candidates)}
    return (
        Contest(
            "evaluate",
            {OURS: lambda: work.metrics(work.together()), _ONE: lambda: work.metrics(work.singly(whole, work.kept))},
            facts=facts,
        ),
        Contest(
            "evaluate_from_texts",
            {
                OURS: lambda: work.from_texts()[within],
                _ONE_FROM_TEXTS: lambda: work.singly(few, work.encoded),
            },
            tolerance=1e-3,
            parts={_ONE_FROM_TEXTS: len(few.candidates) / len(whole.candidates)},
            facts=facts,
        ),
    )


class _Work:
    """The dev split of a dataset and a model, to be scored in different ways."""

    def __init__(self, given: Given) -> None:
        self.impressions, self.model, self.titles = given.split("dev"), given.model(), given.titles
        self.encoder: TextEncoder = given.text_encoder
        self.rows = item_rows(self.model, given.opened.items())
        self.vectors = self.encoder.encode(self.titles)
        self.table = torch.as_tensor(self.vectors)

    def together(self) -> Float[Array, " candidate"]:
        """As the app does it, from vectors that are at hand."""
        return score_impressions(self.model, embed_items(self.model, self.vectors, self.rows), self.impressions)

    def from_texts(self) -> Float[Array, " candidate"]:
        """As the app does it the first time: each distinct text is encoded once."""
        vectors = self.encoder.encode(self.titles)
        return score_impressions(self.model, embed_items(self.model, vectors, self.rows), self.impressions)

    def singly(
        self, impressions: Impressions, vectors: Callable[[Int[Array, " item"]], Tensor]
    ) -> Float[Array, " candidate"]:
        """One forward run for each impression, of its own clicks and candidates."""
        found = []
        with torch.inference_mode():
            for row in range(len(impressions)):
                clicks = _part(impressions.history, impressions.history_offsets, row)[-self.model.config.max_history :]
                items = np.concatenate([clicks, _part(impressions.candidates, impressions.candidate_offsets, row)])
                history, candidates = torch.arange(len(clicks)), torch.arange(len(clicks), len(items))
                keep = torch.ones(1, len(clicks), dtype=torch.bool)
                categories = torch.as_tensor(self.rows[items])
                output = self.model(vectors(items), categories, history[None], keep, candidates[None])
                found.append(output.scores[0].numpy())
        return np.concatenate(found)

    def kept(self, items: Int[Array, " item"]) -> Tensor:
        """Their vectors from the table."""
        return self.table[torch.as_tensor(items, dtype=torch.long)]

    def encoded(self, items: Int[Array, " item"]) -> Tensor:
        """Their vectors from their texts."""
        return self.encoder.embed([self.titles[item] for item in items])

    def metrics(self, scores: Float[Array, " candidate"]) -> Float[Array, " figure"]:
        """The mean of every metric, then the scores themselves."""
        found = impression_metrics(scores, np.asarray(self.impressions.labels), self.impressions.candidate_offsets)
        return np.concatenate([[np.nanmean(values) for values in found.values()], scores])


def _part(flat: Int[Array, " item"], offsets: Int[Array, " row"], row: int) -> Int[Array, " own"]:
    return flat[offsets[row] : offsets[row + 1]]
