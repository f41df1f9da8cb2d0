"""What all readers of interactions share: claim the name, read, make impressions by the rule, write.

A reader adds its layout only: which files there are, and how their rows become items and interactions.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recattn.config import checked_name
from recattn.data.folders import claimed
from recattn.data.interactions import Interactions, Rule, impressions_of
from recattn.data.items import Items
from recattn.data.named import Picking, named_rows
from recattn.data.rows import TABS, Layout, Progress, Rejections, Rows
from recattn.data.shown import Shown, impressions_shown
from recattn.data.sources import InputFile
from recattn.data.writing import Content, check_free, write_claimed
from recattn.errors import DataError
from recattn.types import DatasetInfo, Impressions, Report


class Intake:
    """The files of one import as they are read, and the account of what is left out."""

    def __init__(self, files: Sequence[InputFile], report: Report) -> None:
        self.rejections, self._progress = Rejections(), Progress(report, sum(file.size for file in files))
        self.read: list[Rows] = []

    def rows(self, file: InputFile, columns: int, layout: Layout = TABS) -> Rows:
        """The rows of a file."""
        self.read.append(Rows(file, columns, self.rejections, self._progress, layout))
        return self.read[-1]

    def parts(self, files: Iterable[InputFile], names: Sequence[str]) -> Iterator[tuple[Rows, Picking]]:
        """The rows of each part of a table, and what picks its named cells; checked when the next part is asked for.

        Raises:
            DataError: when more than 1 % of a part's rows are bad. A part among others may be empty.
        """
        files = list(files)
        for file in files:
            rows, cells_of = named_rows(file, names, self.rejections, self._progress)
            self.read.append(rows)
            yield rows, cells_of
            if len(files) == 1 or rows.read > rows.layout.header:
                rows.check()


@dataclass(frozen=True)
class Found:
    """What a reader found; ``notes`` are what else people should know of it."""

    items: Items
    interactions: Interactions | Shown
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """What a reader knows before it reads: where data come from, what its items are, its files, and how to read them.

    ``holds`` says of each file what its rows are: "items", "taken", or "" for what is only said of them. ``untaken``:
    whether items that nobody took are kept.
    """

    name: str
    domain: str
    files: Sequence[InputFile]
    holds: Sequence[str]
    read: Callable[[Intake], Found]
    untaken: bool = True


def import_found(name: str, source: Source, rule: Rule, replace: bool, report: Report) -> DatasetInfo:
    """Make a dataset of what a reader finds in its files.

    Raises:
        DataError: when the name is taken, nothing counts, more than 1 % of a file's rows are bad, or nothing can be
            written.
    """
    checked_name(name, "dataset")
    check_free(name, replace)
    with claimed(name):
        check_free(name, replace)
        intake = Intake(source.files, report)
        found = source.read(intake)
        splits, notes = splits_of(found, rule)
        if not splits:
            given = f"No interaction of {source.name} counts."
            raise DataError(given, "Needed is one or more.", "Lower the threshold or the core.")
        return write_claimed(name, _content(source, intake, found, splits, notes, rule), report)


def splits_of(found: Found, rule: Rule) -> tuple[dict[str, Impressions], tuple[str, ...]]:
    """The impressions of what was found, and what to say about them."""
    taken = found.interactions
    return impressions_shown(taken, rule) if isinstance(taken, Shown) else impressions_of(taken, rule)


def _content(
    source: Source, intake: Intake, found: Found, splits: dict[str, Impressions], notes: tuple[str, ...], rule: Rule
) -> Content:
    left_out: tuple[str, ...] = ()
    if source.untaken and not rule.core:
        items = found.items.table()
    else:
        taken = np.unique(np.concatenate([one.candidates for one in splits.values()]))
        items, splits = found.items.table(taken), {split: _renumbered(one, taken) for split, one in splits.items()}
        if untaken := len(found.items.index) - len(items):
            left_out = (f"{untaken:,} items that nobody took are left out.",)
    return Content(
        items=items,
        splits=splits,
        source=source.name,
        checksums={rows.file.name: rows.sha256 for rows in intake.read},
        rows_read={rows.file.name: rows.read - rows.layout.header for rows in intake.read},
        rejected=dict(intake.rejections.counts),
        rejected_rows=tuple(intake.rejections.rows),
        notes=(*notes, *left_out, *found.notes),
        domain=source.domain,
    )


def _renumbered(one: Impressions, taken: np.ndarray) -> Impressions:
    """The same with the places in ``taken`` as numbers of items."""
    history, candidates = (np.searchsorted(taken, items).astype(np.int32) for items in (one.history, one.candidates))
    return dataclasses.replace(one, history=history, candidates=candidates)
