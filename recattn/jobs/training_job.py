"""Start, cancel, resume and delete trainings. The work is done by another process; see ``trainer.py``."""

import dataclasses
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from recattn.data import Dataset
from recattn.errors import RunError
from recattn.jobs.detached import spawn
from recattn.jobs.liveness import identity_of, this_process
from recattn.jobs.registry import Registry, Run, slots
from recattn.jobs.run_folder import folder_of, new_run, sweep

if TYPE_CHECKING:
    from recattn.training.config import TrainingConfig


def start_training(dataset: str, config: "TrainingConfig", preset: str, activate: bool = True) -> str:
    """Start a training in a process of its own; it waits there while all slots are taken.

    Args:
        dataset: its name.
        config: all settings.
        preset: the name of the preset they came from.
        activate: let the run answer as soon as it is finished.

    Returns:
        The id of the run.

    Raises:
        DataError: when there is no such dataset.
        RunError: when the process can't be started.
    """
    run = queue_training(dataset, config, preset, activate)
    _spawn(run)
    return run


def queue_training(dataset: str, config: "TrainingConfig", preset: str, activate: bool = True) -> str:
    """Make the run of a training that this process is going to do itself, with ``trainer.train_run``."""
    Dataset.open(dataset)
    slots()  # a wrong number there is said now, not by a process nobody looks at
    sweep()
    if Path(config.encoder).is_dir():  # the run is opened again by processes that stand elsewhere
        config = dataclasses.replace(config, encoder=str(Path(config.encoder).absolute()))
    return new_run("train", preset, dataset, dataclasses.asdict(config), activate).run


def cancel(run: str) -> Run:
    """Ask a training to stop at its next step; what it did so far is kept.

    Raises:
        RunError: when there is nothing to stop.
    """
    return Registry().cancel(run)


def resume(run: str) -> Run:
    """Go on with a training that ended early, from its last checkpoint, in a process of its own.

    Raises:
        RunError: when it is busy or finished.
    """
    queued = Registry().requeue(run, this_process())
    _spawn(run)
    return queued


def delete(run: str, even_active: bool = False) -> None:
    """Remove a run and its files for good.

    Raises:
        RunError: when it is busy; when it is the active one and ``even_active`` is not set.
    """
    Registry().delete(run, even_active)
    sweep()


def _spawn(run: str) -> None:
    """Start the trainer as the leader of its own session, so that it outlives this process."""
    try:
        process = spawn("recattn.jobs.trainer", run, log=folder_of(run) / "log.txt")
    except OSError as error:
        message = f"The training process could not be started: {error}."
        Registry().end(run, "failed", message)
        raise RunError(message, "", "Free some memory or space, then resume it.") from error
    Registry().hand_over(run, identity_of(process.pid))
    threading.Thread(target=process.wait, daemon=True).start()  # so that it never stays behind as a zombie
