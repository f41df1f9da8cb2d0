"""One attempt at a job by the process that does it: a slot, progress, cancellation, and words about how it ended."""

import dataclasses
import os
import re
import shutil
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from recattn.errors import Cancelled, RecAttnError, TrainingError
from recattn.jobs.liveness import this_process
from recattn.jobs.reconciling import job_of
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import TRAIN, checksums, folder_of, going_on, write_job
from recattn.logs import log_event
from recattn.types import Report, silent

LOG_BYTES = 1_000_000  # of a job's log; a library that talks without end must not fill the disk
TELL_SECONDS = 0.5  # progress is written, and cancellation heard of, this often
_NO_MEMORY = re.compile("out of memory|not enough memory|allocate memory", re.IGNORECASE)


class Attempt:
    """Use as ``with Attempt(run) as attempt: attempt.wait_for_slot(); work(attempt.report)``.

    The work only puts its progress into memory; a thread writes it to the registry, as the heartbeat of the process.
    Whatever error ends the work leaves as a `RecAttnError`; the traceback of an unexpected one goes to the log.

    Args:
        run: the id of a queued job whose process this one becomes.
        watch: hears what is reported as well, e.g. to draw a progress bar.
        leaves: this process does nothing else afterwards; the run ends, and its slot is free, when it is gone.
    """

    def __init__(self, run: str, watch: Report = silent, leaves: bool = False) -> None:
        self.run, self.folder, self.watch, self.leaves = run, folder_of(run), watch, leaves
        self.registry = Registry()
        self.outcome = ""  # what to say about it when it is finished
        self._owns = False
        self._stop, self._ended = threading.Event(), threading.Event()
        self._progress = _Progress()
        self._teller = threading.Thread(target=self._tell, daemon=True)
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Attempt":
        if threading.current_thread() is threading.main_thread():
            for sign in (signal.SIGINT, signal.SIGTERM):
                self._handlers[sign] = signal.signal(sign, self._stopped_by_signal)
        return self

    def wait_for_slot(self) -> None:
        """Return as soon as this run may run.

        Raises:
            Cancelled: when it was cancelled before.
            RunError: when it is no queued run.
        """
        while (state := self.registry.claim(self.run, this_process())) != "running":
            self._owns = True
            self.watch("wait", 0, 0)
            if state == "cancelling" or self._stop.wait(TELL_SECONDS):
                raise Cancelled
        self._owns = True
        self.log("started")
        log_event("job started", job=self.run, kind=job_of(self.folder).kind)
        self._teller.start()

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        """Take note of how far the work is.

        Raises:
            Cancelled: when it is to stop.
        """
        if phase != self._progress.phase:
            self.log(phase)
        self._progress.note(phase, done, total, figures)
        self.watch(phase, done, total, **figures)
        if self._stop.is_set():
            raise Cancelled

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._teller.is_alive():
            self._teller.join()
        told = _told(error, self.folder)
        if error is not None and told is not error:
            self.log("".join(traceback.format_exception(error)))
        if self._owns:
            self._end(told)
        for sign, handler in self._handlers.items():
            signal.signal(sign, handler)
        if told is not None and told is not error:
            raise told from error

    def log(self, text: str) -> None:
        """Add a line to the run's log."""
        with suppress(OSError), (self.folder / "log.txt").open("a") as log:  # no reason to end the work
            log.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {text}\n")

    def _end(self, error: RecAttnError | None) -> None:
        """Write the last state into the folder, then into the registry."""
        state = "finished" if error is None else "cancelled" if isinstance(error, Cancelled) else "failed"
        job = job_of(self.folder)
        stopped = f"Stopped as asked. {going_on(job.kind)}"
        message = self.outcome if error is None else stopped if isinstance(error, Cancelled) else str(error)
        _remove_parts(self.folder)  # what a full disk left half-written makes the room for these words
        sums = checksums(self.folder) if state == "finished" and job.kind == TRAIN else {}
        job = dataclasses.replace(job, state=state, message=message, checksums=sums)
        written = False
        with suppress(OSError):  # still no room: then the registry alone knows
            write_job(self.folder, job)
            written = True
        self.log(f"{state} {message}")
        log_event("job ended", job=self.run, kind=job.kind, state=state)
        if written and self.leaves:
            self.registry.leave(self.run)
        else:
            self.registry.end(self.run, state, message)

    def _tell(self) -> None:
        """The thread: write the progress to the registry until the attempt has ended."""
        told = ""
        while not self._ended.wait(TELL_SECONDS):
            _shorten(self.folder / "log.txt")
            try:
                if self.registry.progress(self.run, *self._progress.so_far()) == "cancelling":
                    self._stop.set()
            except RecAttnError as error:  # a full disk or a lost folder: the work itself will meet it
                if str(error) != told:
                    print(error, file=sys.stderr)
                told = str(error)

    def _stopped_by_signal(self, _sign: int, _frame: FrameType | None) -> None:
        """The first signal stops at the next step, with a checkpoint; a second one at once."""
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._stop.set()


class _Progress:
    """How far the work is; the latest of each figure, and the time left of the present phase."""

    def __init__(self) -> None:
        self.phase, self.done, self.total = "", 0, 0
        self.figures: dict[str, float] = {}
        self._began: dict[str, tuple[float, int]] = {}

    def note(self, phase: str, done: int, total: int, figures: dict[str, float]) -> None:
        self._began.setdefault(phase, (time.monotonic(), done))
        self.phase, self.done, self.total = phase, done, total
        self.figures = self.figures | figures

    def so_far(self) -> tuple[str, int, int, dict[str, float], float | None]:
        """As `Registry.progress` wants it."""
        began, first = self._began.get(self.phase, (0.0, 0))
        done, left = self.done - first, self.total - self.done
        eta = (time.monotonic() - began) * left / done if done > 0 else None
        return self.phase, self.done, self.total, self.figures, eta


def _told(error: BaseException | None, folder: Path) -> RecAttnError | None:
    """The error in words for people."""
    if error is None or isinstance(error, RecAttnError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Cancelled()
    text = " ".join(str(error).split())[:300] or type(error).__name__
    if isinstance(error, MemoryError) or _NO_MEMORY.search(text):
        remedy = "Start one with a smaller batch_size or max_history, or free some memory and resume."
        return TrainingError(f"Out of memory: {text}.", "The last checkpoint is kept.", remedy)
    if isinstance(error, OSError) or "os error" in text.lower():
        given = f"A file of {folder} could not be read or written: {text}."
        return TrainingError(given, "The last checkpoint is kept.", "Put that right, then resume.")
    given = f"An unexpected error ended it: {type(error).__name__}: {text}."
    return TrainingError(given, "The log has the details; the last checkpoint is kept.", "Resume tries once more.")


def _shorten(log: Path) -> None:
    """Of a log that has become long keep the end, in place: what this process prints goes on behind it."""
    with suppress(OSError):
        if log.stat().st_size > LOG_BYTES:
            with log.open("r+b") as file:
                file.seek(-LOG_BYTES // 4, os.SEEK_END)
                end = file.read()
                file.seek(0)
                file.truncate()
                file.write(b"(earlier lines were removed)\n" + end)


def _remove_parts(folder: Path) -> None:
    for part in folder.rglob("*.part"):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
