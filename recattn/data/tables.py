"""Reads interactions from any table: .csv, .tsv, .jsonl or .parquet, its columns by name; items from a second one.

Rows are lines, so a quoted cell with a line end in it counts as a bad row. Without times the order of the file is that
of time. An item that the table of items doesn't have keeps its id as title. With a column of labels a row says that an
item was shown, and whether it was clicked; see ``recattn.data.shown``.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np

from recattn.data.context import Contexts
from recattn.data.intake import Found, Intake, Source, import_found
from recattn.data.interactions import LATEST, Collecting, Interactions, Rule, seconds
from recattn.data.item_table import ItemTable
from recattn.data.items import Items
from recattn.data.named import table_files
from recattn.data.rows import Unusable
from recattn.data.schema import DOMAINS
from recattn.data.shown import CollectingShown, Shown
from recattn.data.sources import InputFile
from recattn.errors import DataError
from recattn.types import DatasetInfo, Report, silent

ROLES = ("user", "item", "time", "weight", "label", "impression")
_NEEDED = ("user", "item")
_LABELS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
_UNKNOWN = int(np.iinfo(np.int64).min)  # as a datetime64: NaT


def import_interactions(
    name: str,
    path: str | Path,
    columns: Mapping[str, str],
    items: str | None = None,
    item_id: str | None = None,
    text: Sequence[str] = (),
    category: str = "",
    attributes: Mapping[str, str] | None = None,
    context: Sequence[str] = (),
    domain: str = "",
    positive: float | None = None,
    held_out: str = "leave-one-out",
    core: int = 0,
    replace: bool = False,
    report: Report = silent,
) -> DatasetInfo:
    """Make a dataset of a table of interactions.

    Args:
        name: of the dataset.
        path: a .csv or .tsv with a header, a .jsonl, a .parquet, or a folder with the parts of one.
        columns: which column is "user" and "item", and where there are such, "time", "weight", "label" (1 = clicked,
            0 = only shown) and "impression".
        items: a table of items; without it, or for items it lacks, the id is the title.
        item_id: its column of ids; None: the same name as that of the interactions.
        text: its columns of text; the first is the title, the others make the abstract (500 letters).
        category: its column of categories.
        attributes: name -> its column of what else is known; "year", "genres" and "image" are shown.
        context: columns of the interactions that describe the item; see ``recattn.data.context``.
        domain: what the items are, one of `DOMAINS`; "": ads with labels, otherwise products.
        positive: the least weight that counts; None: every interaction does.
        held_out: "leave-one-out" or "time"; see ``recattn.data.interactions``.
        core: how many interactions every user and item must have.
        replace: whether a dataset of that name may go.
        report: hears of phases "read" (bytes) and "write" (impressions); may raise ``Cancelled``.

    Raises:
        DataError: when a column isn't there, more than 1 % of a file's rows are bad, or nothing can be written.
    """
    rule, roles = Rule(positive, held_out, core), _checked(columns, positive, core)
    known = ItemTable(items, item_id or roles["item"], tuple(text), category, attributes or {}) if items else None
    domain = domain or ("ads" if "label" in roles else "products")
    if domain not in DOMAINS:
        raise DataError(f"The domain {domain!r} was given.", f"Allowed are {', '.join(DOMAINS)}.", "Choose one.")
    tables, item_tables = table_files(Path(path)), known.files() if known else []
    files, holds = [*item_tables, *tables], ["items"] * len(item_tables) + ["taken"] * len(tables)
    reading = partial(_read, tables, item_tables, roles, known, tuple(context))
    return import_found(name, Source("interactions", domain, files, holds, reading), rule, replace, report)


def _checked(columns: Mapping[str, str], positive: float | None, core: int) -> dict[str, str]:
    given = f"Given were columns for {', '.join(columns) or 'nothing'}."
    remedy = "Say for instance --columns user=userId,item=itemId,time=timestamp"
    if set(columns) - set(ROLES) or not set(_NEEDED) <= set(columns):
        raise DataError(given, f"Needed are user and item; allowed are {', '.join(ROLES)}.", remedy)
    if positive is not None and "weight" not in columns:
        raise DataError(given, "A least weight needs a column of weights.", remedy + ",weight=rating")
    if "label" in columns and not {"time", "impression"} & set(columns):
        raise DataError(given, "Labels need a time or an impression, which rows were shown together.", remedy)
    if "label" in columns and (core or positive is not None):
        raise DataError("A least weight or a core was given with labels.", "", "Leave one of them out.")
    return dict(columns)


def _read(
    tables: Sequence[InputFile],
    item_tables: Sequence[InputFile],
    roles: Mapping[str, str],
    known: ItemTable | None,
    context: Sequence[str],
    intake: Intake,
) -> Found:
    items, contexts = Items(), Contexts(context)
    if known:
        known.read(item_tables, intake, items)
    names = list(dict.fromkeys([*roles.values(), *context]))
    taking = _Taking(roles, names, items, contexts)
    for rows, cells_of in intake.parts(tables, names):
        for line, cells in rows:
            try:
                taking.take(cells_of(cells))
            except Unusable as why:
                rows.leave_out(line, why)
    bare = f"{items.bare:,} items have no description; their id is their title."
    notes = ([bare] if items.bare else [], contexts.describe(items))
    return Found(items, taking.found(), tuple(chain.from_iterable(notes)))


class _Taking:
    """Takes rows of a table in, their cells in the order of ``names``."""

    def __init__(self, roles: Mapping[str, str], names: Sequence[str], items: Items, contexts: Contexts) -> None:
        self._places = [names.index(roles[role]) if role in roles else None for role in ROLES]
        self._contexts, self._context_places = contexts, [names.index(column) for column in contexts.columns]
        self._items = items
        self._interactions, self._shown = Collecting(), CollectingShown()
        self._labelled = "label" in roles

    def take(self, cells: Sequence[str]) -> None:
        """One row.

        Raises:
            Unusable: when it can't be used.
        """
        found = (None if place is None else cells[place].strip() for place in self._places)
        user, item, time, weight, label, impression = found
        if not user:
            raise Unusable("interactions without a user", item or "")
        if not item:
            raise Unusable("interactions without an item", user)
        amount = 1.0 if weight is None else _amount(weight)
        moment = _UNKNOWN if time is None else _moment(time)
        if self._labelled:
            clicked = _clicked(label or "")
            if impression == "":
                raise Unusable("rows without an impression", user)
            self._shown.add(user, self._items.number(item), moment, clicked, impression)
        else:
            self._interactions.add(user, self._items.number(item), moment, amount)
        self._contexts.add(item, [cells[place].strip() for place in self._context_places])

    def found(self) -> Interactions | Shown:
        """All that was taken in."""
        return self._shown.shown() if self._labelled else self._interactions.interactions()


def _clicked(text: str) -> bool:
    if (clicked := _LABELS.get(text.lower())) is None:
        raise Unusable("labels other than 0 and 1", text)
    return clicked


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError as error:
        raise Unusable("weights that are no numbers", text) from error
    if not math.isfinite(amount):
        raise Unusable("weights that are no numbers", text)
    return amount


def _moment(text: str) -> int:
    try:
        moment = seconds(text) if text.isdecimal() else _written(text)
    except (ValueError, OverflowError) as error:
        raise Unusable("times that can't be read", text) from error
    if abs(moment) > LATEST:
        raise Unusable("times that can't be read", text)
    return moment


def _written(text: str) -> int:
    """Seconds of a number with a point or a sign, or of an ISO time, in UTC where it names no zone."""
    try:
        return seconds(str(int(float(text))))
    except ValueError:
        found = datetime.fromisoformat(text.removesuffix(" UTC"))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
