"""The registry's rows, kept in line with what the run folders and the processes at work say."""

import json
import sqlite3
import time
from pathlib import Path

from recattn.config import runs_folder
from recattn.errors import RunError
from recattn.jobs.liveness import ProcessIdentity, is_alive
from recattn.jobs.run_folder import BUSY, TRAIN, Job, folder_of, metrics, read_job, run_folders, state_without_process
from recattn.logs import log_event

_REMEMBERED = 20  # activations


def is_stale(db: sqlite3.Connection) -> bool:
    """Whether run folders came or went, or a busy run's process is gone."""
    known, folders = _known(db), {folder.name: folder for folder in run_folders()}
    came = any(read_job(folders[name]) for name in folders.keys() - known)
    return came or bool(known - folders.keys()) or bool(_dead(db))


def put_right(db: sqlite3.Connection) -> None:
    """Bring the rows in line. Inside a writing transaction: a folder is there before its row, so none is missed."""
    known, folders = _known(db), {folder.name: folder for folder in run_folders()}
    for run in known - folders.keys():
        db.execute("DELETE FROM runs WHERE run = ?", (run,))
    for run in folders.keys() - known:
        if job := read_job(folders[run]):
            _add(db, folders[run], job)
    for run in _dead(db):
        job = job_of(folders[run])
        state, message = state_without_process(folders[run], job)
        end_run(db, run, state, message)
        if job.state in BUSY:  # otherwise its process said how it ended, and was gone a moment later
            log_event("job found dead", job=run, kind=job.kind, state=state)
    if not db.execute("SELECT 1 FROM active").fetchone():
        _remember_active(db)


def set_run(db: sqlite3.Connection, run: str, **values: object) -> None:
    """Change columns of a run; the names are ours, the values never become part of the statement."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(f"UPDATE runs SET {columns} WHERE run = :run", {**values, "run": run})


def pid_of(db: sqlite3.Connection, run: str) -> int | None:
    """The process that vouches for a run, or did."""
    row = db.execute("SELECT pid FROM runs WHERE run = ?", (run,)).fetchone()
    return row["pid"] if row else None


def end_run(db: sqlite3.Connection, run: str, state: str, message: str) -> None:
    """Give a run its last state. A finished one becomes active when its job says so, or when none is."""
    set_run(db, run, state=state, message=message, has_slot=0, eta_seconds=None)
    row = db.execute("SELECT kind, subject FROM runs WHERE run = ?", (run,)).fetchone()
    if row:  # an evaluation changes the figures of the run it is about
        about = row["subject"] or run
        set_run(db, about, metrics=json.dumps(metrics(folder_of(about))))
    if state == "finished" and db.execute(_TO_ACTIVATE, (run, TRAIN)).fetchone():
        set_active(db, run)


_TO_ACTIVATE = """
    SELECT 1 FROM runs WHERE run = ? AND kind = ?
        AND (activate OR NOT EXISTS (SELECT 1 FROM active JOIN runs USING (run)))
"""


def set_active(db: sqlite3.Connection, run: str) -> None:
    """Make a run (with "" none) the active one; a small file beside the runs remembers it for a new registry."""
    db.execute("INSERT OR REPLACE INTO active VALUES (1, ?)", (run,))
    former = activations()
    part = _active_file().with_suffix(".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_text("\n".join([*(former if former[-1:] != [run] else former[:-1]), run][-_REMEMBERED:]))
    part.replace(_active_file())


def activations() -> list[str]:
    """The runs that answered, the present one last; "" stands for none."""
    return _active_file().read_text().split("\n") if _active_file().is_file() else []


def job_of(folder: Path) -> Job:
    """The job of a folder that was a run a moment ago.

    Raises:
        RunError: when it is none any more.
    """
    job = read_job(folder)
    if job is None:
        raise RunError(f"The folder {folder} does not hold a run any more.", "", "Choose another run.")
    return job


def _active_file() -> Path:
    return runs_folder() / ".active"


def _known(db: sqlite3.Connection) -> set[str]:
    return {row["run"] for row in db.execute("SELECT run FROM runs")}


def _dead(db: sqlite3.Connection) -> list[str]:
    """Runs that are said to be busy, but whose process is gone."""
    rows = db.execute(f"SELECT * FROM runs WHERE state IN {BUSY}").fetchall()
    return [
        row["run"]
        for row in rows
        if not is_alive(ProcessIdentity(row["pid"], row["started_seconds"], row["place"]), row["heartbeat"])
    ]


def _add(db: sqlite3.Connection, folder: Path, job: Job) -> None:
    """A row for a folder that has none: a new run, or all of them when the registry was lost."""
    state, message = (job.state, job.message) if job.process else state_without_process(folder, job)
    written = (folder / "job.json").stat().st_mtime if job.process else time.time()
    values: dict[str, object] = {
        "run": job.run,
        "kind": job.kind,
        "preset": job.preset,
        "dataset": job.dataset,
        "subject": job.subject,
        "title": job.title,
        "created": job.created,
        "state": state,
        "message": message,
        "activate": job.activate,
        "metrics": json.dumps(metrics(folder)),
        "queued": written,
        "heartbeat": written,
        "has_slot": state == "running",
        **(vars(job.process) if job.process else {}),
    }
    marks = ", ".join(f":{name}" for name in values)
    db.execute(f"INSERT INTO runs ({', '.join(values)}) VALUES ({marks})", values)


def _remember_active(db: sqlite3.Connection) -> None:
    """In a new registry: the run that was active, else the newest finished one, if there is any."""
    newest = "SELECT run FROM runs WHERE state = 'finished' AND kind = ? ORDER BY created DESC"
    finished = [row["run"] for row in db.execute(newest, (TRAIN,))]
    remembered = activations()
    if remembered and remembered[-1] in ("", *finished):
        set_active(db, remembered[-1])
    elif finished:
        set_active(db, finished[0])
