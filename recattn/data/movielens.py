"""Reads MovieLens in each of its layouts: 100k, 1M, latest-small, 10M, 20M, 25M, 32M.

Source: Harper and Konstan 2015, "The MovieLens Datasets", https://doi.org/10.1145/2827872,
https://grouplens.org/datasets/movielens. A film's text is its title and its genres; ratings are interactions.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from recattn.data.intake import Found, Intake, Source, import_found
from recattn.data.interactions import Collecting, Interactions, Rule, seconds
from recattn.data.items import Item, Items
from recattn.data.rows import TABS, Layout, Rows, Unusable
from recattn.data.sources import InputFile, file_names, input_files
from recattn.errors import DataError
from recattn.types import DatasetInfo, Report, silent

_YEAR = re.compile(r"\((\d{4})\)\s*$")
_NO_GENRES = "(no genres listed)"
_GENRES_100K = (  # in the order of their columns, after "unknown"
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_RATINGS = (0.5, 5.0)


Film = tuple[str, tuple[str, ...]]  # title and genres


@dataclass(frozen=True)
class Published:
    """One layout: its two files, how their lines are cut, and what the cells of a film mean."""

    ratings: str
    films: str
    rating_layout: Layout
    film_layout: Layout
    film_columns: int
    film: Callable[[Sequence[str]], Film]


def _csv(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _piped(cells: Sequence[str]) -> Film:
    return cells[1].strip(), tuple(genre for genre in cells[2].split("|") if genre not in ("", _NO_GENRES))


def _flagged(cells: Sequence[str]) -> Film:
    """A film of 100k: a column for each genre."""
    flags = zip(_GENRES_100K, cells[6:], strict=True)
    return cells[1].strip(), tuple(genre for genre, flag in flags if flag == "1")


_COMMAS = Layout("comma-separated columns, with a header", _csv, header=True)
_COLONS = Layout("columns with :: between, without a header", lambda text: text.split("::"), encoding="latin-1")
LAYOUTS = (
    Published("ratings.csv", "movies.csv", _COMMAS, _COMMAS, 3, _piped),
    Published("ratings.dat", "movies.dat", _COLONS, _COLONS, 3, _piped),
    Published(
        "u.data",
        "u.item",
        TABS,
        Layout("columns with | between, without a header", lambda text: text.split("|"), encoding="latin-1"),
        24,
        _flagged,
    ),
)


def import_movielens(
    name: str,
    path: str | Path,
    positive: float | None = None,
    held_out: str = "leave-one-out",
    core: int = 0,
    replace: bool = False,
    report: Report = silent,
) -> DatasetInfo:
    """Make a dataset of MovieLens ratings.

    Args:
        name: of the dataset.
        path: folder or zip as published.
        positive: the least rating that counts; None: whoever rated a film watched it.
        held_out: "leave-one-out" or "time"; see ``recattn.data.interactions``.
        core: the least number of ratings that count for every user and every film.
        replace: whether a dataset of that name may go.
        report: hears of phases "read" (bytes) and "write" (impressions); may raise ``Cancelled``.

    Raises:
        DataError: when the input is not as expected, more than 1 % of a file's rows are bad, or nothing can be written.
    """
    return import_found(name, movielens_source(Path(path)), Rule(positive, held_out, core), replace, report)


def movielens_source(path: Path) -> Source:
    """The ratings and films of a folder or zip."""
    layout = _layout(path)
    films, ratings = input_files(path, "ml", (layout.films, layout.ratings))
    return Source("MovieLens", "films", (films, ratings), ("items", "taken"), partial(_read, layout, films, ratings))


def movielens_files(names: Set[str]) -> tuple[str, ...]:
    """Which of these files would be read; none where it is no layout of MovieLens."""
    return next(((one.films, one.ratings) for one in LAYOUTS if {one.films, one.ratings} <= names), ())


def _layout(path: Path) -> Published:
    found = movielens_files(file_names(path))
    for layout in LAYOUTS:
        if found == (layout.films, layout.ratings):
            return layout
    expected = "; ".join(f"{layout.ratings} and {layout.films}" for layout in LAYOUTS)
    raise DataError(
        f"{path} holds no layout of MovieLens.", f"Expected is a folder or .zip with {expected}.", "Check the path."
    )


def _read(layout: Published, films: InputFile, ratings: InputFile, intake: Intake) -> Found:
    items = _films(intake.rows(films, layout.film_columns, layout.film_layout), layout)
    return Found(items, _ratings(intake.rows(ratings, 4, layout.rating_layout), items.index))


def _films(rows: Rows, layout: Published) -> Items:
    films = Items()
    for line, cells in rows:
        if not cells[0]:
            rows.leave_out(line, Unusable("films without an id", str(cells)))
        elif cells[0] in films.index:
            rows.leave_out(line, Unusable("films repeated", cells[0], harmless=True))
        else:
            films.describe(cells[0], _item(*layout.film(cells)))
    rows.check()
    return films


def _item(title: str, genres: tuple[str, ...]) -> Item:
    year = found[1] if (found := _YEAR.search(title)) else ""
    return Item(
        title,
        abstract=", ".join(genres),
        category=genres[0] if genres else "",
        subcategory=" ".join(genres[1:2]),
        entities=genres,
        attributes={"year": year, "genres": genres},
    )


def _ratings(rows: Rows, index: Mapping[str, int]) -> Interactions:
    collecting = Collecting()
    for line, cells in rows:
        try:
            _take(collecting, cells, index)
        except Unusable as why:
            rows.leave_out(line, why)
    rows.check()
    return collecting.interactions()


def _take(collecting: Collecting, cells: Sequence[str], index: Mapping[str, int]) -> None:
    user, film, rating, time = cells
    if not user:
        raise Unusable("ratings without a user", str(cells))
    if film not in index:
        raise Unusable("ratings of unknown films", film)
    try:
        weight, moment = float(rating), seconds(time)
    except ValueError as error:
        raise Unusable("ratings or times that are no numbers", str(cells)) from error
    if not _RATINGS[0] <= weight <= _RATINGS[1]:
        raise Unusable(f"ratings outside {_RATINGS[0]:g} to {_RATINGS[1]:g}", rating)
    collecting.add(user, index[film], moment, weight)
