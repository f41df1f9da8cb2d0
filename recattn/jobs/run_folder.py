"""What a job's folder says by itself, so that the registry is an index that can be lost.

A training is a run, and its folder the run's; other kinds of jobs have folders of their own. ``job.json`` is written
when a job is made, when it starts and when it ends; each time beside its place and renamed.
"""

import dataclasses
import hashlib
import json
import math
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recattn.config import checked_name, home, jobs_folder, runs_folder
from recattn.errors import RunError, UnknownError
from recattn.jobs.liveness import ProcessIdentity, this_process

BUSY = ("queued", "running", "cancelling")
RESUMABLE = ("cancelled", "failed", "interrupted")
STATES = (*BUSY, *RESUMABLE, "finished")
TRAIN = "train"  # the kind of job that makes a run

_INTERRUPTED = "Its process ended without a word: it was killed, memory ran out, or the machine stopped."
_DAY = 24 * 3600
# what a killed process left, by how long nothing may have changed in it; a training of several processes can go on
_ABANDONED = {"runs/.new-*": _DAY, "jobs/.new-*": _DAY, ".add-*": _DAY, ".export-*": _DAY, "runs/.together/*": 7 * _DAY}
_WRITTEN_LAST = ("config.json", "model.safetensors", "evaluation.json", "README.md")


@dataclass(frozen=True)
class Job:
    """All that must be known about a job when nothing but its folder is left."""

    run: str
    kind: str  # see ``kinds.KINDS``
    preset: str  # of a training
    dataset: str
    created: str  # ISO time, UTC
    settings: Mapping[str, Any] = field(default_factory=dict)
    activate: bool = True  # let it answer as soon as it is finished
    state: str = "queued"
    message: str = ""
    process: ProcessIdentity | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)  # of the finished model: file -> sha256
    subject: str = ""  # the run that is measured
    title: str = ""  # what people call it
    who: str = ""  # asked for it


_WORDS = tuple(one.name for one in dataclasses.fields(Job) if one.type in (str, "str"))


def new_run(
    kind: str,
    preset: str,
    dataset: str,
    settings: Mapping[str, Any],
    activate: bool,
    subject: str = "",
    who: str = "",
) -> Job:
    """Make the folder of a new job, whole from its first moment, and return the job."""
    now = datetime.now(UTC)
    run = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"  # no two alike, however many processes make them
    created = now.isoformat(timespec="milliseconds")
    process = this_process()
    job = Job(run, kind, preset, dataset, created, settings, activate, process=process, subject=subject, who=who)
    parent = runs_folder() if kind == TRAIN else jobs_folder()
    staging = parent / f".new-{run}"
    staging.mkdir(parents=True)
    write_job(staging, job)
    staging.rename(parent / run)
    return job


def going_on(kind: str) -> str:
    """What resuming a job of that kind means."""
    return "Resume goes on from its last checkpoint." if kind == TRAIN else "Resume begins it again."


def write_job(folder: Path, job: Job) -> None:
    """Write ``job.json``: the old one or the new one is there at any moment, never half of one."""
    part = folder / "job.json.part"
    part.write_text(json.dumps(dataclasses.asdict(job), indent=1))
    part.replace(folder / "job.json")


def read_job(folder: Path) -> Job | None:
    """The job of a run folder; of one without a readable ``job.json``, what its other files tell. None: no run.

    A folder that ``train`` wrote without a job, or that came from elsewhere, is a run as well.
    """
    try:
        found = _told(folder / "job.json")
        process = _identity(found["process"]) if found.get("process") else None
        known = {
            name: value for name, value in found.items() if name in Job.__dataclass_fields__
        }  # not a later release's
        job = Job(**{**known, "run": folder.name, "process": process})
        if not all(_is_text(getattr(job, name)) for name in _WORDS) or not isinstance(job.activate, bool):
            raise TypeError("a name that is none")
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return _job_of_training(folder)
    return job if job.state in STATES else _job_of_training(folder)


def _told(file: Path) -> Any:
    """What a file of JSON says, which somebody may have sent to do harm.

    Raises:
        OSError: when it can't be read.
        ValueError: when it is no JSON, or nested deeper than anything of ours.
    """
    try:
        return json.loads(file.read_text())
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _is_text(given: object) -> bool:
    """Whether that is text which databases and browsers take: JSON can name half of a sign."""
    return isinstance(given, str) and given.encode("utf-8", "ignore").decode() == given


def _identity(given: Mapping[str, Any]) -> ProcessIdentity:
    pid, started, place = given["pid"], given["started_seconds"], given["place"]
    if not isinstance(pid, int) or not 0 < pid < 2**31 or not _is_text(place):
        raise ValueError("no process")
    return ProcessIdentity(pid, float(started), place)


def _job_of_training(folder: Path) -> Job | None:
    """What ``training.json`` tells; the state then comes from the files."""
    try:
        begun = _told(folder / "training.json")
        if not _is_text(begun["dataset"]):
            return None
        begun_at = datetime.fromtimestamp((folder / "training.json").stat().st_mtime, UTC)
        created = begun_at.isoformat(timespec="seconds")
        return Job(folder.name, "train", "custom", begun["dataset"], created, dict(begun["settings"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def state_without_process(folder: Path, job: Job) -> tuple[str, str]:
    """State and message of a run that no process works on.

    A process may be killed between the last file of its work, the model card, and the words about it: the files decide.
    """
    if job.state not in BUSY:
        return job.state, job.message
    if job.kind == TRAIN and all((folder / name).is_file() for name in _WRITTEN_LAST):
        return "finished", ""
    return "interrupted", f"{_INTERRUPTED} {going_on(job.kind)}"


def metrics(folder: Path) -> dict[str, float]:
    """The model's metrics over all dev users, as far as they are known; empty when it was not evaluated."""
    try:
        found = _told(folder / "evaluation.json")["all"]["model"]
        return finite({name: float(interval[0]) for name, interval in found.items() if _is_text(name)})
    except (OSError, ValueError, OverflowError, TypeError, KeyError, IndexError, AttributeError):
        return {}


def finite(figures: Mapping[str, float]) -> dict[str, float]:
    """Those that are numbers: where no list holds both a click and a pass there is no AUC, and no JSON for "none".

    >>> finite({"auc": float("nan"), "mrr": 0.5})
    {'mrr': 0.5}
    """
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def trained_on(folder: Path) -> str:
    """The fingerprint of the dataset a run was trained on, to compare with the present one; empty when unknown."""
    try:
        return str(_told(folder / "training.json")["dataset_fingerprint"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def run_folders() -> list[Path]:
    """All folders that may be of jobs; those being made or removed have names no job can have."""
    parents = [parent for parent in (runs_folder(), jobs_folder()) if parent.is_dir()]
    return [folder for parent in parents for folder in parent.iterdir() if folder.name[0] != "." and folder.is_dir()]


def folder_of(run: str) -> Path:
    """The folder of a run or another job; where neither is there, the one a run would have.

    Raises:
        UnknownError: when the name cannot be a run's.
    """
    job = jobs_folder() / checked_name(run, "run")
    return job if job.is_dir() else runs_folder() / run


def checksums(folder: Path) -> dict[str, str]:
    """The sha256 of each file that makes the model."""
    return {str(file.relative_to(folder)): _sha256(file) for file in _model_files(folder)}


def check_model(folder: Path, job: Job) -> None:
    """See that the model's files are those its training wrote.

    Raises:
        RunError: when one is missing or was changed.
    """
    if not job.checksums:
        from recattn.models.loading import load_model

        load_model(folder)
        return
    now = checksums(folder)
    wrong = sorted(name for name, digest in job.checksums.items() if now.get(name) != digest)
    if wrong:
        state = "is missing" if wrong[0] not in now else "has changed since it was written"
        raise RunError(
            f"The model of the run {folder.name} is damaged: {wrong[0]} {state}.",
            "Allowed is a run folder with the files that its training wrote.",
            "Choose another run, or train again.",
        )


def remove(folder: Path) -> None:
    """Take a run's folder out of sight at once; `sweep` frees its space."""
    folder.rename(folder.with_name(f".deleted-{folder.name}-{secrets.token_hex(2)}"))


def sweep() -> None:
    """Remove what deletions left behind, also earlier ones that were cut off, and what nobody makes any more."""
    for parent in (runs_folder(), jobs_folder()):
        for folder in parent.glob(".deleted-*"):
            shutil.rmtree(folder, ignore_errors=True)
    for pattern, seconds in _ABANDONED.items():
        for folder in home().glob(pattern):
            if _quiet_seconds(folder) > seconds:
                shutil.rmtree(folder, ignore_errors=True)


def _quiet_seconds(folder: Path) -> float:
    """How long ago anything in a folder changed; nothing of it when it goes meanwhile."""
    try:
        return time.time() - max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    except OSError:
        return 0.0


def _model_files(folder: Path) -> Iterator[Path]:
    for name in ("config.json", "model.safetensors"):
        if (folder / name).is_file():
            yield folder / name
    yield from sorted(file for file in (folder / "encoder").glob("*") if file.is_file())


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def unknown(run: str, known: list[str]) -> UnknownError:
    """The error for a run that is not there, naming those that are."""
    names = ", ".join(known[:5]) + (", …" if len(known) > 5 else "")
    return UnknownError(
        f"There is no run {run[:80]!r}.",
        f"Known are {names}." if known else "There are no runs yet.",
        "Choose one of these." if known else "Train one first: python -m recattn train --dataset NAME.",
    )
