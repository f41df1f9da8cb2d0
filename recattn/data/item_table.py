"""Items from a second table: the columns of their ids, their text, their category, and of what else is known.

The attributes "year", "genres" and "image" mean the same for every reader: a year is four digits, genres stand with
``|`` or a comma between, an image is an address.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recattn.data.intake import Intake
from recattn.data.items import Item, Items, joined
from recattn.data.named import table_files
from recattn.data.rows import Unusable
from recattn.data.sources import InputFile
from recattn.errors import DataError

_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_BETWEEN = re.compile(r"\||, ?")


@dataclass(frozen=True)
class ItemTable:
    """Where items stand. The first column of ``text`` is the title; ``attributes``: name -> column."""

    path: str
    item_id: str
    text: tuple[str, ...]
    category: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.text:
            given = f"{self.path} has no columns of text chosen."
            raise DataError(given, "One or more are needed.", "Name them: --text title")

    def files(self) -> list[InputFile]:
        """The file, or the parts of it."""
        return table_files(Path(self.path))

    def read(self, files: Iterable[InputFile], intake: Intake, items: Items) -> None:
        """Describe the items that stand there; the first row of one counts."""
        wanted = [self.item_id, *self.text, *filter(None, [self.category]), *self.attributes.values()]
        names = list(dict.fromkeys(wanted))
        for rows, cells_of in intake.parts(files, names):
            for line, cells in rows:
                found = dict(zip(names, (cell.strip() for cell in cells_of(cells)), strict=True))
                item_id = found[self.item_id]
                if not item_id:
                    rows.leave_out(line, Unusable("items without an id", str(cells)))
                elif items.described(item_id):
                    rows.leave_out(line, Unusable("items repeated", item_id, harmless=True))
                else:
                    items.describe(item_id, self._item(found))

    def _item(self, found: Mapping[str, str]) -> Item:
        attributes = {name: _attribute(name, found[column]) for name, column in self.attributes.items()}
        return Item(
            title=found[self.text[0]],
            abstract=joined(*(found[name] for name in self.text[1:])),
            category=found[self.category] if self.category else "",
            entities=tuple(attributes.get("genres", ())),
            attributes=attributes,
        )


def _attribute(name: str, text: str) -> str | list[str]:
    """An attribute as every reader keeps it.

    >>> _attribute("year", "2001-05-12"), _attribute("genres", "Drama|War"), _attribute("price", "12.50")
    ('2001', ['Drama', 'War'], '12.50')
    """
    if name == "year":
        return found[0] if (found := _YEAR.search(text)) else ""
    if name == "genres":
        return list(filter(None, _BETWEEN.split(text)))
    return text
