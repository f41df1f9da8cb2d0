"""The recommender itself: the top-N for a history, each with the click that adds most."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from recattn.data import Dataset
from recattn.evaluation.baselines import recent_clicks
from recattn.evaluation.lists import mmr, unit
from recattn.models.altering import scrambled
from recattn.models.contributions import contributions
from recattn.models.loading import run_place, trained_on
from recattn.models.many import Top, top_of_all
from recattn.recommender.explainer import Explainer
from recattn.recommender.judged import Judged
from recattn.types import Recommendation, Report, silent

_POOL = 10  # candidates a place, when lists are made more diverse


class Recommender(Explainer, Judged):
    """Answers what a person would get and why. Holds no state of any user; safe to share between threads.

    Args:
        folder: of the run.
        dataset: the one whose items are recommended.
        report: hears of phase "encode" when item vectors are not cached yet.
    """

    @classmethod
    def load(cls, folder: Path | str, dataset: Dataset | None = None, report: Report = silent) -> "Recommender":
        """The recommender of a run folder.

        Args:
            folder: a path; "runs/ID" is looked for in ``RECATTN_HOME`` as well.
            dataset: whose items are recommended; by default the one of that name that the run was trained on.
            report: hears of phase "encode".

        Raises:
            RunError: when the run is damaged.
            UnknownError: when there is no such run or dataset.
        """
        place = run_place(folder)
        return cls(place, dataset or Dataset.open(trained_on(place)), report)

    def recommend(
        self,
        history: Sequence[str],
        n: int = 10,
        *,
        candidates: Sequence[str] | None = None,
        category: str | None = None,
        leave_out: Sequence[str] = (),
        heads: Bool[np.ndarray, "layer head"] | None = None,
        diversity: float = 0.0,
        moment: datetime | None = None,
    ) -> list[Recommendation]:
        """The n best items, best first; ties in the order of the catalogue.

        Args:
            history: item ids, oldest first; unknown ones are passed over, and the model sees the latest of the rest.
            n: how many at most.
            candidates: choose among these (also what was read already); default: the whole catalogue without it.
            category: only items of this category.
            leave_out: never these items.
            heads: heads that are False add nothing; recommendations then come without a reason.
            diversity: the weight of being unlike what stands above, 0 to 1, among the best ten times n; see `mmr`.
            moment: popularity and age count as known then; default: as known now.
        """
        rows = self._candidate_rows(history, candidates, category)
        if len(leave_out):
            rows = rows[~np.isin(rows, self._known(leave_out))]
        scores = self._scores(history, rows, heads, moment)
        best = _best(scores, n if not diversity else _POOL * n)
        if diversity:
            best = best[mmr(scores[best], unit(self._vectors[rows[best]]), n, diversity)]
        return self._explained(history, rows[best], scores[best], reasons=heads is None)

    def recommend_all(self, histories: Sequence[Sequence[str]], n: int = 10, reasons: int = 3) -> Top:
        """As `recommend` for many histories at once, in rows of the dataset's items; each item with its reasons."""
        return top_of_all(self.model, self._items, [self._known(history) for history in histories], n, reasons)

    def popular(
        self, n: int = 10, *, candidates: Sequence[str] | None = None, category: str | None = None
    ) -> list[Recommendation]:
        """The most clicked items of the latest fifth of the training clicks; the score is their number.

        What is recommended to someone without a history. Arguments as in `recommend`.
        """
        rows = self._candidate_rows([], candidates, category)
        best = rows[np.argsort(-self._recent_clicks[rows], kind="stable")[:n]].tolist()
        return [self._recommendation(rank, row, float(self._recent_clicks[row])) for rank, row in enumerate(best, 1)]

    def rank(self, history: Sequence[str], candidate: str) -> int:
        """The place of an item among the whole catalogue without what was read; 1 is best, ties count as better."""
        rows, scores = self._candidate_rows(history, None, None), self._all_scores(history)
        own = self._row(candidate)
        return int((scores[rows[rows != own]] >= scores[own]).sum()) + 1

    def spread(self, history: Sequence[str]) -> float:
        """The standard deviation of the scores of all items that were not read: the scale that scores lack."""
        return float(self._all_scores(history)[self._candidate_rows(history, None, None)].std())

    def scrambled(self, seed: int) -> "Recommender":
        """The same items with a model that has learned nothing: the entries of each weight in another order."""
        other = copy(self)
        other.model = scrambled(self.model, seed)
        other._items = self._embedded(other.model)
        return other

    def _explained(
        self,
        history: Sequence[str],
        rows: Int[np.ndarray, " chosen"],
        scores: Float[np.ndarray, " chosen"],
        reasons: bool = True,
    ) -> list[Recommendation]:
        """Recommendations with the click that adds most."""
        visible, null = self._visible(history), int(self.model.config.null_click)
        pairs = zip(rows.tolist(), scores.tolist(), strict=True)
        plain = [self._recommendation(rank, row, score) for rank, (row, score) in enumerate(pairs, 1)]
        if not reasons or not len(visible) or not len(rows):
            return plain
        with torch.inference_mode():
            reading, chosen = self._read(history, explain=True), self._items[torch.as_tensor(rows)]
            parts = contributions(self.model, reading, self.model.score(reading, chosen[None])[1], chosen)
        by_click = (parts.by_head.sum(dim=1) + parts.residual)[:, null:].numpy()
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
        return Recommendation(rank, self._ids[row], self._titles[row], self._category_names[row], score)

    @cached_property
    def _recent_clicks(self) -> Int[np.ndarray, " item"]:
        return recent_clicks(*self.dataset.clicks("train"), len(self._ids))


def _best(scores: Float[np.ndarray, " candidate"], n: int) -> Int[np.ndarray, " best"]:
    """Places of the n best scores, best first, ties in their order; without putting all the others in order.

    >>> _best(np.array([1.0, 3.0, 2.0, 3.0, 2.0]), 3).tolist()
    [1, 3, 2]
    """
    place = max(0, len(scores) - n)
    able = (
        np.flatnonzero(scores >= np.partition(scores, place)[place]) if 0 < n < len(scores) else np.arange(len(scores))
    )
    return able[np.argsort(-scores[able], kind="stable")][:n]
