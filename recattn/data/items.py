"""The items that a reader of interactions meets: numbered as they come, described where something is known of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from recattn.data.schema import ITEM_SCHEMA

LONGEST_ABSTRACT = 500  # letters


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of one item. ``attributes``: "year", "genres" and "image" mean the same for every reader."""

    title: str
    abstract: str = ""
    category: str = ""
    subcategory: str = ""
    url: str = ""
    entities: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Items:
    """Items in the order in which they were met. One without a description has its id as title."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self._described: dict[str, Item] = {}

    def number(self, item_id: str) -> int:
        """Its number, a new one where it was never met."""
        return self.index.setdefault(item_id, len(self.index))

    def describe(self, item_id: str, item: Item) -> None:
        """Say what is known of it."""
        self.number(item_id)
        self._described[item_id] = item

    def described(self, item_id: str) -> Item | None:
        """What is known of it, if anything is."""
        return self._described.get(item_id)

    @property
    def bare(self) -> int:
        """How many have no description."""
        return len(self.index) - len(self._described)

    def table(self, kept: Int[np.ndarray, " item"] | None = None) -> pa.Table:
        """The items as they are stored; only those of these numbers when they are given."""
        ids = list(self.index)
        if kept is not None:
            ids = [ids[number] for number in kept.tolist()]
        items = [self._described.get(item) or Item(item) for item in ids]
        return pa.table(
            {
                "item_id": ids,
                "title": [item.title or item_id for item_id, item in zip(ids, items, strict=True)],
                "abstract": [item.abstract for item in items],
                "category": [item.category for item in items],
                "subcategory": [item.subcategory for item in items],
                "url": [item.url for item in items],
                "published": [_new_year(item.attributes.get("year", "")) for item in items],
                "entities": [list(item.entities) for item in items],
                "image_url": [item.attributes.get("image", "") for item in items],
                "attributes": [_written(item.attributes) for item in items],
            },
            schema=ITEM_SCHEMA,
        )


def _new_year(year: str) -> datetime | None:
    """The first day of a year, all that is known of when an item came out.

    >>> _new_year("1995"), _new_year("0000")
    (datetime.datetime(1995, 1, 1, 0, 0), None)
    """
    return datetime(int(year), 1, 1) if len(year) == 4 and year.isdecimal() and year != "0000" else None


def _written(attributes: Mapping[str, Any]) -> str:
    """As JSON, without what is empty.

    >>> _written({"year": "1995", "image": ""}), _written({"image": ""})
    ('{"year": "1995"}', '')
    """
    known = {name: value for name, value in attributes.items() if value}
    return json.dumps(known, ensure_ascii=False) if known else ""


def joined(*texts: str) -> str:
    """An abstract of several texts, cut after 500 letters.

    >>> joined("Lotion", "", "For dry skin")
    'Lotion. For dry skin'
    """
    return ". ".join(filter(None, texts))[:LONGEST_ABSTRACT]
