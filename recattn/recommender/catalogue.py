"""The items of a dataset as a model compares them, and what it makes of a history."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.data import Dataset
from recattn.errors import UnknownError
from recattn.models.attention import RecAttnModel
from recattn.models.encoder import TextEncoder
from recattn.models.facts import ItemFacts
from recattn.models.loading import load_model
from recattn.models.many import user_vectors
from recattn.models.pooling import Reading
from recattn.models.scoring import embed_items, item_rows
from recattn.models.vectors import encoder_of, item_vectors
from recattn.types import Report, silent


class Catalogue:
    """A model beside the items it is asked about; everything here counts in rows of the dataset's items.

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
        self._facts = None if self.model.popularity is None else ItemFacts(dataset.past())
        self._items = self._embedded(self.model)

    @property
    def vectors(self) -> Float[np.ndarray, "item text_dim"]:
        """The text vector of each item, in the order of the dataset."""
        return self._vectors

    @property
    def item_vectors(self) -> Float[np.ndarray, "item width"]:
        """Each item as the model compares it now, in the order of the dataset; see `user_vector`."""
        return self._items.numpy()

    def user_vector(self, history: Sequence[str]) -> Float[np.ndarray, " width"] | None:
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

    def _embedded(self, model: RecAttnModel) -> Float[Tensor, "item width"]:
        """All items as a model compares them, now."""
        now = None if self._facts is None else self._facts.now()
        return embed_items(model, self._vectors, self._known_rows, now)

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
        self,
        history: Sequence[str],
        rows: Int[np.ndarray, " candidate"],
        heads: Bool[np.ndarray, "layer head"] | None,
        moment: datetime | None = None,
    ) -> Float[np.ndarray, " candidate"]:
        """The scores of some items; of many, all are scored, as picking their vectors out would take longer."""
        some = 2 * len(rows) < len(self._ids) or moment is not None
        items = self._items[torch.as_tensor(rows)] if some else self._items
        if moment is not None and self._facts is not None:
            then = self._facts.at(rows, np.full(len(rows), np.datetime64(moment, "s")))
            items = self.model.with_facts(items, torch.as_tensor(then))
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

    @cached_property
    def _encoder(self) -> TextEncoder:
        return encoder_of(self.model.config, self.folder)
