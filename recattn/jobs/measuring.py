"""Measure a finished run in a process of its own that outlives the server: ``python -m recattn.jobs.measuring``.

What it finds is a file of the run, and how far it is another one beside it; pages only read. A new kind of measurement
is one entry of ``MEASUREMENTS``.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from recattn.config import runs_folder
from recattn.errors import Cancelled, RecAttnError, RunError, UnknownError
from recattn.jobs.detached import spawn
from recattn.jobs.liveness import ProcessIdentity, identity_of, is_alive, this_process
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import folder_of
from recattn.trust.faithfulness import USERS, faithfulness
from recattn.trust.heads import HEADS, head_cards
from recattn.trust.records import FAITHFULNESS, TWINS, read_json, write_record
from recattn.trust.twins import compare_twins
from recattn.types import Report

if TYPE_CHECKING:
    from recattn.recommender import Recommender

_NICE = 5  # pages answer first
_TELL_SECONDS = 0.5
_starting = threading.Lock()


class Kind(NamedTuple):
    """One thing that can be measured: the file it becomes, and who measures it."""

    file: str
    measure: Callable[["Recommender", Report], Any]


MEASUREMENTS = {
    "faithfulness": Kind(FAITHFULNESS, lambda recommender, report: faithfulness(recommender, USERS, report=report)),
    "heads": Kind(HEADS, lambda recommender, report: head_cards(recommender, report=report)),
    "twins": Kind(TWINS, lambda recommender, report: compare_twins(recommender, report=report)),
}


@dataclass(frozen=True)
class Progress:
    """How far a measurement is. ``state`` is one of running, cancelled, failed (``message`` says why), interrupted."""

    what: str
    process: ProcessIdentity
    state: str = "running"
    message: str = ""
    phase: str = ""
    done: int = 0
    total: int = 0


def start(run: str, what: str) -> None:
    """Begin to measure, in the background; one at a time.

    Raises:
        UnknownError: when there is no such run or measurement.
        RunError: when the run is not finished, something is being measured, or no process can be started.
    """
    if what not in MEASUREMENTS:
        raise UnknownError(f"{what!r} can't be measured.", f"Allowed are {', '.join(MEASUREMENTS)}.")
    with _starting:
        if Registry().run(run).state != "finished":
            raise RunError(f"The run {run} is not finished.", "Only finished runs are measured.", "Wait for it.")
        if (busy := measured_now()) is not None:
            raise RunError(
                f"The run {busy} is being measured.", "One is measured at a time.", "Wait for it, or cancel."
            )
        _stop_file(run, what).unlink(missing_ok=True)
        process = _spawned(run, what)
        write_record(_progress_file(run, what), Progress(what, identity_of(process.pid)))
        threading.Thread(target=process.wait, daemon=True).start()  # so that it never stays behind as a zombie


def progress(run: str, what: str) -> Progress | None:
    """How far it is, or why it ended early; None where it never began, or ended well."""
    found = read_json(_progress_file(run, what))
    try:
        if found is None:
            return None
        told = Progress(**{**found, "process": ProcessIdentity(**found["process"])})
        if told.state == "running" and not is_alive(told.process, _told_at(run, what)):
            return replace(told, state="interrupted", message="Its process ended without a word. Start it again.")
    except (TypeError, KeyError):
        return None
    return told


def measured_now() -> str | None:
    """The run that is being measured, if one is."""
    for file in runs_folder().glob("*/measuring-*.json"):
        run, what = file.parent.name, file.stem.removeprefix("measuring-")
        told = progress(run, what)
        if told is not None and told.state == "running":
            return run
    return None


def cancel(run: str, what: str) -> None:
    """Ask a measurement to stop at its next step."""
    _stop_file(run, what).touch()


def measure(run: str, what: str) -> None:
    """Do the work in this process, tell how far it is, and leave the file.

    Raises:
        Cancelled: when it was stopped.
        RecAttnError: when the run or its dataset can't be used.
    """
    from recattn.data import Dataset
    from recattn.recommender import Recommender

    own, told = Progress(what, this_process()), 0.0

    def tell(phase: str, done: int, total: int, **_: float) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            write_record(_progress_file(run, what), replace(own, phase=phase, done=done, total=total))
            if _stop_file(run, what).exists():
                raise Cancelled

    try:
        tell("load", 0, 0)
        recommender = Recommender.load(folder_of(run), Dataset.open(Registry().run(run).dataset), tell)
        found = MEASUREMENTS[what].measure(recommender, tell)
        write_record(folder_of(run) / MEASUREMENTS[what].file, found)
        _progress_file(run, what).unlink(missing_ok=True)
    except RecAttnError as error:
        state = "cancelled" if isinstance(error, Cancelled) else "failed"
        write_record(_progress_file(run, what), replace(own, state=state, message=str(error)))
        raise


def _progress_file(run: str, what: str) -> Path:
    return folder_of(run) / f"measuring-{what}.json"


def _stop_file(run: str, what: str) -> Path:
    return folder_of(run) / f"measuring-{what}.stop"


def _told_at(run: str, what: str) -> float:
    file = _progress_file(run, what)
    return file.stat().st_mtime if file.exists() else 0.0


def _spawned(run: str, what: str) -> "subprocess.Popen[bytes]":
    """The process that measures."""
    try:
        return spawn("recattn.jobs.measuring", run, what, log=folder_of(run) / "measuring.log")
    except OSError as error:
        raise RunError(
            f"No process could be started: {error}.", "", "Free some memory or space, then again."
        ) from error


def main() -> int:
    """Measure in a process of its own; what it prints goes to ``measuring.log`` of the run."""
    os.nice(_NICE)
    try:
        measure(*sys.argv[1:3])
    except RecAttnError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
