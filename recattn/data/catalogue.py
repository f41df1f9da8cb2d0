"""The items of an import: merged over all its files, numbered in order of appearance."""

import json
from collections.abc import Mapping

import pyarrow as pa

from recattn.data.rows import Rows, Unusable
from recattn.data.schema import ITEM_SCHEMA

_BROKEN = "entities that are not a JSON list"


class Catalogue:
    """Collects items from ``news.tsv`` files. The first text seen under an id stays."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self._rows: list[tuple[str, str, str, str, str, str, tuple[str, ...]]] = []
        self._digests: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, rows: Rows) -> None:
        """Add the items of one file."""
        here: set[str] = set()
        for line, cells in rows:
            try:
                self._take(rows, line, cells, here)
            except Unusable as why:
                rows.leave_out(line, why)
        rows.check()

    def _take(self, rows: Rows, line: int, cells: list[str], here: set[str]) -> None:
        item_id = cells[0]
        if not item_id:
            raise Unusable("articles without an id", "\t".join(cells))
        if " " in item_id:  # histories are ids with spaces between, so none could ever name this one
            raise Unusable("articles with a space in the id", item_id)
        if item_id in self.index:
            self._compare(rows, line, cells, item_id in here)
        else:
            self._add(rows, line, cells)
        here.add(item_id)

    def _compare(self, rows: Rows, line: int, cells: list[str], in_this_file: bool) -> None:
        """Account for an id seen before. That another file repeats an item word for word is how MIND is made."""
        same = self._digests[self.index[cells[0]]] == hash(tuple(cells))
        if in_this_file:
            reason = "articles repeated" if same else "articles repeated with other content"
            raise Unusable(reason, cells[0], harmless=same)
        if not same:
            rows.drop(line, "articles with other content in another split", cells[0])

    def _add(self, rows: Rows, line: int, cells: list[str]) -> None:
        item_id, category, subcategory, title, abstract, url, in_title, in_abstract = cells
        self.index[item_id] = len(self._rows)
        self._digests.append(hash(tuple(cells)))
        try:
            entities = tuple(dict.fromkeys(_labels(in_title) + _labels(in_abstract)))
        except (ValueError, RecursionError):  # the item itself is good, so it stays
            rows.drop(line, _BROKEN, item_id)
            entities = ()
        self._rows.append((item_id, category, subcategory, title, abstract, url, entities))

    def table(self) -> pa.Table:
        """The items as they are stored."""
        ids, categories, subcategories, titles, abstracts, urls, entities = zip(*self._rows, strict=True)
        nothing = [""] * len(ids)
        return pa.table(
            {
                "item_id": ids,
                "title": titles,
                "abstract": abstracts,
                "category": categories,
                "subcategory": subcategories,
                "url": urls,
                "published": [None] * len(ids),
                "entities": entities,
                "image_url": nothing,
                "attributes": nothing,
            },
            schema=ITEM_SCHEMA,
        )


def _labels(text: str) -> list[str]:
    """The names in an entity column.

    >>> _labels('[{"Label": "Apollo 11", "WikidataId": "Q43653"}]')
    ['Apollo 11']
    """
    if not text.strip():
        return []
    entities = json.loads(text)
    if not isinstance(entities, list) or not all(isinstance(entity, Mapping) for entity in entities):
        raise ValueError(_BROKEN)
    labels = (entity.get("Label") for entity in entities)
    return [label for label in labels if isinstance(label, str) and label]
