"""Where things are on disk, and which names may stand there."""

import os
import re
from pathlib import Path

from recattn.errors import UnknownError

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_INNER = re.compile(r"\.(?:local|localhost|localdomain|internal|intranet|lan|home|corp|private|arpa)$")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def home() -> Path:
    """The folder of all data and runs: ``RECATTN_HOME``, or ``./var``. Read afresh at each call."""
    return Path(os.environ.get("RECATTN_HOME") or "var").absolute()


def datasets_folder() -> Path:
    """Imported datasets, one folder a name."""
    return home() / "datasets"


def runs_folder() -> Path:
    """Trained models, one folder a run id."""
    return home() / "runs"


def jobs_folder() -> Path:
    """Imports, measurements and other jobs that are no trainings, one folder an id."""
    return home() / "jobs"


def uploads_folder() -> Path:
    """What was uploaded for an import, one folder an upload, until the import is over."""
    return home() / "uploads"


def import_folders() -> tuple[Path, ...]:
    """Folders whose data may be imported from the page, as the operator set them: ``RECATTN_IMPORT_FOLDERS``.

    Several stand with a colon between, like those of ``PATH``; none by default.
    """
    given = os.environ.get("RECATTN_IMPORT_FOLDERS") or ""
    return tuple(Path(folder).absolute() for folder in given.split(os.pathsep) if folder)


def image_hosts() -> frozenset[str]:
    """Servers that browsers may load pictures of items from, as the operator set them: ``RECATTN_IMAGE_HOSTS``.

    Several stand with a comma between; none by default. What is no public name (``localhost``, ``10.0.0.1``,
    ``wiki.internal``, a pattern) is left out: an item's address must never reach into the network of who looks at it.

    >>> os.environ["RECATTN_IMAGE_HOSTS"] = "Images.example.com, localhost, 10.0.0.1, *.example.com, wiki.internal"
    >>> sorted(image_hosts())
    ['images.example.com']
    >>> del os.environ["RECATTN_IMAGE_HOSTS"]
    """
    given = (os.environ.get("RECATTN_IMAGE_HOSTS") or "").lower().split(",")
    return frozenset(host for host in map(str.strip, given) if _HOST.fullmatch(host) and not _INNER.search(host))


def vectors_folder() -> Path:
    """Cached text vectors, one folder an encoder fingerprint."""
    return home() / "vectors"


def registry_file() -> Path:
    """The SQLite file that knows which runs exist and which is active."""
    return home() / "registry.sqlite"


def audit_file() -> Path:
    """The file that says who did what, and when."""
    return home() / "audit.jsonl"


def checked_name(name: str, what: str = "name") -> str:
    """The name itself when it may become a folder's name.

    Raises:
        UnknownError: when it holds anything but letters, digits, dot, dash and underscore.

    >>> checked_name("news-2026")
    'news-2026'
    >>> checked_name("../etc", "dataset")
    Traceback (most recent call last):
    recattn.errors.UnknownError: '../etc' can't be a dataset name. ...
    """
    if _NAME.fullmatch(name):
        return name
    shown = name if len(name) <= 80 else name[:80] + "…"
    raise UnknownError(
        f"{shown!r} can't be a {what} name.",
        "Allowed are 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit.",
        "Choose another name.",
    )
