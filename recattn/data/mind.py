"""Reads MIND as published: ``news.tsv`` of 8 columns and ``behaviors.tsv`` of 5, tab-separated, without quoting.

Source: Wu et al. 2020, "MIND: A Large-scale Dataset for News Recommendation", https://msnews.github.io. Ids are kept
verbatim. A history or candidate that no ``news.tsv`` knows is dropped and counted, since there is no text to show.
Ids are looked up by Arrow, thousands of rows at once: a dict needed 4.5 times as long.
"""

import re
from array import array
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Shaped

from recattn.data.ragged import Lists
from recattn.data.rows import Progress, Rejections, Row, Rows, Unusable
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
    for batch in rows.batches():
        reading.add(batch)
    rows.check()
    return reading.impressions()


def is_labelled(file: InputFile, index: dict[str, int]) -> bool:
    """Whether a ``behaviors.tsv`` says what was clicked, judged by its first rows.

    Ids may themselves end in ``-1``: a candidate that is an item as it stands is taken as unlabelled.
    """
    batches = Rows(file, BEHAVIOR_COLUMNS, Rejections(), Progress(silent, 0)).batches(_PEEKED_ROWS)
    candidates = [candidate for _, cells in next(batches, []) for candidate in cells[4].split(" ")]
    plain = sum(item in index or not _LABELLED.fullmatch(item) for item in candidates)
    return plain <= len(candidates) / 2


class _Ids:
    """Looks up lists of ids, written with spaces between; what is not known becomes -1."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._known = pa.array(ids, pa.large_string())

    def find(self, texts: Sequence[str]) -> Lists:
        """The numbers in each text; an empty text is one empty id."""
        ids = pc.split_pattern(pa.array(texts, pa.large_string()), " ")
        numbers = pc.index_in(ids.flatten(), value_set=self._known).fill_null(-1)
        return Lists(ids.offsets.to_numpy().astype(np.int64), numbers.to_numpy())


class _Reading:
    """Collects rows in flat arrays; a user id that repeats is kept once."""

    def __init__(self, rows: Rows, index: dict[str, int], labelled: bool) -> None:
        self._rows, self._index, self._labelled = rows, index, labelled
        # A candidate and its label are looked up together: its place in this list is number * 2 + label.
        shown = (f"{item}-{label}" for item in index for label in (0, 1)) if labelled else index
        self._items, self._shown = _Ids(index), _Ids(shown)
        self._seen: dict[str, int] = {}
        self._users: dict[str, str] = {}
        self._impression_ids: list[str] = []
        self._user_ids: list[str] = []
        self._times = array("q")
        self._history: list[Lists] = []
        self._candidates: list[Lists] = []

    def add(self, batch: Sequence[Row]) -> None:
        """Take rows in, except those that can't be used."""
        history = self._items.find([cells[3] for _, cells in batch])
        candidates = self._shown.find([cells[4] for _, cells in batch])
        odd = np.column_stack([one.counts(one.flat < 0) > 0 for one in (history, candidates)]).tolist()
        keep = np.ones(len(batch), bool)
        for at, (line, cells) in enumerate(batch):
            try:
                self._take(line, cells, *odd[at])
            except Unusable as why:
                self._rows.leave_out(line, why)
                keep[at] = False
        self._history.append(history.known(keep))
        self._candidates.append(candidates.known(keep))

    def _take(self, line: int, cells: list[str], odd_history: bool, odd_candidates: bool) -> None:
        impression_id, user_id, time_text, history, candidates = cells
        if not impression_id or not user_id:
            raise Unusable("impressions without an id or user", "\t".join(cells))
        content = hash(tuple(cells))
        if impression_id in self._seen:
            same = self._seen[impression_id] == content
            raise Unusable(
                "impressions repeated" if same else "impression ids used again", impression_id, harmless=same
            )
        time = _seconds(time_text)
        if odd_candidates:
            self._check_candidates(line, candidates)
        if odd_history and (unknown := [item for item in history.split(" ") if item and item not in self._index]):
            self._rows.drop(line, "clicks on unknown articles in histories", " ".join(unknown), len(unknown))
        self._seen[impression_id] = content
        self._impression_ids.append(impression_id)
        self._user_ids.append(self._users.setdefault(user_id, user_id))
        self._times.append(time)

    def _check_candidates(self, line: int, text: str) -> None:
        """Account for candidates that aren't known, if the row can be used without them."""
        shown = [item for item in text.split(" ") if item]
        if not shown:
            raise Unusable("impressions without candidates", text)
        if self._labelled and (wrong := [item for item in shown if item[-2:] not in ("-0", "-1")]):
            raise Unusable("labels other than -0 and -1", " ".join(wrong))
        unknown = [item for item in shown if (item[:-2] if self._labelled else item) not in self._index]
        if len(unknown) == len(shown):
            raise Unusable("impressions of only unknown articles", text)
        if unknown:
            self._rows.drop(line, "unknown articles among candidates", " ".join(unknown), len(unknown))

    def impressions(self) -> Impressions:
        """All rows taken in so far."""
        history, candidates = Lists.joined(self._history), Lists.joined(self._candidates)
        shift = int(self._labelled)
        return Impressions(
            impression_id=_objects(self._impression_ids),
            user_id=_objects(self._user_ids),
            time=np.array(self._times, np.int64).view("datetime64[s]"),
            history_offsets=history.offsets,
            history=history.flat,
            candidate_offsets=candidates.offsets,
            candidates=candidates.flat >> shift,
            labels=(candidates.flat & 1).astype(np.int8) if self._labelled else None,
        )


def _objects(texts: list[str]) -> Shaped[np.ndarray, " text"]:
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
