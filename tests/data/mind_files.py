"""Small files in MIND's layout, made on the spot."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

NOON = "11/13/2019 12:00:00 PM"


def article(item_id: str, title: str = "A title", category: str = "news", **cells: str) -> str:
    """One row of ``news.tsv``."""
    rest = [cells.get(name, "") for name in ("abstract", "url", "in_title", "in_abstract")]
    return "\t".join([item_id, category, cells.get("subcategory", ""), title, *rest])


def shown(number: int | str, candidates: str, history: str = "", user: str = "U1", time: str = NOON) -> str:
    """One row of ``behaviors.tsv``."""
    return "\t".join([str(number), user, time, history, candidates])


def write_split(folder: Path, news: Iterable[str], behaviors: Iterable[str], end: str = "\n") -> Path:
    """A folder with both files, to the byte."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("news.tsv", news), ("behaviors.tsv", behaviors)):
        (folder / name).write_bytes("".join(row + end for row in rows).encode())
    return folder


def small_split(folder: Path, first: int = 1, rows: int = 200, day: int = 13, **other: str) -> Path:
    """Ten articles and enough good impressions that one or two bad rows are within 1 %.

    Args:
        folder: where to.
        first: number of the first impression.
        rows: how many impressions.
        day: of November; the clock goes on a minute a row.
        other: "news" or "behaviors": a row to add.
    """
    news = [article(f"N{number}", f"Title {number}", "sports" if number % 2 else "news") for number in range(10)]
    behaviors = [
        shown(
            first + row,
            f"N{row % 10}-1 N{(row + 1) % 10}-0",
            f"N{(row + 2) % 10} N{(row + 3) % 10}",
            f"U{row % 7}",
            f"11/{day}/2019 {1 + row // 60 % 11}:{row % 60:02}:00 AM",
        )
        for row in range(rows)
    ]
    news += [other["news"]] if "news" in other else []
    behaviors += [other["behaviors"]] if "behaviors" in other else []
    return write_split(folder, news, behaviors)


def zipped(folder: Path, path: Path, inside: str = "") -> Path:
    """The files of a folder as a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, inside + file.name)
    return path
