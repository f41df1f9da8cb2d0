"""Reads MovieLens in each of its layouts: 100k, 1M, latest-small, 10M, 20M, 25M, 32M.

Source: Harper and Konstan 2015, "The MovieLens Datasets", https://doi.org/10.1145/2827872,
https://grouplens.org/datasets/movielens. A film's text is its title and its genres; ratings are interactions.
"""

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from recattn.config import checked_name
from recattn.data.folders import claimed
from recattn.data.interactions import Collecting, Interactions, Rule, impressions_of, seconds
from recattn.data.rows import TABS, Layout, Progress, Rejections, Rows, Unusable
from recattn.data.schema import ITEM_SCHEMA
from recattn.data.sources import InputFile, file_names, input_files
from recattn.data.writing import Content, check_free, write_claimed
from recattn.errors import DataError
from recattn.types import DatasetInfo, Report, silent

_YEAR = re.compile(r"\((\d{4})\)\s*$")
_NO_GENRES = "(no genres listed)"
_GENRES_100K = (  # in the order of their columns, after "unknown"
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_RATINGS = (0.5, 5.0)


@dataclass(frozen=True)
class Film:
    """One film as a file of films has it."""

    item_id: str
    title: str
    genres: tuple[str, ...]


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
    return Film(cells[0], cells[1].strip(), tuple(genre for genre in cells[2].split("|") if genre != _NO_GENRES))


def _flagged(cells: Sequence[str]) -> Film:
    """A film of 100k: a column for each genre."""
    flags = zip(_GENRES_100K, cells[6:], strict=True)
    return Film(cells[0], cells[1].strip(), tuple(genre for genre, flag in flags if flag == "1"))


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
    replace: bool = False,
    report: Report = silent,
) -> DatasetInfo:
    """Make a dataset of MovieLens ratings.

    Args:
        name: of the dataset.
        path: folder or zip as published.
        positive: the least rating that counts; None: whoever rated a film watched it.
        held_out: "leave-one-out" or "time"; see ``recattn.data.interactions``.
        replace: whether a dataset of that name may go.
        report: hears of phases "read" (bytes) and "write" (impressions); may raise ``Cancelled``.

    Raises:
        DataError: when the input is not as expected, more than 1 % of a file's rows are bad, or nothing can be written.
    """
    checked_name(name, "dataset")
    check_free(name, replace)
    rule, layout = Rule(positive, held_out), _layout(Path(path))
    films, ratings = input_files(Path(path), "ml", (layout.films, layout.ratings))
    with claimed(name):
        check_free(name, replace)
        return write_claimed(name, _read(layout, films, ratings, rule, report), report)


def _layout(path: Path) -> Published:
    names = file_names(path)
    for layout in LAYOUTS:
        if {layout.ratings, layout.films} <= names:
            return layout
    expected = "; ".join(f"{layout.ratings} and {layout.films}" for layout in LAYOUTS)
    raise DataError(
        f"{path} holds no layout of MovieLens.", f"Expected is a folder or .zip with {expected}.", "Check the path."
    )


def _read(layout: Published, films: InputFile, ratings: InputFile, rule: Rule, report: Report) -> Content:
    rejections, progress = Rejections(), Progress(report, films.size + ratings.size)
    film_rows = Rows(films, layout.film_columns, rejections, progress, layout.film_layout)
    rating_rows = Rows(ratings, 4, rejections, progress, layout.rating_layout)
    catalogue = _films(film_rows, layout)
    index = {film.item_id: number for number, film in enumerate(catalogue)}
    splits, notes = impressions_of(_ratings(rating_rows, index), rule)
    if not splits:
        raise DataError(f"No rating of {ratings.name} counts.", "Needed is one or more.", "Lower the threshold.")
    return Content(
        items=_table(catalogue),
        splits=splits,
        source="MovieLens",
        checksums={rows.file.name: rows.sha256 for rows in (film_rows, rating_rows)},
        rows_read={rows.file.name: rows.read - rows.layout.header for rows in (film_rows, rating_rows)},
        rejected=dict(rejections.counts),
        rejected_rows=tuple(rejections.rows),
        notes=notes,
        domain="films",
    )


def _films(rows: Rows, layout: Published) -> list[Film]:
    films: dict[str, Film] = {}
    for line, cells in rows:
        if not cells[0]:
            rows.leave_out(line, Unusable("films without an id", str(cells)))
        elif cells[0] in films:
            rows.leave_out(line, Unusable("films repeated", cells[0], harmless=True))
        else:
            films[cells[0]] = layout.film(cells)
    rows.check()
    return list(films.values())


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


def _table(films: Sequence[Film]) -> pa.Table:
    years = [found[1] if (found := _YEAR.search(film.title)) else "" for film in films]
    return pa.table(
        {
            "item_id": [film.item_id for film in films],
            "title": [film.title for film in films],
            "abstract": [", ".join(film.genres) for film in films],
            "category": [film.genres[0] if film.genres else "" for film in films],
            "subcategory": [" ".join(film.genres[1:2]) for film in films],
            "url": [""] * len(films),
            "published": [datetime(int(year), 1, 1) if year and year != "0000" else None for year in years],
            "entities": [list(film.genres) for film in films],
            "image_url": [""] * len(films),
            "attributes": [
                json.dumps({"year": year, "genres": film.genres}) for year, film in zip(years, films, strict=True)
            ],
        },
        schema=ITEM_SCHEMA,
    )
