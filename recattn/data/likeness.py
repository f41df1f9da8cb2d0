"""By what the items of a dataset are alike: whatever its own items carry, so that no domain has to be named here.

===============  =====================================================================================================
same category    the one category, where items have one and no list of genres
same genre       any genre of the one among those of the other, where items have a list of genres
same decade      of the year in which they came out, where it is known
same popularity  the same third of all training clicks; where no named entities tell items apart
same entity      any named person, place or organisation, where items name some and have no list of genres
===============  =====================================================================================================

A kind by which all items are alike, or none, is left out.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from jaxtyping import Int

from recattn.data.attributes import genres
from recattn.data.store import Dataset
from recattn.types import Array

Labels = list[frozenset[str]]  # of each item: two are alike that share one
_BANDS = 3


class Likeness:
    """The kinds of likeness of one dataset, and each item's labels in them."""

    def __init__(self, dataset: Dataset) -> None:
        items = dataset.items()
        lists = any(genres(text) for text in items["attributes"])
        entities = not lists and items["entities"].str.len().gt(0).any()
        found: dict[str, Callable[[pd.DataFrame], Labels]] = {}
        if not lists and _differ(items["category"].replace("", None)):
            found["same category"] = lambda rows: [_label(name) for name in rows["category"]]
        if lists:
            found["same genre"] = lambda rows: [frozenset(genres(text)) for text in rows["attributes"]]
        if _differ(_decades(items)):
            found["same decade"] = lambda rows: [_label(decade) for decade in _decades(rows)]
        if not entities and "train" in dataset.info.splits:
            bands = popularity_bands(np.bincount(dataset.clicks("train")[0], minlength=len(items)))
            found["same popularity"] = lambda rows: [_label(str(band)) for band in bands[rows.index]]
        if entities:
            found["same entity"] = lambda rows: [frozenset(names) for names in rows["entities"]]
        self._items, self._found = items, found

    @property
    def kinds(self) -> tuple[str, ...]:
        """Those that this dataset has."""
        return tuple(self._found)

    def labels(self, rows: Int[Array, " item"]) -> Mapping[str, Labels]:
        """For each kind, the labels of these items (numbered as in ``Dataset.items``)."""
        chosen = self._items.iloc[rows]
        return {kind: labels_of(chosen) for kind, labels_of in self._found.items()}


def popularity_bands(clicks: Int[Array, " item"]) -> Int[Array, " item"]:
    """The band of each item: the most clicked that took a third of all clicks (0), the next third (1), the rest (2).

    Thirds of the clicks and not of the items: histories hold little but popular ones.

    >>> popularity_bands(np.array([0, 1, 5, 2, 4])).tolist()
    [2, 2, 0, 2, 1]
    """
    order = np.argsort(-clicks, kind="stable")
    before = np.cumsum(clicks[order]) - clicks[order]
    bands = np.empty(len(clicks), dtype=np.int64)
    bands[order] = np.minimum(before * _BANDS // max(1, clicks.sum()), _BANDS - 1)
    return bands


def _label(name: str | None) -> frozenset[str]:
    return frozenset([name]) if name else frozenset()


def _decades(items: pd.DataFrame) -> "pd.Series[str]":
    return items["published"].dt.strftime("%Y").str[:3].astype(object).where(items["published"].notna(), None)


def _differ(labels: "pd.Series[str]") -> bool:
    return labels.nunique() > 1
