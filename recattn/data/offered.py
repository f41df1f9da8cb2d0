"""What the operator offers for imports: folders and zips under ``RECATTN_IMPORT_FOLDERS``, by name, never by path."""

from collections.abc import Iterator
from pathlib import Path

from recattn.config import import_folders
from recattn.data.recognised import needed_files
from recattn.errors import UnknownError

MOST_OFFERED = 200
_DEPTH = 3  # folders below a root that are looked into
_LOOKED_AT = 5000  # entries of folders, so that a wrong root can't hold up the page


def offered() -> dict[str, Path]:
    """What can be imported, by name: the root's own and the way below it. Links that lead out of it are left out."""
    found: dict[str, Path] = {}
    for root in import_folders():
        for path in _importable(root):
            name = " / ".join([root.name, *path.relative_to(root).parts])
            if len(found) < MOST_OFFERED:
                found.setdefault(name, path)
    return dict(sorted(found.items()))


def offered_path(name: str) -> Path:
    """The folder or zip of that name, as it is now.

    Raises:
        UnknownError: when it is not offered.
    """
    path = offered().get(name)
    if path is None:
        allowed = "Allowed is what lies below RECATTN_IMPORT_FOLDERS and does not lead out of it."
        raise UnknownError(f"{name[:120]!r} is not offered here.", allowed, "Choose from the list again.")
    return path


def _importable(root: Path) -> Iterator[Path]:
    """Zips, and folders with the files of a layout."""
    inside = root.resolve()
    for path in _walk(root):
        files = [path] if path.suffix.lower() == ".zip" else []
        if path.is_dir():
            files = [path / name for name in needed_files(set(_names(path)))]
        if files and all(file.is_file() and file.resolve().is_relative_to(inside) for file in files):
            yield path


def _walk(root: Path) -> Iterator[Path]:
    """The root and what is below it, level by level; linked folders are not entered, unreadable ones passed over."""
    left, level = _LOOKED_AT, [root]
    for _ in range(_DEPTH + 1):
        yield from level
        below: list[Path] = []
        for folder in level:
            names = sorted(_names(folder))[:left] if folder.is_dir() and not folder.is_symlink() else []
            left -= len(names)
            below += [folder / name for name in names]
        level = below


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in (path.name for path in folder.iterdir()) if not name.startswith(".")]
    except OSError:
        return []
