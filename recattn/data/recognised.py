"""Which layout a folder or zip has, judged by the names of its files."""

from collections.abc import Callable, Mapping, Set
from pathlib import Path

from recattn.data.amazon import amazon_files, amazon_source
from recattn.data.intake import Source
from recattn.data.lastfm import lastfm_files, lastfm_source
from recattn.data.mind import BEHAVIORS, NEWS
from recattn.data.movielens import movielens_files, movielens_source
from recattn.data.sources import file_names

MIND = "mind"
SOURCES: Mapping[str, Callable[[Path], Source]] = {
    "movielens": movielens_source,
    "lastfm": lastfm_source,
    "amazon": amazon_source,
}


def _mind_files(names: Set[str]) -> tuple[str, ...]:
    return (NEWS, BEHAVIORS) if {NEWS, BEHAVIORS} <= names else ()


_FILES: Mapping[str, Callable[[Set[str]], tuple[str, ...]]] = {
    MIND: _mind_files,
    "movielens": movielens_files,
    "lastfm": lastfm_files,
    "amazon": amazon_files,
}


def layout_of(path: Path) -> str | None:
    """A name of `IMPORTERS`, None where no layout fits. Amazon's files are read from folders only."""
    names = file_names(path)
    found = next((layout for layout, files_of in _FILES.items() if files_of(names)), None)
    return None if found == "amazon" and not path.is_dir() else found


def needed_files(names: Set[str]) -> tuple[str, ...]:
    """Which of the files of a folder an import would read; none where no layout fits."""
    return next((found for files_of in _FILES.values() if (found := files_of(names))), ())
