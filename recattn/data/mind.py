"""Reads MIND as published: ``news.tsv`` of 8 columns and ``behaviors.tsv`` of 5, tab-separated, without quoting.

Source: Wu et al. 2020, "MIND: A Large-scale Dataset for News Recommendation", https://msnews.github.io. Ids are kept
verbatim. A history or candidate that no ``news.tsv`` knows is dropped and counted, since there is no text to show.
"""

import re
from array import array
from datetime import UTC, datetime

import numpy as np

from recattn.data.rows import Progress, Rejections, Rows, Unusable
from recattn.data.sources import InputFile
from recattn.types import Impressions, silent

NEWS, BEHAVIORS = "news.tsv", "behaviors.tsv"
NEWS_COLUMNS, BEHAVIOR_COLUMNS = 8, 5
_TIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP])M", re.ASCII)
_LABELLED = re.compile(r".+-\d+", re.DOTALL)
_NO_TIME = np.iinfo(np.int64).min  # what NaT is as an integer
_HOURS = {hour: hour % 12 for hour in range(1, 13)}  # of a clock with AM and PM
_PEEKED_ROWS = 100


def read_behaviors(rows: Rows, index: dict[str, int], labelled: bool) -> Impressions:
    """The impressions of one ``behaviors.tsv``, in the order of the file.

    Args:
        rows: of the file.
        index: item id -> number.
        labelled: whether candidates end in ``-0`` or ``-1``.
    """
    reading = _Reading(rows, index, labelled)
    for line, cells in rows:
        try:
            reading.add(line, cells)
        except Unusable as bad:
            rows.reject(line, bad)
    return reading.impressions()


def is_labelled(file: InputFile, index: dict[str, int]) -> bool:
    """Whether a ``behaviors.tsv`` says what was clicked, judged by its first hundred rows.

    Ids may themselves end in ``-1``: a candidate that is an item as it stands is taken as unlabelled.
    """
    rows = Rows(file, BEHAVIOR_COLUMNS, Rejections(), Progress(silent, 0))
    first = (cells[4].split(" ") for (line, cells), _ in zip(rows, range(_PEEKED_ROWS), strict=False))
    candidates = [candidate for cells in first for candidate in cells]
    plain = sum(item in index or not _LABELLED.fullmatch(item) for item in candidates)
    return plain <= len(candidates) / 2


class _Reading:
    """Collects rows in flat arrays; strings that repeat are kept once."""

    def __init__(self, rows: Rows, index: dict[str, int], labelled: bool) -> None:
        self._rows, self._index, self._labelled = rows, index, labelled
        # A candidate and its label are looked up together: number * 2 + label.
        self._candidate_index = (
            {f"{item}-{label}": 2 * row + label for item, row in index.items() for label in (0, 1)}
            if labelled
            else {item: 2 * row for item, row in index.items()}
        )
        self._seen: dict[str, int] = {}
        self._users: dict[str, str] = {}
        self._impression_ids: list[str] = []
        self._user_ids: list[str] = []
        self._times = array("q")
        self._history, self._history_ends = array("i"), array("q", [0])
        self._candidates, self._candidate_ends = array("i"), array("q", [0])

    def add(self, line: int, cells: list[str]) -> None:
        """Take a row in."""
        impression_id, user_id, time_text, history, candidate_text = cells
        if not impression_id or not user_id:
            raise Unusable("impressions without an id or user", "\t".join(cells))
        if impression_id in self._seen:
            return self._repeated(line, cells)
        time = _seconds(time_text)
        candidates = self._read_candidates(line, candidate_text)
        self._seen[impression_id] = hash(tuple(cells))
        self._impression_ids.append(impression_id)
        self._user_ids.append(self._users.setdefault(user_id, user_id))
        self._times.append(time)
        self._candidates.extend(candidates)
        self._candidate_ends.append(len(self._candidates))
        self._history.extend(self._read_history(line, history))
        self._history_ends.append(len(self._history))
        return None

    def _repeated(self, line: int, cells: list[str]) -> None:
        if self._seen[cells[0]] == hash(tuple(cells)):
            self._rows.drop(line, "impressions repeated", cells[0])
        else:
            raise Unusable("impression ids used again", cells[0])

    def _read_history(self, line: int, text: str) -> list[int]:
        ids = text.split(" ") if text else []
        clicks = list(map(self._index.get, ids))
        if None not in clicks:
            return clicks  # type: ignore[return-value]
        unknown = [item for item in ids if item and item not in self._index]
        if unknown:
            self._rows.drop(line, "clicks on unknown articles in histories", " ".join(unknown), len(unknown))
        return [click for click in clicks if click is not None]

    def _read_candidates(self, line: int, text: str) -> list[int]:
        """Numbers and labels of the candidates."""
        shown = [item for item in text.split(" ") if item]
        if not shown:
            raise Unusable("impressions without candidates", text)
        known = list(map(self._candidate_index.get, shown))
        if None not in known:
            return known  # type: ignore[return-value]
        unknown = [item for item, number in zip(shown, known, strict=True) if number is None]
        if self._labelled and (wrong := [item for item in unknown if item[-2:] not in ("-0", "-1")]):
            raise Unusable("labels other than -0 and -1", " ".join(wrong))
        if len(unknown) == len(shown):
            raise Unusable("impressions of only unknown articles", text)
        self._rows.drop(line, "unknown articles among candidates", " ".join(unknown), len(unknown))
        return [number for number in known if number is not None]

    def impressions(self) -> Impressions:
        """All rows taken in so far."""
        candidates = np.array(self._candidates, np.int32)
        return Impressions(
            impression_id=_objects(self._impression_ids),
            user_id=_objects(self._user_ids),
            time=np.array(self._times, np.int64).view("datetime64[s]"),
            history_offsets=np.array(self._history_ends, np.int64),
            history=np.array(self._history, np.int32),
            candidate_offsets=np.array(self._candidate_ends, np.int64),
            candidates=candidates >> 1,
            labels=(candidates & 1).astype(np.int8) if self._labelled else None,
        )


def _objects(texts: list[str]) -> np.ndarray:
    """Strings of any length in an array that shares them."""
    column = np.empty(len(texts), object)
    column[:] = texts
    return column


def _seconds(text: str) -> int:
    """Seconds since 1970 of a time as MIND writes it; those of NaT for none.

    >>> _seconds("11/15/2019 8:55:22 AM")
    1573808122
    >>> _seconds("15/11/2019 8:55")
    Traceback (most recent call last):
    recattn.data.rows.Unusable: ('times not like 11/15/2019 8:55:22 AM', '15/11/2019 8:55')
    """
    if not text:
        return _NO_TIME
    try:
        month, day, year, hour, minute, second, half = _TIME.fullmatch(text).groups()  # type: ignore[union-attr]
        hours = _HOURS[int(hour)] + 12 * (half == "P")
        time = datetime(int(year), int(month), int(day), hours, int(minute), int(second), tzinfo=UTC)
    except (AttributeError, KeyError, ValueError) as error:
        raise Unusable("times not like 11/15/2019 8:55:22 AM", text) from error
    return int(time.timestamp())
