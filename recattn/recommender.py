"""A dataset and a trained model: the top-N for a history, and the Prediction of one (history, candidate)."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.data import Dataset
from recattn.errors import UnknownError
from recattn.evaluation.baselines import recent_clicks
from recattn.evaluation.full_ranking import Taken, full_ranking_metrics
from recattn.evaluation.lists import mmr, unit
from recattn.evaluation.metrics import impression_metrics
from recattn.explanation.methods import method_for
from recattn.models.altering import moved, scrambled
from recattn.models.asking import Asking
from recattn.models.blocking import cell_effects
from recattn.models.contributions import contributions
from recattn.models.encoder import TextEncoder, item_texts
from recattn.models.loading import load_model, run_place, trained_on
from recattn.models.many import Top, top_of_all, user_vectors
from recattn.models.pooling import Reading
from recattn.models.predicting import predictions
from recattn.models.scoring import embed_items, item_rows, score_catalogue, score_impressions
from recattn.models.standing import Standing
from recattn.models.vectors import encoder_of, item_vectors
from recattn.models.words import led_to, words_prediction
from recattn.types import ClickWeight, Impressions, Prediction, Recommendation, Report, silent

_POOL = 10  # candidates a place, when lists are made more diverse


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
        self._known_rows = item_rows(self.model, items)
        self._items = embed_items(self.model, self._vectors, self._known_rows)

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

    @property
    def vectors(self) -> Float[np.ndarray, "item text_dim"]:
        """The text vector of each item, in the order of the dataset."""
        return self._vectors

    @property
    def item_vectors(self) -> Float[np.ndarray, "item dim"]:
        """Each item as the model compares it, in the order of the dataset; see `user_vector`."""
        return self._items.numpy()

    def user_vector(self, history: Sequence[str]) -> Float[np.ndarray, " dim"] | None:
        """What times an item's vector is its score; None where the user looks different to each item."""
        with torch.inference_mode():
            found = user_vectors(self.model, self._read(history, explain=False))
        return None if found is None else found[0].numpy()

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
        leave_out: Sequence[str] = (),
        heads: Bool[np.ndarray, "layer head"] | None = None,
        diversity: float = 0.0,
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
        """
        rows = self._candidate_rows(history, candidates, category)
        if len(leave_out):
            rows = rows[~np.isin(rows, self._known(leave_out))]
        scores = self._scores(history, rows, heads)
        best = _best(scores, n if not diversity else _POOL * n)
        if diversity:
            best = best[mmr(scores[best], unit(self._vectors[rows[best]]), n, diversity)]
        return self._explained(history, rows[best], scores[best], reasons=heads is None)

    def recommend_all(self, histories: Sequence[Sequence[str]], n: int = 10, reasons: int = 3) -> Top:
        """As `recommend` for many histories at once, in rows of the dataset's items; each item with its reasons."""
        return top_of_all(self.model, self._items, [self._known(history) for history in histories], n, reasons)

    def explain(self, history: Sequence[str], item: str, method: str = "contribution") -> list[ClickWeight]:
        """What each click that the model sees weighs in the score of an item, oldest first.

        Args:
            history: item ids, oldest first.
            item: whose score it is.
            method: a name of `recattn.explanation.methods.METHODS` that applies to the model.

        Raises:
            UnknownError: when there is no such item, or no such method for this model.
        """
        prediction = self.predict(history, item)
        weights = method_for(prediction, method).function(prediction)
        titles = (self._titles[self._row(click)] for click in prediction.items)
        return [ClickWeight(*one) for one in zip(prediction.items, titles, weights.tolist(), strict=True)]

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

    def predict(self, history: Sequence[str], candidate: str) -> Prediction:
        """One candidate for one history, with all the model has to show about it.

        Raises:
            UnknownError: when the candidate is not in the dataset.
        """
        return self.predict_all(history, [candidate])[0]

    def predict_all(self, history: Sequence[str], candidates: Sequence[str]) -> list[Prediction]:
        """The prediction of each candidate; the history is read once.

        Raises:
            UnknownError: when a candidate is not in the dataset.
        """
        visible = self._visible(history)
        return self._predictions(visible, self._items[torch.as_tensor(visible)], self._vectors[visible], candidates)

    def predict_moved(self, history: Sequence[str], candidate: str, distance: float, seed: int) -> Prediction:
        """As `predict`, with the text vector of every click moved by a cosine distance in some direction.

        What becomes of an explanation when the same things had been said in other words; see `moved`.
        """
        visible = self._visible(history)
        vectors = moved(self._vectors[visible], distance, seed)
        clicks = embed_items(self.model, vectors, self._known_rows[visible])
        return self._predictions(visible, clicks, vectors, [candidate])[0]

    def scrambled(self, seed: int) -> "Recommender":
        """The same items with a model that has learned nothing: the entries of each weight in another order."""
        other = copy(self)
        other.model = scrambled(self.model, seed)
        other._items = embed_items(other.model, self._vectors, self._known_rows)
        return other

    def score_impressions(
        self, impressions: Impressions, heads: Bool[np.ndarray, "layer head"] | None = None
    ) -> Float[np.ndarray, " candidate"]:
        """The score of each candidate of each impression, flat.

        Args:
            impressions: of this dataset.
            heads: where False, that head adds nothing; default: all heads work.
        """
        return score_impressions(self.model, self._items, impressions, heads=heads)

    def catalogue_scores(
        self, impressions: Impressions, heads: Bool[np.ndarray, "layer head"] | None = None
    ) -> Float[np.ndarray, "impression item"]:
        """The score of every item of the catalogue for each history; for not too many at once."""
        return score_catalogue(self.model, self._items, impressions, heads)

    @cached_property
    def taken(self) -> Taken:
        """What people took in the training data: not ranked again where the whole catalogue is."""
        return Taken.of(self.dataset.impressions("train"), len(self._ids))

    def ranking_metrics(
        self, impressions: Impressions, heads: Bool[np.ndarray, "layer head"] | None = None
    ) -> dict[str, Float[np.ndarray, " impression"]]:
        """Metrics of each labelled impression: over what was shown or, where all of it was clicked, over all items.

        Args:
            impressions: of this dataset.
            heads: where False, that head adds nothing; default: all heads work.
        """
        if impressions.positives_only:
            return full_ranking_metrics(lambda some: self.catalogue_scores(some, heads), impressions, self.taken)
        scores = self.score_impressions(impressions, heads)
        return impression_metrics(scores, np.asarray(impressions.labels), impressions.candidate_offsets)

    def spread(self, history: Sequence[str]) -> float:
        """The standard deviation of the scores of all items that were not read: the scale that scores lack."""
        return float(self._all_scores(history)[self._candidate_rows(history, None, None)].std())

    def cell_effects(self, history: Sequence[str], candidate: str) -> Float[np.ndarray, "head query key"] | None:
        """By how much the score falls when one head can't look from one unit at another; None where there is no such.

        Raises:
            UnknownError: when the candidate is not in the dataset.
        """
        with torch.inference_mode():
            effects = cell_effects(self.model, self._read(history, explain=True), self._items[self._row(candidate)])
        return None if effects is None else effects.numpy()

    def words(self, history: Sequence[str], candidate: str, item: str | None = None) -> Prediction:
        """What each token of one title does to the candidate's score.

        Args:
            history: item ids, oldest first.
            candidate: whose score it is.
            item: whose title: the candidate's (default), or that of a click.

        Raises:
            UnknownError: when the candidate is not in the dataset, or the item neither the candidate nor a click.
        """
        row, visible = self._row(candidate), self._visible(history)
        told = row if item is None else self._row(item)
        if told != row and told not in visible:
            raise UnknownError(
                f"{self._titles[told]!r} was not read, as far as the model sees.",
                "Allowed are the recommended item and the clicks of the history.",
                "Choose one of these.",
            )
        config = self.model.config
        text = item_texts(self.dataset.items().iloc[[told]], config.text_category, config.text_abstract)[0]
        clicks = self._vectors[visible]
        other = self._vectors[row] if told != row else clicks.sum(axis=0)
        read_there = (visible == told) & (told != row)
        history_items = self._items[torch.as_tensor(visible)]
        scored = led_to(self.model, history_items, self._items[row], self._known_rows[told], read_there)
        return words_prediction(self._encoder, text, candidate, scored, other)

    def margin(
        self, history: Sequence[str], candidate: str, n: int, *, deleted: bool = False
    ) -> Callable[[Bool[np.ndarray, "subset click"]], Float[np.ndarray, " subset"]]:
        """A function from kept clicks to how far the candidate's score is above the n-th best other item's.

        Above 0 the candidate is in the top n of the whole catalogue without what was read.

        Args:
            history: item ids, oldest first; ``keep`` is over those that the model sees, as in `Prediction`.
            candidate: whose place it is.
            n: length of the list.
            deleted: take clicks away as if never read; default: hide them, the others keep their place.
        """
        standing = self._standing(history, candidate, deleted)
        return lambda keep: standing.margins(keep, n)

    def ranks(
        self, history: Sequence[str], candidate: str, keep: Bool[np.ndarray, "subset click"], *, deleted: bool = False
    ) -> Int[np.ndarray, " subset"]:
        """The candidate's place for each pattern of kept clicks, counted as `rank` does; see `margin`."""
        return self._standing(history, candidate, deleted).ranks(keep)

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
            unread = np.ones(len(self._ids), dtype=bool)
            unread[self._known(history)] = False
            rows = np.flatnonzero(unread)
        if category is not None:
            rows = rows[[self._category_names[row] == category for row in rows]]
        return rows

    def _scores(
        self, history: Sequence[str], rows: Int[np.ndarray, " candidate"], heads: Bool[np.ndarray, "layer head"] | None
    ) -> Float[np.ndarray, " candidate"]:
        """The scores of some items; of many, all are scored, as picking their vectors out would take longer."""
        some = 2 * len(rows) < len(self._ids)
        items = self._items[torch.as_tensor(rows)] if some else self._items
        with torch.inference_mode():
            scores = self.model.score(self._read(history, explain=False, heads=heads), items[None])[0][0].numpy()
        return scores if some else scores[rows]

    def _read(
        self, history: Sequence[str], explain: bool, heads: Bool[np.ndarray, "layer head"] | None = None
    ) -> Reading:
        clicks = self._items[torch.as_tensor(self._visible(history))][None]
        visible = torch.ones(clicks.shape[:2], dtype=torch.bool)
        return self.model.read(clicks, visible, explain, None if heads is None else torch.as_tensor(heads))

    def _all_scores(self, history: Sequence[str]) -> Float[np.ndarray, " item"]:
        return self._scores(history, np.arange(len(self._ids)), None)

    def _predictions(
        self,
        visible: Int[np.ndarray, " click"],
        clicks: Float[Tensor, "click width"],
        vectors: Float[np.ndarray, "click text_dim"],
        candidates: Sequence[str],
    ) -> list[Prediction]:
        rows = np.array([self._row(item) for item in candidates], dtype=np.int64)
        return predictions(
            self.model,
            clicks,
            self._items[torch.as_tensor(rows)],
            [self._ids[item] for item in visible],
            candidates,
            _cosine(self._vectors[rows], vectors),
        )

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

    def _standing(self, history: Sequence[str], candidate: str, deleted: bool) -> Standing:
        """The candidate among all other items that were not read."""
        asking = Asking(self.model, self._items[torch.as_tensor(self._visible(history))])
        row, unread = self._row(candidate), self._candidate_rows(history, None, None)
        rows = np.concatenate(([row], unread[unread != row]))
        return Standing(asking, self._items[torch.as_tensor(rows)], deleted)

    @cached_property
    def _encoder(self) -> TextEncoder:
        return encoder_of(self.model.config, self.folder)


def _cosine(
    vectors: Float[np.ndarray, "item dim"], others: Float[np.ndarray, "click dim"]
) -> Float[np.ndarray, "item click"]:
    lengths = np.linalg.norm(vectors, axis=1)[:, None] * np.linalg.norm(others, axis=1)
    return vectors @ others.T / np.where(lengths > 0, lengths, 1.0)


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
