"""A dataset and a trained model: the top-N for a history, and the Prediction of one (history, candidate)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.data import Dataset
from recattn.errors import UnknownError
from recattn.models.attention import Reading
from recattn.models.loading import load_model
from recattn.models.scoring import category_rows, embed_items
from recattn.models.vectors import item_vectors
from recattn.types import Prediction, Recommendation, Report, silent

_POPULAR_SHARE = 0.2  # "recent" is this share of the latest training clicks
_SUBSETS_PER_BATCH = 256


class Recommender:
    """Answers what a person would get and why. Holds no state of any user; safe to share between threads.

    Args:
        folder: of the run.
        dataset: the one whose items are recommended.
        report: hears of phase "encode" when item vectors are not cached yet.
    """

    def __init__(self, folder: Path, dataset: Dataset, report: Report = silent) -> None:
        self.folder, self.dataset = folder, dataset
        self.model = load_model(folder)
        items = dataset.items()
        self._ids: list[str] = items["item_id"].tolist()
        self._titles: list[str] = items["title"].tolist()
        self._category_names: list[str] = items["category"].tolist()
        self._vectors = item_vectors(self.model.config, folder, items, report)
        self._items = embed_items(self.model, self._vectors, category_rows(self.model, self._category_names))

    @classmethod
    def load(cls, folder: Path, dataset: Dataset, report: Report = silent) -> "Recommender":
        """The recommender of a run folder.

        Raises:
            RunError: when the run is damaged.
        """
        return cls(folder, dataset, report)

    @property
    def layers(self) -> int:
        """Attention layers of the model."""
        return self.model.config.layers

    @property
    def heads(self) -> int:
        """Attention heads in each layer."""
        return self.model.config.heads

    @property
    def exact(self) -> bool:
        """Whether contributions sum to the score exactly."""
        return self.model.config.exact

    def recommend(
        self,
        history: Sequence[str],
        n: int = 10,
        *,
        candidates: Sequence[str] | None = None,
        category: str | None = None,
    ) -> list[Recommendation]:
        """The n best items, best first; ties in the order of the catalogue.

        Args:
            history: item ids, oldest first; unknown ones are passed over, and the model sees the latest of the rest.
            n: how many at most.
            candidates: choose among these (also what was read already); default: the whole catalogue without it.
            category: only items of this category.
        """
        rows = self._candidate_rows(history, candidates, category)
        with torch.inference_mode():
            reading = self._read(history, explain=False)
            scores = self.model.score(reading, self._items[None, torch.as_tensor(rows)])[0][0].numpy()
        best = np.argsort(-scores, kind="stable")[:n]
        return self._explained(history, rows[best], scores[best])

    def popular(
        self, n: int = 10, *, candidates: Sequence[str] | None = None, category: str | None = None
    ) -> list[Recommendation]:
        """The most clicked items of the latest fifth of the training clicks; the score is their number.

        What is recommended to someone without a history. Arguments as in `recommend`.
        """
        rows = self._candidate_rows([], candidates, category)
        best = rows[np.argsort(-self._recent_clicks[rows], kind="stable")[:n]]
        return [self._recommendation(rank, row, float(self._recent_clicks[row])) for rank, row in enumerate(best, 1)]

    def rank(self, history: Sequence[str], candidate: str) -> int:
        """The place of an item among the whole catalogue without what was read; 1 is best, ties count as better."""
        rows = self._candidate_rows(history, None, None)
        with torch.inference_mode():
            reading = self._read(history, explain=False)
            scores = self.model.score(reading, self._items[None])[0][0].numpy()
        own = self._row(candidate)
        return int((scores[rows[rows != own]] >= scores[own]).sum()) + 1

    def predict(self, history: Sequence[str], candidate: str) -> Prediction:
        """One candidate for one history, with all the model has to show about it.

        Raises:
            UnknownError: when the candidate is not in the dataset.
        """
        row, visible = self._row(candidate), self._visible(history)
        chosen = self._items[row][None, None]
        null = int(self.model.config.null_click)
        with torch.inference_mode():
            reading = self._read(history, explain=True)
            scores, pooling = self.model.score(reading, chosen)
            contribution, residual = self.model.contributions(reading, pooling, chosen)
        attention = torch.as_tensor(reading.attentions)[0].numpy()
        return Prediction(
            items=tuple(self._ids[item] for item in visible),
            candidate=candidate,
            total=float(scores[0, 0]),
            null=null,
            attention=attention,
            pooling=pooling[0, 0].numpy(),
            contribution=None if contribution is None else contribution[0, 0].numpy(),
            residual=None if residual is None else residual[0, 0].numpy(),
            similarity=_cosine(self._vectors[visible], self._vectors[row]),
            score=lambda keep: self._score_subsets(visible, row, keep),
            gradient=lambda scale: self._gradient(visible, row, scale),
        )

    def _row(self, item_id: str) -> int:
        row = int(self.dataset.index([item_id])[0])
        if row < 0:
            raise UnknownError(
                f"There is no item {item_id[:80]!r} in {self.dataset.name}.",
                "Allowed are the item ids of this dataset.",
                "Choose an item from the recommendations or the Data page.",
            )
        return row

    def _known(self, item_ids: Sequence[str]) -> Int[np.ndarray, " known"]:
        rows = self.dataset.index(item_ids)
        return rows[rows >= 0]

    def _visible(self, history: Sequence[str]) -> Int[np.ndarray, " click"]:
        """Rows of the clicks the model sees: the latest known ones, oldest first."""
        return self._known(history)[-self.model.config.max_history :]

    def _candidate_rows(
        self, history: Sequence[str], candidates: Sequence[str] | None, category: str | None
    ) -> Int[np.ndarray, " candidate"]:
        if candidates is not None:
            rows = self._known(candidates)
        else:
            rows = np.setdiff1d(np.arange(len(self._ids)), self._known(history))
        if category is not None:
            rows = rows[[self._category_names[row] == category for row in rows]]
        return rows

    def _read(self, history: Sequence[str], explain: bool) -> Reading:
        clicks = self._items[torch.as_tensor(self._visible(history))][None]
        return self.model.read(clicks, torch.ones(clicks.shape[:2], dtype=torch.bool), explain)

    def _explained(
        self, history: Sequence[str], rows: Int[np.ndarray, " chosen"], scores: Float[np.ndarray, " chosen"]
    ) -> list[Recommendation]:
        """Recommendations with the click that adds most, where the score is an exact sum."""
        visible, null = self._visible(history), int(self.model.config.null_click)
        plain = [self._recommendation(rank, *pair) for rank, pair in enumerate(zip(rows, scores, strict=True), 1)]
        if not self.exact or not len(visible) or not len(rows):
            return plain
        with torch.inference_mode():
            reading, chosen = self._read(history, explain=True), self._items[None, torch.as_tensor(rows)]
            contribution, residual = self.model.contributions(reading, self.model.score(reading, chosen)[1], chosen)
        by_click = (torch.as_tensor(contribution).sum(dim=2) + torch.as_tensor(residual))[0, :, null:].numpy()
        return [
            replace(
                entry,
                reason=self._ids[visible[adds.argmax()]],
                reason_adds=float(adds.max()),
                history_adds=float(adds.sum()),
            )
            for entry, adds in zip(plain, by_click, strict=True)
        ]

    def _recommendation(self, rank: int, row: int, score: float) -> Recommendation:
        return Recommendation(rank, self._ids[row], self._titles[row], self._category_names[row], float(score))

    @cached_property
    def _recent_clicks(self) -> Int[np.ndarray, " item"]:
        items, times = self.dataset.clicks("train")
        latest = items[np.argsort(times, kind="stable")][-max(1, round(len(items) * _POPULAR_SHARE)) :]
        return np.bincount(latest, minlength=len(self._ids))

    def _score_subsets(
        self, visible: Int[np.ndarray, " click"], row: int, keep: Bool[np.ndarray, "subset click"]
    ) -> Float[np.ndarray, " subset"]:
        """The score with only the kept clicks visible, each in its place."""
        clicks, chosen = self._items[torch.as_tensor(visible)], self._items[row][None, None]
        scores = []
        with torch.inference_mode():
            for part in np.array_split(keep, max(1, len(keep) // _SUBSETS_PER_BATCH)):
                reading = self.model.read(clicks.expand(len(part), -1, -1), torch.as_tensor(part))
                scores.append(self.model.score(reading, chosen.expand(len(part), -1, -1))[0][:, 0])
        return torch.cat(scores).numpy()

    def _gradient(
        self, visible: Int[np.ndarray, " click"], row: int, scale: Float[np.ndarray, " step"]
    ) -> Float[np.ndarray, "step click"]:
        """(click - baseline) x gradient at baseline + step * (click - baseline); the baseline is the null click."""
        with torch.inference_mode(False), torch.enable_grad():
            baseline = self._baseline()
            away = self._items[torch.as_tensor(visible)].clone() - baseline  # (click, dim)
            steps = torch.as_tensor(scale, dtype=away.dtype)[:, None, None]
            clicks = (baseline + steps * away).detach().requires_grad_()  # (step, click, dim)
            keep = torch.ones(clicks.shape[:2], dtype=torch.bool)
            chosen = self._items[row].clone()[None, None].expand(len(clicks), -1, -1)
            total = self.model.score(self.model.read(clicks, keep), chosen)[0].sum()
            (gradient,) = torch.autograd.grad(total, clicks)
        return (gradient * away).sum(dim=-1).numpy()

    def _baseline(self) -> Float[Tensor, " dim"]:
        null = self.model.null_click
        return torch.zeros(self.model.config.dim) if null is None else null.detach()


def _cosine(vectors: Float[np.ndarray, "click dim"], other: Float[np.ndarray, " dim"]) -> Float[np.ndarray, " click"]:
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(other)
    return vectors @ other / np.where(lengths > 0, lengths, 1.0)
