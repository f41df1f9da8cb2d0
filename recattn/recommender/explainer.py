"""Why an item gets its score for a history: predictions with all they carry, words, places in the list."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.errors import UnknownError
from recattn.explanation.methods import method_for
from recattn.models.altering import moved
from recattn.models.asking import Asking
from recattn.models.blocking import cell_effects
from recattn.models.encoder import item_texts
from recattn.models.predicting import predictions
from recattn.models.scoring import embed_items
from recattn.models.standing import Standing
from recattn.models.words import led_to, words_prediction
from recattn.recommender.catalogue import Catalogue
from recattn.types import ClickWeight, Prediction


class Explainer(Catalogue):
    """Answers why."""

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

    def _standing(self, history: Sequence[str], candidate: str, deleted: bool) -> Standing:
        """The candidate among all other items that were not read."""
        asking = Asking(self.model, self._items[torch.as_tensor(self._visible(history))])
        row, unread = self._row(candidate), self._candidate_rows(history, None, None)
        rows = np.concatenate(([row], unread[unread != row]))
        return Standing(asking, self._items[torch.as_tensor(rows)], deleted)


def _cosine(
    vectors: Float[np.ndarray, "item dim"], others: Float[np.ndarray, "click dim"]
) -> Float[np.ndarray, "item click"]:
    lengths = np.linalg.norm(vectors, axis=1)[:, None] * np.linalg.norm(others, axis=1)
    return vectors @ others.T / np.where(lengths > 0, lengths, 1.0)
