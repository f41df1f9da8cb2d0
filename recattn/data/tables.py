"""Reads interactions from any table of lines: .csv, .tsv or .jsonl, its columns by name; items from a second one.

Rows are lines, so a quoted cell with a line end in it counts as a bad row. Without times the order of the file is that
of time. An item that the table of items doesn't have keeps its id as title.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from recattn.config import checked_name
from recattn.data.folders import claimed
from recattn.data.interactions import Collecting, Interactions, Rule, impressions_of, seconds
from recattn.data.named import Picking, named_rows, table_file
from recattn.data.rows import Progress, Rejections, Rows, Unusable
from recattn.data.schema import ITEM_SCHEMA
from recattn.data.writing import Content, check_free, write_claimed
from recattn.errors import DataError
from recattn.types import DatasetInfo, Report, silent

ROLES = ("user", "item", "time", "weight")
_NEEDED = ("user", "item")
_ABSTRACT = 500  # letters
_LATEST = 9_000_000_000  # seconds, the year 2255: what lies beyond is no time
_UNKNOWN = int(np.iinfo(np.int64).min)  # as a datetime64: NaT


@dataclass(frozen=True)
class ItemTable:
    """Where items stand: the column of their ids, those of their text (the first is the title), and their category."""

    path: str
    item_id: str
    text: tuple[str, ...] = ()
    category: str = ""


@dataclass
class _Catalogue:
    """Items in the order in which they were met, and what is known of them."""

    index: dict[str, int] = field(default_factory=dict)
    described: dict[str, tuple[list[str], str]] = field(default_factory=dict)

    def number(self, item: str) -> int:
        return self.index.setdefault(item, len(self.index))


def import_interactions(
    name: str,
    path: str | Path,
    columns: Mapping[str, str],
    items: str | None = None,
    item_id: str | None = None,
    text: Sequence[str] = (),
    category: str = "",
    positive: float | None = None,
    held_out: str = "leave-one-out",
    replace: bool = False,
    report: Report = silent,
) -> DatasetInfo:
    """Make a dataset of a table of interactions.

    Args:
        name: of the dataset.
        path: a .csv or .tsv with a header, or a .jsonl.
        columns: which column is "user" and "item", and where there are such, "time" and "weight".
        items: a table of items; without it, or for items it lacks, the id is the title.
        item_id: its column of ids; None: the same name as that of the interactions.
        text: its columns of text; the first is the title, the others make the abstract (500 letters).
        category: its column of categories.
        positive: the least weight that counts; None: every interaction does.
        held_out: "leave-one-out" or "time"; see ``recattn.data.interactions``.
        replace: whether a dataset of that name may go.
        report: hears of phases "read" (bytes) and "write" (impressions); may raise ``Cancelled``.

    Raises:
        DataError: when a column isn't there, more than 1 % of a file's rows are bad, or nothing can be written.
    """
    checked_name(name, "dataset")
    check_free(name, replace)
    rule, roles = Rule(positive, held_out), _checked(columns, positive)
    known = ItemTable(items, item_id or roles["item"], tuple(text), category) if items else None
    if known and not known.text:
        raise DataError(f"{items} has no columns of text chosen.", "One or more are needed.", "Name them: --text title")
    with claimed(name):
        check_free(name, replace)
        return write_claimed(name, _read(Path(path), roles, known, rule, report), report)


def _checked(columns: Mapping[str, str], positive: float | None) -> dict[str, str]:
    given = f"Given were columns for {', '.join(columns) or 'nothing'}."
    remedy = "Say for instance --columns user=userId,item=itemId,time=timestamp"
    if set(columns) - set(ROLES) or not set(_NEEDED) <= set(columns):
        raise DataError(given, "Needed are user and item; time and weight may be there.", remedy)
    if positive is not None and "weight" not in columns:
        raise DataError(given, "A least weight needs a column of weights.", remedy + ",weight=rating")
    return dict(columns)


def _read(path: Path, roles: Mapping[str, str], known: ItemTable | None, rule: Rule, report: Report) -> Content:
    table, item_table = table_file(path), table_file(Path(known.path)) if known else None
    rejections = Rejections()
    progress = Progress(report, table.size + (item_table.size if item_table else 0))
    catalogue, read = _Catalogue(), []
    if known and item_table:
        names = list(dict.fromkeys([known.item_id, *known.text, *filter(None, [known.category])]))
        rows, cells_of = named_rows(item_table, names, rejections, progress)
        _take_items(rows, cells_of, known, names, catalogue)
        read.append(rows)
    names = list(dict.fromkeys(roles.values()))
    rows, cells_of = named_rows(table, names, rejections, progress)
    splits, notes = impressions_of(_interactions(rows, cells_of, roles, names, catalogue), rule)
    read.append(rows)
    if not splits:
        raise DataError(f"No interaction of {table.name} counts.", "Needed is one or more.", "Lower the threshold.")
    bare = len(catalogue.index) - len(catalogue.described)
    return Content(
        items=_items(catalogue),
        splits=splits,
        source="interactions",
        checksums={rows.file.name: rows.sha256 for rows in read},
        rows_read={rows.file.name: rows.read - rows.layout.header for rows in read},
        rejected=dict(rejections.counts),
        rejected_rows=tuple(rejections.rows),
        notes=(*notes, *([f"{bare:,} items have no description; their id is their title."] if bare else [])),
    )


def _take_items(rows: Rows, cells_of: Picking, known: ItemTable, names: Sequence[str], catalogue: _Catalogue) -> None:
    for line, cells in rows:
        found = dict(zip(names, (cell.strip() for cell in cells_of(cells)), strict=True))
        item = found[known.item_id]
        if not item:
            rows.leave_out(line, Unusable("items without an id", str(cells)))
        elif item in catalogue.index:
            rows.leave_out(line, Unusable("items repeated", item, harmless=True))
        else:
            catalogue.number(item)
            texts = [found[name] for name in known.text]
            catalogue.described[item] = (texts, found[known.category] if known.category else "")
    rows.check()


def _interactions(
    rows: Rows, cells_of: Picking, roles: Mapping[str, str], names: Sequence[str], catalogue: _Catalogue
) -> Interactions:
    collecting = Collecting()
    places = [names.index(roles[role]) if role in roles else None for role in ROLES]
    for line, cells in rows:
        picked = cells_of(cells)
        try:
            user, item, time, weight = (None if place is None else picked[place].strip() for place in places)
            _take(collecting, catalogue, user or "", item or "", time, weight)
        except Unusable as why:
            rows.leave_out(line, why)
    rows.check()
    return collecting.interactions()


def _take(
    collecting: Collecting, catalogue: _Catalogue, user: str, item: str, time: str | None, weight: str | None
) -> None:
    if not user:
        raise Unusable("interactions without a user", item)
    if not item:
        raise Unusable("interactions without an item", user)
    try:
        amount = 1.0 if weight is None else float(weight)
    except ValueError as error:
        raise Unusable("weights that are no numbers", weight or "") from error
    if not math.isfinite(amount):
        raise Unusable("weights that are no numbers", weight or "")
    moment = _UNKNOWN if time is None else _moment(time)
    collecting.add(user, catalogue.number(item), moment, amount)


def _moment(text: str) -> int:
    try:
        moment = seconds(text) if text.isdecimal() else _written(text)
    except (ValueError, OverflowError) as error:
        raise Unusable("times that can't be read", text) from error
    if abs(moment) > _LATEST:
        raise Unusable("times that can't be read", text)
    return moment


def _written(text: str) -> int:
    """Seconds of a number with a point or a sign, or of an ISO time, in UTC where it names no zone."""
    try:
        return seconds(str(int(float(text))))
    except ValueError:
        found = datetime.fromisoformat(text.removesuffix(" UTC"))
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _items(catalogue: _Catalogue) -> pa.Table:
    ids = list(catalogue.index)
    described = [catalogue.described.get(item, ([], "")) for item in ids]
    blank = [""] * len(ids)
    return pa.table(
        {
            "item_id": ids,
            "title": [(texts[0] if texts else "") or item for item, (texts, _) in zip(ids, described, strict=True)],
            "abstract": [". ".join(filter(None, texts[1:]))[:_ABSTRACT] for texts, _ in described],
            "category": [category for _, category in described],
            "subcategory": blank,
            "url": blank,
            "published": [None] * len(ids),
            "entities": [[] for _ in ids],
            "image_url": blank,
            "attributes": ["{}"] * len(ids),
        },
        schema=ITEM_SCHEMA,
    )
