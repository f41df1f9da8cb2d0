"""What a link says to show: plain strings in the URL, checked on the server before anything is looked up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from recattn.config import checked_name
from recattn.errors import UnknownError
from recattn.language import LANGUAGES

LONGEST = 40_000  # characters of one value: an id may have 10,000, of which an edit writes some as several
_IDS = ("user", "item", "other")  # whatever the data calls them
_CELL = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")


@dataclass(frozen=True)
class Choice:
    """What the visitor chose to look at. An empty string or None leaves it to the page.

    ``layer``, ``head`` and ``click`` (the most recent is 1) count from 1, as people do; ``cell`` is the row's and the
    column's unit, as in `Prediction`. ``other`` is the item that the shown one is compared with; ``edit`` says what is
    changed about the history, in the form of `recattn.ui.edits`; ``against`` is the run that ``run`` is compared with;
    ``lang`` is the language of the page.
    """

    dataset: str = ""
    run: str = ""
    user: str = ""
    item: str = ""
    layer: int | None = None
    head: int | None = None
    cell: tuple[int, int] | None = None
    click: int | None = None
    other: str = ""
    edit: str = ""
    method: str = ""
    against: str = ""
    lang: str = ""

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "Choice":
        """The choice a link carries. Unknown parameters are left to others.

        Raises:
            UnknownError: when a value cannot be what it should be, whoever wrote the link.

        >>> Choice.from_params({"user": "U7", "layer": "2"}).layer
        2
        >>> Choice.from_params({"run": "../../etc"})
        Traceback (most recent call last):
        recattn.errors.UnknownError: '../../etc' can't be a run name. ...
        """
        known = {field.name for field in fields(cls)}
        given = {name: _readable(name, value) for name, value in params.items() if name in known and value}
        return cls(
            dataset=checked_name(given["dataset"], "dataset") if "dataset" in given else "",
            run=checked_name(given["run"], "run") if "run" in given else "",
            user=given.get("user", ""),
            item=given.get("item", ""),
            layer=_number("layer", given.get("layer")),
            head=_number("head", given.get("head")),
            cell=_cell(given.get("cell")),
            click=_number("click", given.get("click")),
            other=given.get("other", ""),
            edit=given.get("edit", ""),
            method=given.get("method", ""),
            against=checked_name(given["against"], "run") if "against" in given else "",
            lang=given["lang"] if given.get("lang") in LANGUAGES else "",
        )

    def params(self, **changes: str | int | None) -> dict[str, str]:
        """The parameters of a link to this choice, with some things changed; blanks are left out.

        >>> Choice(user="U7", head=3).params(item="N1", head=None)
        {'user': 'U7', 'item': 'N1'}
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)} | changes
        unknown = set(changes) - {field.name for field in fields(self)}
        if unknown:
            raise TypeError(f"a link has no {', '.join(sorted(unknown))}")
        return {name: _written(value) for name, value in values.items() if value not in ("", None)}


def _written(value: object) -> str:
    return ".".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _readable(name: str, value: str) -> str:
    if len(value) > LONGEST:
        raise UnknownError(
            f"The {name} in the link is {len(value):,} characters long.",
            f"Allowed are {LONGEST:,}.",
            "Open the page without the link and choose there.",
        )
    if name not in _IDS and any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        raise UnknownError(
            f"The {name} in the link holds control characters.",
            "Allowed is readable text.",
            "Open the page without the link and choose there.",
        )
    return value


def _number(name: str, value: str | None) -> int | None:
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,3}", value) and int(value) >= 1:
        return int(value)
    raise UnknownError(
        f"The link asks for {name} {value[:40]!r}.",
        f"Layers, heads and clicks are counted 1, 2, 3 and so on, so {name} must be a whole number from 1.",
        "Open the page without the link and choose there.",
    )


def _cell(value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    if found := _CELL.fullmatch(value):
        return int(found[1]), int(found[2])
    raise UnknownError(
        f"The link asks for cell {value[:40]!r}.",
        "Allowed is a row and a column, like 3.12.",
        "Open the page without the link and choose there.",
    )
