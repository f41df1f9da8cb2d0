"""Does the registry agree with what is on disk, does everybody who is said to work live, what was left behind?

The registry puts itself right at every look of the app, so here its file is opened for reading alone.
"""

import fcntl
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from recattn.config import datasets_folder, jobs_folder, registry_file, runs_folder, uploads_folder
from recattn.errors import RunError
from recattn.jobs.database import VERSION
from recattn.jobs.doctor.finding import Finding
from recattn.jobs.liveness import ProcessIdentity, is_alive
from recattn.jobs.run_folder import BUSY, read_job, run_folders

_ANEW = "Look at the runs once (python -m recattn runs): it is then made anew from their folders."
_RIGHT = "Look at the runs once (python -m recattn runs): it is then put right."
_SWEEP = "Restart the server: it clears this away when it first shows a page. Or delete it by hand."


def check_registry() -> Iterator[Finding]:
    """The registry's file is sound and knows the jobs that are on disk, and the run that answers is there."""
    if not registry_file().exists():
        message = "There are runs but no registry." if _jobs_on_disk() else "There is no registry yet, and no run."
        yield Finding("registry", not _jobs_on_disk(), message, _ANEW if _jobs_on_disk() else "")
        return
    try:
        version, sound = _asked("PRAGMA user_version")[0][0], _asked("PRAGMA quick_check")[0][0]
        known = {str(row["run"]): str(row["state"]) for row in _asked("SELECT run, state FROM runs")}
        active = [str(row["run"]) for row in _asked("SELECT run FROM active") if row["run"]]
    except sqlite3.Error as error:
        yield Finding("registry", False, f"{registry_file()} can't be read: {error}.", _ANEW)
        return
    if version != VERSION or sound != "ok":
        fault = "damaged: " + str(sound) if sound != "ok" else f"of version {version}, and needed is {VERSION}"
        yield Finding("registry", False, f"{registry_file()} is {fault}.", _ANEW)
        return
    faults = [*_disagreements(set(known)), *_active_faults(active, known)]
    for message, remedy in faults:
        yield Finding("registry", False, message, remedy)
    if not faults:
        yield Finding("registry", True, f"The registry is sound and knows all {len(known)} jobs on disk.")


def _asked(question: str) -> list[sqlite3.Row]:
    """The answer to one question that changes nothing."""
    address = f"{registry_file().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(question).fetchall()


def _jobs_on_disk() -> set[str]:
    return {folder.name for folder in run_folders() if read_job(folder)}


def _disagreements(known: set[str]) -> Iterator[tuple[str, str]]:
    there = _jobs_on_disk()
    if missing := sorted(there - known):
        yield f"The registry does not know {', '.join(missing[:5])}, which are on disk.", _RIGHT
    if gone := sorted(known - there):
        yield f"The registry knows {', '.join(gone[:5])}, which are not on disk.", _RIGHT
    for folder in run_folders():
        if folder.name not in there:
            remedy = "Delete the folder, or put its files back."
            yield f"{folder} does not tell which job it is of: job.json and training.json can't be read.", remedy


def _active_faults(active: list[str], known: dict[str, str]) -> Iterator[tuple[str, str]]:
    for run in active:
        if known.get(run) != "finished":
            state = known.get(run, "not here")
            yield f"The run that should answer, {run}, is {state}.", "Activate another: python -m recattn activate ID."


def check_jobs() -> Iterator[Finding]:
    """Every job that is said to be at work has a living process."""
    busy = _busy_jobs()
    for row in busy:
        process = ProcessIdentity(row["pid"], row["started_seconds"], row["place"])
        if not is_alive(process, row["heartbeat"]):
            run, state = row["run"], row["state"]
            remedy = f"{_RIGHT} Then resume it (python -m recattn resume {run}) or delete it."
            yield Finding(
                f"job {run}", False, f"It is said to be {state}, but its process {row['pid']} is gone.", remedy
            )
        else:
            yield Finding(f"job {row['run']}", True, f"It is {row['state']}; its process {row['pid']} lives.")
    if not busy:
        yield Finding("jobs", True, "No job is at work.")


def _busy_jobs() -> list[sqlite3.Row]:
    if not registry_file().exists():
        return []
    try:
        return _asked(f"SELECT * FROM runs WHERE state IN {BUSY}")
    except sqlite3.Error as error:
        raise RunError("Who is at work can't be told: the registry can't be read.", "", _ANEW) from error


def check_leftovers() -> Iterator[Finding]:
    """Nothing lies about that killed work left behind, and that nobody uses."""
    faults = [(path, _SWEEP) for path in (*_left_by_imports(), *_left_by_uploads(), *_left_by_runs())]
    faults += [(path, "Resume its job, which goes on from the last whole file; or delete it.") for path in _parts()]
    for path, remedy in faults:
        yield Finding("leftovers", False, f"{path} was left behind by work that was cut off.", remedy)
    if not faults:
        yield Finding("leftovers", True, "No work that was cut off left anything behind.")


def _left_by_imports() -> Iterator[Path]:
    for prefix in (".staging-", ".former-"):
        for folder in sorted(datasets_folder().glob(f"{prefix}*")):
            if not _is_held(datasets_folder() / f".lock-{folder.name.removeprefix(prefix)}"):
                yield folder


def _left_by_uploads() -> Iterator[Path]:
    """Uploads that the app would have swept by now: somebody may still look at the preview of a younger one."""
    from recattn.data.uploads import KEPT_SECONDS

    if uploads_folder().is_dir() and not any(row["kind"] == "import" for row in _busy_jobs()):
        uploads = (path for path in sorted(uploads_folder().iterdir()) if path.name != ".lock")
        yield from (path for path in uploads if _seconds_old(path) > KEPT_SECONDS)


def _is_held(lock: Path) -> bool:
    """Whether somebody works under this lock. Ours is had for microseconds, and never waits."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _left_by_runs() -> Iterator[Path]:
    for parent in (runs_folder(), jobs_folder()):
        yield from sorted(parent.glob(".deleted-*"))
        yield from (path for path in sorted(parent.glob(".new-*")) if _seconds_old(path) > 60)


def _parts() -> Iterator[Path]:
    busy = {row["run"] for row in _busy_jobs()}
    for folder in run_folders():
        if folder.name not in busy:
            yield from sorted(folder.rglob("*.part"))


def _seconds_old(path: Path) -> float:
    return time.time() - path.stat().st_mtime
