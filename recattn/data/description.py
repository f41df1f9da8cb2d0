"""``dataset.json``: what a dataset is, written last and checked first."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recattn.data.schema import DESCRIPTION, DOMAINS, REMOTE, SCHEMA_VERSION, TABLES
from recattn.errors import DataError
from recattn.types import DatasetInfo

_REMEDY = "Import the dataset again with --replace."


def write_description(folder: Path, info: DatasetInfo) -> None:
    """Write ``dataset.json``. The name is the folder's, so it is not in the file."""
    entries = {key: value for key, value in dataclasses.asdict(info).items() if key != "name"}
    (folder / DESCRIPTION).write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_description(folder: Path) -> tuple[DatasetInfo, int]:
    """What ``dataset.json`` says, once its tables were found to be there in full size; and the folder's inode.

    A replacement in the midst of it makes it start again, so that old and new are never mixed.

    Raises:
        DataError: when it is damaged or of a newer schema, or a table is missing or cut short.
    """
    inode = _inode(folder)
    try:
        info = _read(folder)
    except DataError:
        if inode == _inode(folder):
            raise
    else:
        if inode == _inode(folder):
            return info, inode
    return read_description(folder)


def _inode(folder: Path) -> int:
    try:
        return folder.stat().st_ino
    except OSError as error:
        raise DataError(f"{folder} can't be read ({error.strerror}).", "", _REMEDY) from error


def _read(folder: Path) -> DatasetInfo:
    entries = _entries(folder / DESCRIPTION)
    version = entries.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise DataError(
            f"{folder / DESCRIPTION} has schema version {version!r}.",
            f"Allowed are versions up to {SCHEMA_VERSION}.",
            "Update RecAttn, or import the data again.",
        )
    info = _info(folder, entries)
    for table in () if (folder / REMOTE).is_file() else TABLES:  # what lies elsewhere is looked at when asked
        _check_table(folder / table, info.sizes.get(table))
    return info


def file_sha256(path: Path) -> str:
    """The checksum of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entries(path: Path) -> Mapping[str, Any]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing.", "A dataset has this file.", _REMEDY) from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} can't be read ({error}).", "It must be a JSON object.", _REMEDY) from error
    if not isinstance(entries, dict):
        raise DataError(f"{path} holds no JSON object.", "It must be one.", _REMEDY)
    return entries


_KINDS: Mapping[str, type] = {
    "source": str,
    "schema_version": int,
    "created": str,
    "items": int,
    "users": int,
    "impressions": int,
    "splits": dict,
    "checksums": dict,
    "rejected": dict,
    "rejected_rows": list,
    "notes": list,
    "rows_read": dict,
    "files": dict,
    "sizes": dict,
}


def _info(folder: Path, entries: Mapping[str, Any]) -> DatasetInfo:
    for key, kind in _KINDS.items():
        if not isinstance(entries.get(key), kind):
            raise DataError(f"{folder / DESCRIPTION} has no usable entry {key!r}.", "", _REMEDY)
    values: Any = {key: tuple(entries[key]) if kind is list else entries[key] for key, kind in _KINDS.items()}
    domain = entries.get("domain", DOMAINS[0])  # datasets from before there were domains hold news
    if domain not in DOMAINS:
        raise DataError(
            f"{folder / DESCRIPTION} has the domain {domain!r}.", f"Allowed are {', '.join(DOMAINS)}.", _REMEDY
        )
    return DatasetInfo(name=folder.name, domain=domain, **values)


def _check_table(path: Path, size: object) -> None:
    if not path.is_file():
        raise DataError(f"{path} is missing.", "A dataset has this file.", _REMEDY)
    if path.stat().st_size != size:
        raise DataError(f"{path} has {path.stat().st_size:,} bytes.", f"It was written with {size}.", _REMEDY)
