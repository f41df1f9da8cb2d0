"""A run as one zip file: taken out to be kept or carried elsewhere, and taken in again once everything is checked.

``manifest.json`` names every file with its size and sha256. The same run gives the same bytes.
"""

import hashlib
import json
import re
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import recattn
from recattn.config import checked_name, runs_folder
from recattn.data.sources import checked_members
from recattn.errors import DataError, RunError, UnknownError
from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import TRAIN, Job, check_model, checksums, read_job, write_job

FORMAT = 1
MANIFEST = "manifest.json"
_FILES = re.compile(
    r"(config|training|evaluation|calibration|faithfulness|heads|twins|lists|estimate|took|job)\.json"
    r"|model\.safetensors|metrics\.jsonl|README\.md"
    r"|encoder/[A-Za-z0-9_.-]+\.(safetensors|json|txt|model)"
)
_NEEDED = ("config.json", "model.safetensors", "training.json", "job.json")
_THEN = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can say: the same run gives the same bytes
_CHUNK = 1 << 20
_MOST_FILES = 100
_MOST_BYTES = 64_000_000  # of a file that is no weights: such files are read whole
_FEW_BYTES = 1_000_000  # of those that every look at the runs may read
_SMALL = (MANIFEST, "job.json", "evaluation.json")
_UNREADABLE = (
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
    RecursionError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)
_ALLOWED = "Allowed is a zip that `python -m recattn export` or the Admin page made."


def export_run(run: str, path: Path) -> Path:
    """Write a finished run into a zip, whole or not at all.

    Raises:
        RunError: when it is not finished, or damaged.
    """
    found = Registry().run(run)
    if found.kind != TRAIN or found.state != "finished":
        raise RunError(f"The run {run} is {found.state}.", "Only finished runs can be exported.", "Choose another run.")
    job = read_job(found.folder) or Job(run, TRAIN, found.preset, found.dataset, found.created)
    check_model(found.folder, job)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        _write(found.folder, replace(job, process=None, title=found.title, state=found.state), part)
        part.replace(path)
    except OSError as error:
        raise RunError(f"{path} can't be written: {error.strerror}.", "", "Choose another place.") from error
    finally:
        part.unlink(missing_ok=True)
    return path


def _write(folder: Path, job: Job, part: Path) -> None:
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    told = {"job.json": json.dumps(asdict(job), indent=1).encode()}
    entries: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (name for name in dict.fromkeys([*names, "job.json"]) if _FILES.fullmatch(name)):
            content = told.get(name) or (folder / name).read_bytes()
            entries[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            archive.writestr(_entry(name), content)
        head = {"format": FORMAT, "recattn": recattn.__version__, "run": job.run, "dataset": job.dataset}
        archive.writestr(_entry(MANIFEST), json.dumps({**head, "files": entries}, indent=1))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _THEN)
    entry.external_attr = 0o644 << 16
    # weights hardly shrink, and what isn't packed needs no trust to be unpacked
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".safetensors") else zipfile.ZIP_DEFLATED
    return entry


def add_run(path: Path) -> Run:
    """Take a run in from a zip. It becomes active only when somebody makes it so; its dataset need not be here.

    Raises:
        DataError: when this is no zip, or one that can't be trusted.
        RunError: when it holds something other than a whole run.
    """
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise DataError(f"{path.name} is no zip.", _ALLOWED, "Choose another file.")
    names = _names(path)
    manifest = _manifest(path, names)
    run = _free_name(str(manifest["run"]))
    staging = runs_folder() / f".new-{run}-{secrets.token_hex(4)}"
    staging.mkdir(parents=True)
    try:
        _unpack(path, manifest["files"], staging)
        _check(staging, run)
        staging.rename(runs_folder() / run)
    except OSError as error:
        raise RunError(f"The run could not be written: {error.strerror}.", "", "Free some space.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Registry().run(run)


def _names(path: Path) -> dict[str, zipfile.ZipInfo]:
    """What the zip holds, by name, once it is certain that no name stands for two things and nothing is far too large.

    Sizes are those of the directory: ``zipfile`` gives no byte more.
    """
    members = checked_members(path)
    names = {member.filename: member for member in members}
    if len(members) > _MOST_FILES:
        raise RunError(f"{path.name} holds {len(members):,} files.", f"Allowed are {_MOST_FILES}.", "Export again.")
    if len(names) < len(members):
        twice = next(name for name in names if sum(member.filename == name for member in members) > 1)
        raise RunError(f"{path.name} holds {twice[:120]!r} more than once.", _ALLOWED, "Export the run again.")
    for name, member in names.items():
        limit = _FEW_BYTES if name in _SMALL else _MOST_BYTES
        if member.file_size > limit and not name.endswith(".safetensors"):
            given = f"{path.name}: {name[:120]!r} has {member.file_size / 1e6:,.1f} MB."
            raise RunError(given, f"Allowed are {limit / 1e6:,.0f} MB.", "Export the run again.")
    return names


def _manifest(path: Path, names: Mapping[str, zipfile.ZipInfo]) -> dict[str, Any]:
    """The table of contents, once it agrees with what the zip holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read(MANIFEST))
        version, files, _ = int(found["format"]), dict(found["files"]), (found["run"], found["dataset"])
        sizes = {str(name): int(entry["bytes"]) for name, entry in files.items()}
    except _UNREADABLE as error:
        raise RunError(f"{path.name} has no readable {MANIFEST}.", _ALLOWED, "Export the run again.") from error
    if version > FORMAT:
        raise RunError(f"{path.name} has format {version}.", f"Known is {FORMAT}.", "Update RecAttn.")
    odd = sorted(set(names) ^ {*files, MANIFEST}) + [name for name in files if not _FILES.fullmatch(name)]
    odd += [name for name in _NEEDED if name not in files]
    odd += [name for name, size in sizes.items() if name in names and names[name].file_size != size]
    if odd:
        raise RunError(f"{path.name}: {odd[0][:120]!r} does not belong there or is missing.", _ALLOWED, "Export again.")
    return dict(found)


def _free_name(run: str) -> str:
    """The run's own id, or with something behind it where that id is taken."""
    try:
        name = checked_name(run, "run")
    except UnknownError as error:
        raise RunError(f"The run calls itself {run[:40]!r}.", _ALLOWED, "Export the run again.") from error
    if len(name) > 50:
        name = name[:50]
    return name if not (runs_folder() / name).exists() else f"{name}-{secrets.token_hex(2)}"


def _unpack(path: Path, files: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for name, entry in files.items():
            place, digest = folder / name, hashlib.sha256()
            place.parent.mkdir(exist_ok=True)
            try:
                with archive.open(name) as source, place.open("xb") as copy:
                    while chunk := source.read(_CHUNK):
                        digest.update(chunk)
                        copy.write(chunk)
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise RunError(f"{path.name}: {name} can't be unpacked.", "", "Export or send it again.") from error
            if digest.hexdigest() != entry["sha256"]:
                raise RunError(f"{path.name}: {name} is damaged.", _ALLOWED, "Export or send it again.")


def _check(folder: Path, run: str) -> None:
    """A finished run whose model loads; its job is written anew, without any process and not to become active."""
    from recattn.models.loading import load_model

    load_model(folder)
    job = read_job(folder)
    if job is None or job.state != "finished" or job.kind != TRAIN:
        raise RunError("The zip holds no finished run.", _ALLOWED, "Export another run.")
    own = replace(job, run=run, process=None, activate=False, message="Added from a file.", checksums=checksums(folder))
    write_job(folder, own)
