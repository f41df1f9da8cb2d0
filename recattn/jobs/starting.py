"""Start, cancel, resume and delete jobs. The work is done by another process; see ``worker.py``."""

import dataclasses
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recattn.errors import RunError, UnknownError
from recattn.jobs.audit import account
from recattn.jobs.detached import spawn
from recattn.jobs.kinds import KINDS
from recattn.jobs.liveness import identity_of, this_process
from recattn.jobs.registry import Registry, Run, slots
from recattn.jobs.run_folder import BUSY, TRAIN, folder_of, new_run, sweep

if TYPE_CHECKING:
    from recattn.training.config import TrainingConfig

_REMEMBERED = 50  # ended jobs that are no trainings; older ones go


def start(
    kind: str,
    dataset: str,
    settings: Mapping[str, Any],
    *,
    preset: str = "",
    subject: str = "",
    activate: bool = False,
    who: str = "",
) -> str:
    """Start a job in a process of its own; it waits there while all slots are taken.

    Args:
        kind: see ``kinds.KINDS``.
        dataset: its name; for an import the name it is to have.
        settings: what the work is told.
        preset: of a training: where its settings came from.
        subject: the run that is measured.
        activate: of a training: let it answer as soon as it is finished.
        who: asks for it; without, the account of this process.

    Returns:
        The id of the job.

    Raises:
        RecAttnError: when the work can't be done, is being done already, or no process can be started.
    """
    run = queue(kind, dataset, settings, preset=preset, subject=subject, activate=activate, who=who)
    _spawn(run)
    return run


def queue(
    kind: str,
    dataset: str,
    settings: Mapping[str, Any],
    *,
    preset: str = "",
    subject: str = "",
    activate: bool = False,
    who: str = "",
) -> str:
    """Make a job that this process is going to do itself, with ``worker.perform``; otherwise as `start`."""
    if kind not in KINDS:
        raise UnknownError(f"There is no work called {kind!r}.", f"Allowed are {', '.join(KINDS)}.")
    KINDS[kind].check(dataset, settings, subject)
    slots()  # a wrong number there is said now, not by a process nobody looks at
    sweep()
    _refuse_twice(kind, dataset, subject)
    _forget_old_jobs()
    return new_run(kind, preset, dataset, settings, activate, subject, who or account()).run


def start_training(dataset: str, config: "TrainingConfig", preset: str, activate: bool = True, who: str = "") -> str:
    """Start a training with these settings, which came from that preset; otherwise as `start`."""
    run = queue_training(dataset, config, preset, activate, who)
    _spawn(run)
    return run


def queue_training(dataset: str, config: "TrainingConfig", preset: str, activate: bool = True, who: str = "") -> str:
    """As `start_training`, for this process to do."""
    if Path(config.encoder).is_dir():  # the run is opened again by processes that stand elsewhere
        config = dataclasses.replace(config, encoder=str(Path(config.encoder).absolute()))
    return queue(TRAIN, dataset, dataclasses.asdict(config), preset=preset, activate=activate, who=who)


def cancel(run: str) -> Run:
    """Ask a job to stop at its next step; what it did so far is kept.

    Raises:
        RunError: when there is nothing to stop.
    """
    return Registry().cancel(run)


def resume(run: str) -> Run:
    """Go on with a job that ended early, in a process of its own; a training goes on from its last checkpoint.

    Raises:
        RunError: when it is busy or finished.
    """
    queued = Registry().requeue(run, this_process())
    _spawn(run)
    return queued


def delete(run: str, even_active: bool = False) -> None:
    """Remove a job, and with a training its model, for good.

    Raises:
        RunError: when it is busy; when it is the active run and ``even_active`` is not set.
    """
    Registry().delete(run, even_active)
    sweep()


def _refuse_twice(kind: str, dataset: str, subject: str) -> None:
    """Two trainings at once may be wanted; the same import or measurement twice never is."""
    for job in Registry().jobs():
        if kind != TRAIN and job.state in BUSY and (job.kind, job.dataset, job.subject) == (kind, dataset, subject):
            raise RunError(
                f"This is being done already: {KINDS[kind].title}, job {job.run}, is {job.state}.",
                "Allowed is one at a time.",
                "Wait for it, or cancel it.",
            )


def _forget_old_jobs() -> None:
    ended = [job for job in Registry().jobs() if job.kind != TRAIN and job.state not in BUSY]
    for job in ended[_REMEMBERED:]:
        with suppress(UnknownError, RunError):  # somebody else who starts something forgot it, or resumed it
            Registry().delete(job.run)


def _spawn(run: str) -> None:
    """Start the worker as the leader of its own session, so that it outlives this process."""
    try:
        process = spawn("recattn.jobs.worker", run, log=folder_of(run) / "log.txt")
    except OSError as error:
        message = f"The process of this job could not be started: {error}."
        Registry().end(run, "failed", message)
        raise RunError(message, "", "Free some memory or space, then resume it.") from error
    Registry().hand_over(run, identity_of(process.pid))
    threading.Thread(target=process.wait, daemon=True).start()  # so that it never stays behind as a zombie
