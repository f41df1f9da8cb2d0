"""Is what is stored whole: the home, its datasets, its finished runs?

The data room is imported by the checks that need it: where one of its libraries does not load, the others still speak.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from recattn.config import home
from recattn.errors import RecAttnError, UnknownError
from recattn.jobs.doctor.finding import Finding
from recattn.jobs.run_folder import (
    BUSY,
    TRAIN,
    Job,
    check_model,
    read_job,
    run_folders,
    state_without_process,
    trained_on,
)

_LOW_BYTES = 10**9


def check_home() -> Iterator[Finding]:
    """RECATTN_HOME is there or can be made, can be written, and has space left."""
    place = next(folder for folder in (home(), *home().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=place):  # permissions alone tell nothing: a file system may be read-only
            pass
    except OSError as error:
        message = f"{home()} can't be written ({error.strerror or error})."
        yield Finding("home", False, message, "Change its permissions, or set RECATTN_HOME to another folder.")
        return
    free = shutil.disk_usage(place).free
    enough = free >= _LOW_BYTES
    state = "is there" if home().is_dir() else "will be made at the first use"
    message = f"{home()} {state}, can be written, and has {free / 1e9:,.1f} GB free."
    remedy = "" if enough else "Free some space: delete runs and datasets that nobody needs."
    yield Finding("home", enough, message, remedy)


def check_datasets() -> Iterator[Finding]:
    """Every dataset opens, and every byte of it is what was written."""
    from recattn.data import Dataset, damaged_datasets, dataset_infos

    remedy = "Import it again with --replace, or delete its folder."
    for name, reason in damaged_datasets().items():
        yield Finding(f"dataset {name}", False, reason, remedy)
    infos = dataset_infos()
    for info in infos:
        try:
            Dataset.open(info.name).verify()
        except RecAttnError as error:
            yield Finding(f"dataset {info.name}", False, error.given, error.remedy or remedy)
        else:
            size = f"{info.items:,} items, {info.users:,} users, {info.impressions:,} impressions"
            yield Finding(f"dataset {info.name}", True, f"{size}; all checksums agree.")
    if not infos:
        yield Finding("datasets", True, "No whole dataset is here yet.")


def check_runs() -> Iterator[Finding]:
    """The model of every finished run is what its training wrote, and its dataset and text encoder are still there."""
    finished = [(folder, job) for folder in run_folders() if (job := read_job(folder)) and _is_finished(folder, job)]
    for folder, job in sorted(finished):
        faults = list(_run_faults(folder, job))
        yield from faults or [Finding(f"run {job.run}", True, f"The model is whole; its dataset is {job.dataset}.")]
    if not finished:
        yield Finding("runs", True, "No finished run is here yet.")


def _is_finished(folder: Path, job: Job) -> bool:
    """As the registry would say, were it made anew."""
    if job.kind != TRAIN:
        return False
    state = job.state if job.process and job.state not in BUSY else state_without_process(folder, job)[0]
    return state == "finished"


def _run_faults(folder: Path, job: Job) -> Iterator[Finding]:
    name = f"run {job.run}"
    try:
        check_model(folder, job)
    except RecAttnError as error:
        delete = f"Delete it (python -m recattn delete {job.run}) and train again, or put the folder back."
        yield Finding(name, False, error.given, delete)
        return
    fault = _dataset_fault(folder, job) or _encoder_fault(folder)
    if fault:
        yield Finding(name, False, *fault)


def _dataset_fault(folder: Path, job: Job) -> tuple[str, str] | None:
    """What is wrong with a run's dataset, and what to do."""
    from recattn.data import Dataset

    try:
        now = Dataset.open(job.dataset).fingerprint
    except UnknownError:
        message = f"Its dataset {job.dataset} is not here, so it can't answer."
        return message, "Import the dataset again under that name, or delete the run."
    except RecAttnError:
        return f"Its dataset {job.dataset} is damaged.", "Import that dataset again with --replace."
    if trained_on(folder) not in ("", now):
        message = f"It was trained on a {job.dataset} with other content than now."
        return message, "Train on the present dataset, or import the former data again."
    return None


def _encoder_fault(folder: Path) -> tuple[str, str] | None:
    """What is wrong with the text encoder that a run needs for texts it has no vectors of."""
    from recattn.models.encoder import encoder_folder, fingerprint_of
    from recattn.models.shape import RecAttnConfig

    config = RecAttnConfig.from_pretrained(folder)
    if (folder / "encoder").is_dir() or not config.encoder:  # its own: among the files already checked
        return None
    try:
        found = encoder_folder(config.encoder)
    except RecAttnError as error:
        return f"Texts without vectors can't be read: {error.given}", error.remedy
    if fingerprint_of(found, config.max_tokens) != config.encoder_fingerprint:
        message = f"The text encoder in {found} is not the one it was trained with, so new texts get wrong vectors."
        return message, "Put the former encoder back, or train again."
    return None
