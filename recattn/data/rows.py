"""The rows of one input file, and the account of those that can't be used."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from recattn.data.sources import InputFile, Lines
from recattn.errors import DataError
from recattn.types import Report

_BOM = b"\xef\xbb\xbf"
_LONGEST_ROW = 1 << 27  # 5,000 clicks of 10,000-letter ids fit; a file without line ends must not fill the memory
_LISTED_PER_REASON = 20
_SHOWN = 120  # letters of a bad row that are kept
_BAD_SHARE = 0.01
_HOPELESS = 10_000  # bad rows and not one good one: the rest isn't read
_REPORT_BYTES = 1 << 22


Row = tuple[int, list[str]]  # line number, counted from 1, and cells


class Unusable(Exception):  # noqa: N818 - it never leaves the reader
    """A row can't be used.

    Args:
        reason: a plural that reads well after a count.
        text: of the row, or of the cell in question.
        harmless: nothing is lost without it, so it doesn't count as a bad row.
    """

    def __init__(self, reason: str, text: str, harmless: bool = False) -> None:
        super().__init__(reason, text)
        self.reason, self.text, self.harmless = reason, text, harmless


class Rejections:
    """What an import leaves out: counted by reason, the first 20 of each with file and line."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rows: list[dict[str, str | int]] = []
        self._listed: Counter[str] = Counter()

    def add(self, file: str, line: int, reason: str, text: str, count: int = 1) -> None:
        """One row (or ``count`` clicks of it) is left out, for this reason."""
        self.counts[reason] += count
        self._listed[reason] += 1
        if self._listed[reason] <= _LISTED_PER_REASON:
            self.rows.append({"file": file, "line": line, "reason": reason, "text": text[:_SHOWN]})


class Progress:
    """Bytes read of all inputs together, reported every few megabytes."""

    def __init__(self, report: Report, total: int) -> None:
        self._report, self._total, self._done, self._next = report, total, 0, 0

    def advance(self, count: int) -> None:
        """So many more bytes are read."""
        self._done += count
        if self._done >= self._next or self._done == self._total:
            self._next = self._done + _REPORT_BYTES
            self._report("read", min(self._done, self._total), self._total)  # the size of a packed file is a claim


@dataclass(frozen=True)
class Layout:
    """How a line becomes cells, and how to say so to people.

    ``cells`` may raise `ValueError` for a line that is none of this layout; with ``header`` the first line is no row.
    """

    described: str
    cells: Callable[[str], list[str]]
    header: bool = False
    encoding: str = "utf-8"


TABS = Layout("tab-separated columns, without a header", lambda text: text.split("\t"))


class Rows:
    """The rows of a file as published; CRLF and a BOM are let pass.

    Rows in another encoding or with another number of columns are left out here, others by whoever reads the cells.

    Args:
        file: where the bytes come from.
        columns: how many there must be.
        rejections: the account of the whole import.
        progress: hears of the bytes read.
        layout: how lines become cells; MIND's are tabs without quoting.
    """

    def __init__(
        self, file: InputFile, columns: int, rejections: Rejections, progress: Progress, layout: Layout = TABS
    ) -> None:
        self.file, self.read, self.layout = file, 0, layout
        self._columns, self._rejections, self._progress = columns, rejections, progress
        self._digest = hashlib.sha256()
        self._bad: list[str] = []
        self._n_bad = self._n_harmless = 0

    @property
    def sha256(self) -> str:
        """Of the bytes read so far."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Row]:
        with self.file.open() as stream:
            for raw in self._lines(stream):
                if self.layout.header and self.read == 1:
                    continue
                try:
                    cells = self._cells(raw)
                except Unusable as why:
                    self.leave_out(self.read, why)
                else:
                    yield self.read, cells

    def batches(self, size: int = 16_384) -> Iterator[list[Row]]:
        """The same rows, many at once."""
        rows = iter(self)
        while batch := list(islice(rows, size)):
            yield batch

    def leave_out(self, line: int, why: Unusable) -> None:
        """Account for a row that can't be used."""
        self._rejections.add(self.file.name, line, why.reason, why.text)
        if why.harmless:
            self._n_harmless += 1
            return
        self._n_bad += 1
        if len(self._bad) < 5:
            self._bad.append(f"{self.file.name}:{line} {why.reason}: {why.text[:_SHOWN]!r}")

    def drop(self, line: int, reason: str, text: str, count: int = 1) -> None:
        """Account for a part of a row (or an addition to it) that is left out while the row stays."""
        self._rejections.add(self.file.name, line, reason, text, count)

    def _lines(self, stream: Lines) -> Iterator[bytes]:
        while raw := stream.readline(_LONGEST_ROW):
            self._digest.update(raw)
            self._progress.advance(len(raw))
            self.read += 1
            if self._n_bad == _HOPELESS == self.read - 1:
                self.check()
            if len(raw) == _LONGEST_ROW and not raw.endswith(b"\n"):
                raise DataError(
                    f"{self.file.name}:{self.read} is longer than {_LONGEST_ROW >> 20} MiB.",
                    f"Allowed are rows of {self._columns} {self.layout.described}.",
                    "Check that this is the right file.",
                )
            yield raw

    def _cells(self, raw: bytes) -> list[str]:
        if self.read == 1:
            raw = raw.removeprefix(_BOM)
        raw = raw.removesuffix(b"\n").removesuffix(b"\r")
        try:
            text = raw.decode(self.layout.encoding)
        except UnicodeDecodeError as error:
            raise Unusable("rows not in UTF-8", raw.decode(errors="replace")) from error
        if not text:
            raise Unusable("empty rows", text, harmless=True)
        try:
            cells = self.layout.cells(text)
        except ValueError as error:
            raise Unusable("rows that can't be read", text) from error
        if len(cells) == self._columns:
            return cells
        raise Unusable(f"rows of {'fewer' if len(cells) < self._columns else 'more'} columns", text)

    def check(self) -> None:
        """Judge the file as a whole, after its last row.

        Raises:
            DataError: when it is empty, no row was good, or more than 1 % were bad.
        """
        good = self.read - self.layout.header - self._n_bad - self._n_harmless
        if good and self._n_bad <= _BAD_SHARE * self.read:
            return
        if not self._n_bad:  # a row can only be a repetition when another one was good, so these are all empty
            raise DataError(f"{self.file.name} is empty.", self._allowed(), "Check that this is the right file.")
        raise DataError(
            f"{self.file.name}: {self._n_bad:,} of {self.read:,} rows can't be used. " + "; ".join(self._bad) + ".",
            self._allowed() + " Up to 1 % bad rows are left out.",
            "Check that this is the right file, or repair these rows.",
        )

    def _allowed(self) -> str:
        encoding = self.layout.encoding.upper()
        return f"Allowed are {encoding} rows of {self._columns} {self.layout.described}."
