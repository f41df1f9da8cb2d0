"""What stands beside interactions and says something about their item: a campaign, an advertiser, a placement.

Such a column becomes an attribute of the item, and the first one its category where it has none. An item that stands
with several values has the one it has most often (of equals the first), and a note says how many such items there are:
what belongs to a moment and not to an item, an hour of the day for instance, is not for the model to know.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence

from recattn.data.items import Item, Items


class Contexts:
    """Counts the values of some columns for each item."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._counts: list[dict[str, Counter[str]]] = [{} for _ in self.columns]

    def add(self, item_id: str, values: Sequence[str]) -> None:
        """The values that stand with an item once; empty ones say nothing."""
        for counts, value in zip(self._counts, values, strict=True):
            if value:
                counts.setdefault(item_id, Counter())[value] += 1

    def describe(self, items: Items) -> tuple[str, ...]:
        """Write them into the items, and tell what had to be chosen."""
        for item_id in {item_id for counts in self._counts for item_id in counts}:
            item = items.described(item_id) or Item(item_id)
            values = {
                column: counts[item_id].most_common(1)[0][0]
                for column, counts in zip(self.columns, self._counts, strict=True)
                if item_id in counts
            }
            category = item.category or values.get(self.columns[0], "")
            attributes = {**item.attributes, **values}
            items.describe(item_id, dataclasses.replace(item, category=category, attributes=attributes))
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        for column, counts in zip(self.columns, self._counts, strict=True):
            if several := sum(len(values) > 1 for values in counts.values()):
                yield f"{several:,} items stand with more than one {column}; they have the most frequent."
