"""Which jobs exist, what state each is in, and which run answers: one SQLite file for page, worker and shell.

Every look compares the registry with the run folders and with the processes at work. So a run whose process died is
shown as interrupted, a lost registry fills itself again, and nothing has to tidy up in the background.
"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from recattn.config import jobs_folder, registry_file, runs_folder
from recattn.errors import RunError, UnknownError
from recattn.jobs.database import DamagedError, work_on, writing
from recattn.jobs.liveness import ProcessIdentity, this_process
from recattn.jobs.reconciling import activations, end_run, is_stale, job_of, pid_of, put_right, set_active, set_run
from recattn.jobs.run_folder import (
    BUSY,
    RESUMABLE,
    STATES,
    TRAIN,
    check_model,
    finite,
    folder_of,
    remove,
    unknown,
    write_job,
)

T = TypeVar("T")

TITLE_LENGTH = 60


@dataclass(frozen=True)
class Run:
    """One job, or what became of it. A training is a run in the narrow sense: it leaves a model.

    ``subject`` is the run that a measurement is about. ``state`` is one of queued, running, cancelling, cancelled,
    failed (``message`` says why), interrupted, finished. ``done`` of ``total`` counts the steps of ``phase``, for which
    ``eta_seconds`` are left; ``figures`` are the latest of each name.
    """

    run: str
    kind: str
    preset: str
    dataset: str
    created: str
    subject: str
    title: str
    state: str
    message: str
    active: bool
    metrics: Mapping[str, float]
    phase: str
    done: int
    total: int
    figures: Mapping[str, float]
    eta_seconds: float | None

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return (runs_folder() if self.kind == TRAIN else jobs_folder()) / self.run


def slots() -> int:
    """How many jobs that use a model may run at once, and how many imports: ``RECATTN_SLOTS``, or 1.

    Raises:
        UnknownError: when that is no number from 1.
    """
    given = os.environ.get("RECATTN_SLOTS") or "1"
    if given.isdecimal() and int(given) >= 1:
        return int(given)
    raise UnknownError(f"RECATTN_SLOTS is {given[:40]!r}.", "Allowed is a whole number from 1.", "Set it to 1.")


class Registry:
    """The jobs. Holds nothing but the file's name: cheap to make, safe between threads and processes."""

    def __init__(self) -> None:
        self.file = registry_file()

    def runs(self) -> list[Run]:
        """All trainings, newest first."""
        return [job for job in self.jobs() if job.kind == TRAIN]

    def jobs(self) -> list[Run]:
        """All jobs, newest first."""
        return self._look(lambda db: [_run(row) for row in db.execute(_SELECT + " ORDER BY created DESC, run DESC")])

    def run(self, run: str) -> Run:
        """One run.

        Raises:
            UnknownError: when it is not there.
        """
        folder_of(run)
        return self._look(lambda db: _found(db, run))

    def active(self) -> Run | None:
        """The run that answers, if one does."""
        return self._look(lambda db: next(map(_run, db.execute(_SELECT + " WHERE active")), None))

    def former(self) -> Run | None:
        """The finished run that answered before the present one, if it is still there."""
        finished = {run.run: run for run in self.runs() if run.state == "finished" and not run.active}
        return next((finished[run] for run in reversed(activations()) if run in finished), None)

    def activate(self, run: str) -> Run:
        """Let a finished run answer, for everybody and at once.

        Raises:
            RunError: when it is not finished, leaves no model, or its files are damaged.
        """
        found = self.run(run)
        if found.kind != TRAIN:
            raise RunError(f"The job {run} is no training.", "Only a run with a model can answer.", "Choose a run.")
        if found.state == "finished":
            check_model(found.folder, job_of(found.folder))

        def work(db: sqlite3.Connection) -> Run:
            now = _found(db, run)
            if now.state != "finished":
                remedy = "Wait until it is finished." if now.state in BUSY else "Resume it, or choose another run."
                raise RunError(f"The run {run} is {now.state}.", "Only a finished run can be activated.", remedy)
            set_active(db, run)
            return _found(db, run)

        return self._change(work)

    def hand_over(self, run: str, process: ProcessIdentity) -> None:
        """Let another process vouch for a queued run, as long as this one still does."""
        mine = this_process().pid
        self._change(lambda db: set_run(db, run, **vars(process)) if pid_of(db, run) == mine else None)

    def claim(self, run: str, process: ProcessIdentity) -> str:
        """Ask for a slot in the name of the process that will do the work; first queued, first served.

        Returns:
            The state of the run: "running" when the slot is had; "queued": ask again; "cancelling".

        Raises:
            RunError: when the run does not wait for a slot.
        """

        def work(db: sqlite3.Connection) -> str:
            state = _found(db, run).state
            if state not in ("queued", "cancelling"):
                raise RunError(f"The run {run} is {state}.", "Only a queued run can be started.", "Resume it.")
            set_run(db, run, **vars(process), heartbeat=time.time())
            if state == "queued" and db.execute(_TAKEN, {"run": run}).fetchone()[0] < slots():
                set_run(db, run, state="running", has_slot=1)
                write_job(folder_of(run), replace(job_of(folder_of(run)), state="running", process=process))
            return _found(db, run).state

        return self._change(work)

    def progress(
        self, run: str, phase: str, done: int, total: int, figures: Mapping[str, float], eta_seconds: float | None
    ) -> str:
        """Say how far a run is, and with it that its process lives; returns the state the run is in."""

        def work(db: sqlite3.Connection) -> str:
            numbers = {"phase": phase, "done": done, "total": total, "eta_seconds": eta_seconds}
            set_run(db, run, **numbers, figures=json.dumps(finite(figures)), heartbeat=time.time())
            return _found(db, run).state

        return self._change(work)

    def end(self, run: str, state: str, message: str) -> Run:
        """Say how a run ended. A finished one becomes active when its job says so, or when none is."""

        def work(db: sqlite3.Connection) -> Run:
            end_run(db, run, state, message)
            return _found(db, run)

        return self._change(work)

    def leave(self, run: str) -> None:
        """Say that the process of a run is about to end, which has written into its folder how the run ended.

        The run keeps its state and its slot until the process is gone, and with it the memory that it held: of two
        that may not work at once, one would else begin while the other winds down, for seconds on a busy machine.
        """

        def work(db: sqlite3.Connection) -> None:
            if _found(db, run).state in BUSY:
                set_run(db, run, heartbeat=0)  # other machines have nothing to wait for
            else:  # one of them, which had not heard of it for long, took it for dead
                job = job_of(folder_of(run))
                end_run(db, run, job.state, job.message)

        self._change(work)

    def cancel(self, run: str) -> Run:
        """Ask a run to stop; its process does so at its next step.

        Raises:
            RunError: when there is nothing to stop.
        """

        def work(db: sqlite3.Connection) -> Run:
            found = _found(db, run)
            if found.state not in BUSY:
                raise RunError(f"The run {run} is {found.state}.", "Only a queued or running one can be cancelled.")
            set_run(db, run, state="cancelling")
            return _found(db, run)

        return self._change(work)

    def requeue(self, run: str, process: ProcessIdentity) -> Run:
        """Queue a run that ended early once more; ``process`` vouches for it until its own begins.

        Raises:
            RunError: when it is busy or finished.
        """

        def work(db: sqlite3.Connection) -> Run:
            found = _found(db, run)
            if found.state not in RESUMABLE:
                given = f"The run {run} is {found.state}."
                remedy = "Start a new training." if found.state == "finished" else "Wait, or cancel it first."
                raise RunError(given, "Only a cancelled, failed or interrupted run can be resumed.", remedy)
            now = time.time()
            set_run(db, run, state="queued", message="", queued=now, heartbeat=now, eta_seconds=None, **vars(process))
            write_job(found.folder, replace(job_of(found.folder), state="queued", message="", process=process))
            return _found(db, run)

        return self._change(work)

    def rename(self, run: str, title: str) -> Run:
        """Give a run a name for people; an empty one takes it away.

        Raises:
            RunError: when the name is too long or holds signs that can't be seen.
        """
        title = title.strip()
        if len(title) > TITLE_LENGTH or not title.isprintable():
            allowed = f"Allowed are up to {TITLE_LENGTH} signs that can be seen."
            raise RunError(f"{title[:80]!r} can't be the name of a run.", allowed, "Choose a shorter, plain name.")

        def work(db: sqlite3.Connection) -> Run:
            found = _found(db, run)
            job = job_of(found.folder)
            state = found.state if job.state in BUSY else job.state  # a process that is about to end wrote the latter
            write_job(found.folder, replace(job, title=title, state=state))
            set_run(db, run, title=title)
            return _found(db, run)

        return self._change(work)

    def delete(self, run: str, even_active: bool = False) -> None:
        """Take a run away. Its folder is out of sight at once; `run_folder.sweep` frees the space.

        Raises:
            RunError: when it is busy, or answers and ``even_active`` is not set.
        """

        def work(db: sqlite3.Connection) -> None:
            found = _found(db, run)
            if found.state in BUSY:
                raise RunError(
                    f"The run {run} is {found.state}.", "Only an ended run can be deleted.", "Cancel it first."
                )
            if found.active and not even_active:
                allowed = "Deleting it leaves the app without a model."
                raise RunError(f"The run {run} is the active one.", allowed, "Activate another run first.")
            remove(found.folder)
            db.execute("DELETE FROM runs WHERE run = ?", (run,))
            if found.active:
                set_active(db, "")

        self._change(work)

    def _look(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Read; first put right what the folders and processes say otherwise."""

        def looked(db: sqlite3.Connection) -> T:
            if is_stale(db):
                with writing(db):
                    put_right(db)
            return work(db)

        return work_on(self.file, looked)

    def _change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Put right, read and write as one step."""

        def changed(db: sqlite3.Connection) -> T:
            with writing(db):
                put_right(db)
                return work(db)

        return work_on(self.file, changed)


# imports, which wait for the disk and use little memory, have slots of their own
_TAKEN = """
    SELECT count(*) FROM runs AS other, runs AS own WHERE own.run = :run AND other.run != :run
        AND (other.kind = 'import') = (own.kind = 'import')
        AND (other.has_slot OR (other.state = 'queued' AND other.queued < own.queued))
"""
_SELECT = "SELECT *, coalesce(run = (SELECT run FROM active), 0) AS active FROM runs"


def _run(row: sqlite3.Row) -> Run:
    try:
        if row["state"] not in STATES:
            raise ValueError(f"the state {row['state']!r}")
        return Run(
            **{
                name: row[name]
                for name in (
                    "run",
                    "kind",
                    "preset",
                    "dataset",
                    "created",
                    "subject",
                    "title",
                    "state",
                    "message",
                    "phase",
                )
            },
            active=bool(row["active"]),
            metrics=json.loads(row["metrics"]),
            done=int(row["done"]),
            total=int(row["total"]),
            figures=json.loads(row["figures"]),
            eta_seconds=row["eta_seconds"],
        )
    except (ValueError, TypeError) as error:
        raise DamagedError(f"it holds {error}") from error


def _found(db: sqlite3.Connection, run: str) -> Run:
    row = db.execute(_SELECT + " WHERE run = ?", (run,)).fetchone()
    if row is None:
        raise unknown(run, [row["run"] for row in db.execute("SELECT run FROM runs ORDER BY created DESC")])
    return _run(row)
