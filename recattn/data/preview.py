"""What an import would find, told before it begins: a bounded look at the beginning of each file.

The same readers look that import afterwards, so what they leave out here they leave out there, for the same reasons.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from recattn.data.catalogue import Catalogue
from recattn.data.intake import Intake, splits_of
from recattn.data.interactions import Rule
from recattn.data.mind import BEHAVIOR_COLUMNS, BEHAVIORS, NEWS, NEWS_COLUMNS, is_labelled, read_behaviors
from recattn.data.recognised import MIND, SOURCES
from recattn.data.rows import TABS, Layout, Progress, Rejections, Rows
from recattn.data.schema import ITEM_SCHEMA
from recattn.data.sources import InputFile, Lines, input_files
from recattn.errors import DataError
from recattn.types import Impressions, silent

LOOKED_AT_BYTES = 5_000_000  # of all files together: a fraction of a second
FIRST_ROWS, FIRST_PROBLEMS = 5, 5


@dataclass(frozen=True)
class PreviewedFile:
    """One file of the import. ``rows`` is exact where the file was read to its end, otherwise reckoned from its size.

    ``fault`` says why the file would be refused as it looks so far: no row good, or more than 1 % bad. ``holds`` is
    "items" or "taken" for files whose rows are articles or impressions.
    """

    name: str
    split: str
    size: int
    rows_seen: int
    rows: int
    whole: bool
    fault: str = ""
    holds: str = ""


@dataclass(frozen=True)
class PreviewedArticle:
    """An article as it would be shown."""

    title: str
    category: str
    abstract: str


@dataclass(frozen=True)
class PreviewedImpression:
    """A list that was shown, in titles; an article whose text was not reached stands with its id.

    ``clicked`` is None where the file does not say it.
    """

    reader: str
    time: datetime | None
    read: tuple[str, ...]  # newest first
    shown: int
    clicked: tuple[str, ...] | None


@dataclass(frozen=True)
class Preview:
    """What was recognised, and how it begins. ``format`` is a name of `IMPORTERS`."""

    format: str
    layout: str
    files: tuple[PreviewedFile, ...]
    labelled: Mapping[str, bool]  # split -> whether it says what was clicked
    articles_seen: int  # different ones
    articles: tuple[PreviewedArticle, ...]
    impressions: tuple[PreviewedImpression, ...]
    rejected: Mapping[str, int]  # reason -> how many, among the rows seen
    problems: tuple[Mapping[str, str | int], ...]  # the first few: file, line, reason, text

    @property
    def whole(self) -> bool:
        """Whether everything was read, so that counts are exact."""
        return all(file.whole for file in self.files)

    @property
    def held_out(self) -> bool:
        """Whether the import will keep the end of train aside, because no dev split is given."""
        return "dev" not in self.labelled

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the import would stop, as far as can be seen."""
        return tuple(file.fault for file in self.files if file.fault)

    @property
    def n_articles(self) -> int:
        """How many articles there are; where that isn't known, at least how many: splits name many of them twice."""
        files = [file for file in self.files if file.holds == "items"]
        if all(file.whole for file in files or self.files):
            return self.articles_seen
        return max([self.articles_seen, *(file.rows for file in files)])

    @property
    def n_impressions(self) -> int:
        """The rows that say what was shown, of all splits."""
        return sum(file.rows for file in self.files if file.holds == "taken")


def preview_mind(paths: Mapping[str, Path], looked_at_bytes: int = LOOKED_AT_BYTES) -> Preview:
    """Look at news in MIND's layout.

    Args:
        paths: split -> folder or zip, "train" first.
        looked_at_bytes: how much is read of all files together, at most.

    Raises:
        DataError: when these are not the right files, or a zip that can't be trusted.
    """
    pairs = {split: input_files(path, split, (NEWS, BEHAVIORS)) for split, path in paths.items()}
    share = max(1, looked_at_bytes // (2 * len(pairs)))
    rejections, catalogue = Rejections(), Catalogue()
    news = {split: _Beginning(pair[0], NEWS_COLUMNS, rejections, share) for split, pair in pairs.items()}
    for rows in news.values():
        catalogue.read(rows)
    behaviors = {split: _Beginning(pair[1], BEHAVIOR_COLUMNS, rejections, share) for split, pair in pairs.items()}
    labelled = {split: split == "train" or is_labelled(rows.file, catalogue.index) for split, rows in behaviors.items()}
    index = dict(catalogue.index)
    if not all(rows.whole for rows in news.values()):
        _add_named(index, behaviors, labelled)
    impressions = [read_behaviors(rows, index, labelled[split]) for split, rows in behaviors.items()]
    items = catalogue.table() if len(catalogue) else ITEM_SCHEMA.empty_table()
    return Preview(
        format=MIND,
        layout="News in MIND's layout",
        files=tuple(
            found
            for split in pairs
            for found in (news[split].found(split, "items"), behaviors[split].found(split, "taken"))
        ),
        labelled=labelled,
        articles_seen=len(catalogue),
        articles=_articles(items),
        impressions=_impressions(impressions[0], [*items["title"].to_pylist(), *list(index)[len(items) :]]),
        rejected=dict(rejections.counts),
        problems=tuple(rejections.rows[:FIRST_PROBLEMS]),
    )


def preview_source(format: str, path: Path, looked_at_bytes: int = LOOKED_AT_BYTES) -> Preview:
    """Look at films, products or music as published.

    Args:
        format: one of `SOURCES`.
        path: folder or zip.
        looked_at_bytes: how much is read of each file, at most; of the largest half of that.

    Raises:
        DataError: when these are not the right files, a zip that can't be trusted, or nothing in it can be used.
    """
    source = SOURCES[format](path)
    intake = _Looking(source.files, looked_at_bytes // 2)
    found = source.read(intake)
    splits, _ = splits_of(found, Rule())
    if not splits:
        raise DataError(f"No interaction of {source.name} counts.", "Needed is one or more.", "Check the files.")
    items = found.items.table()
    beginnings = {rows.file.name: rows for rows in intake.beginnings}
    held = zip(source.files, source.holds, strict=True)
    return Preview(
        format=format,
        layout=f"{source.domain.capitalize()} in the layout of {source.name}",
        files=tuple(beginnings[file.name].found("train", holds) for file, holds in held),
        labelled={"train": True},
        articles_seen=len(items),
        articles=_articles(items),
        impressions=_impressions(next(iter(splits.values())), items["title"].to_pylist()),
        rejected=dict(intake.rejections.counts),
        problems=tuple(intake.rejections.rows[:FIRST_PROBLEMS]),
    )


class _Looking(Intake):
    """Reads the beginnings of files: of the largest so many bytes, of the others, which describe items, twice that."""

    def __init__(self, files: Sequence[InputFile], limit: int) -> None:
        super().__init__(files, silent)
        self._largest, self._limit = max(files, key=lambda file: file.size).name, limit
        self.beginnings: list[_Beginning] = []

    def rows(self, file: InputFile, columns: int, layout: Layout = TABS) -> Rows:
        """The rows at the beginning of a file."""
        limit = self._limit if file.name == self._largest else 2 * self._limit
        self.beginnings.append(_Beginning(file, columns, self.rejections, limit, layout))
        return self.beginnings[-1]


class _Beginning(Rows):
    """The rows at the beginning of a file, at least one. What would stop an import is kept in words here."""

    def __init__(
        self, file: InputFile, columns: int, rejections: Rejections, limit: int, layout: Layout = TABS
    ) -> None:
        beginning = replace(file, open=lambda: _opened(file, limit))
        super().__init__(beginning, columns, rejections, Progress(silent, 0), layout)
        self._seen_bytes, self._fault = 0, ""

    @property
    def whole(self) -> bool:
        """Whether all of the file was read."""
        return self._seen_bytes >= self.file.size

    def check(self) -> None:
        """As of an import, but reading goes on."""
        try:
            super().check()
        except DataError as error:
            self._fault = str(error)

    def found(self, split: str, holds: str) -> PreviewedFile:
        """What there is to say about the file, after it was read."""
        seen = self.read - self.layout.header
        rows = seen if self.whole else round(seen * self.file.size / max(1, self._seen_bytes))
        return PreviewedFile(self.file.name, split, self.file.size, seen, rows, self.whole, self._fault, holds)

    def _lines(self, stream: Lines) -> Iterator[bytes]:
        for raw in super()._lines(stream):
            self._seen_bytes += len(raw)
            yield raw


class _Limited:
    """The whole lines within so many bytes; the first one is cut off where it alone is longer."""

    def __init__(self, stream: Lines, limit: int) -> None:
        self._stream, self._left, self._begun = stream, limit, False

    def readline(self, limit: int = -1, /) -> bytes:
        """The next line; none when the bytes are used up."""
        raw = self._stream.readline(min(limit, self._left) if limit >= 0 else self._left)
        self._left -= len(raw)
        cut = self._left <= 0 and not raw.endswith(b"\n")
        if cut and self._begun and self._stream.readline(1):
            return b""
        self._begun = True
        return raw


@contextmanager
def _opened(file: InputFile, limit: int) -> Iterator[Lines]:
    with file.open() as stream:
        yield _Limited(stream, limit)


def _add_named(index: dict[str, int], behaviors: Mapping[str, _Beginning], labelled: Mapping[str, bool]) -> None:
    """Take every article that is named as known: those that were not reached can't be told from those not there."""
    for split, rows in behaviors.items():
        for _, cells in Rows(rows.file, BEHAVIOR_COLUMNS, Rejections(), Progress(silent, 0)):
            shown = [item[:-2] if labelled[split] else item for item in cells[4].split(" ")]
            for item in cells[3].split(" ") + shown:
                if item:
                    index.setdefault(item, len(index))


def _articles(items: pa.Table) -> tuple[PreviewedArticle, ...]:
    rows = items.slice(0, FIRST_ROWS).to_pylist()
    return tuple(PreviewedArticle(row["title"], row["category"], row["abstract"]) for row in rows)


def _impressions(impressions: Impressions, names: Sequence[str]) -> tuple[PreviewedImpression, ...]:
    """The first ones; an article that was not reached is named by its id."""
    found = []
    for row in range(min(FIRST_ROWS, len(impressions))):
        read = impressions.history[slice(*impressions.history_offsets[row : row + 2])]
        shown = slice(*impressions.candidate_offsets[row : row + 2])
        candidates, time = impressions.candidates[shown], impressions.time[row]
        clicked = None if impressions.labels is None else candidates[impressions.labels[shown] == 1]
        found.append(
            PreviewedImpression(
                reader=str(impressions.user_id[row]),
                time=None if np.isnat(time) else time.item(),
                read=tuple(names[item] for item in read[::-1]),
                shown=len(candidates),
                clicked=None if clicked is None else tuple(names[item] for item in clicked),
            )
        )
    return tuple(found)
