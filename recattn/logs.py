"""What happened, one JSON line an event, for whoever runs the app: server starts, errors, refused actions, jobs.

Lines hold ids of jobs and kinds of errors, never what somebody read, asked for or typed. That is why of an error only
its type and its places in the code are written: its text may name a user or an article.
"""

import fcntl
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from recattn.config import home

FILE_BYTES = 5_000_000
KEPT = 5  # full files beside the one that is written
_FRAMES = 30  # the innermost ones of an error
_CAUSES = 5

Fact = str | int | float | bool


def log_file() -> Path:
    """The file that is written now; full ones lie beside it as ``recattn.jsonl.1`` and so on, the newest first."""
    return home() / "logs" / "recattn.jsonl"


def log_event(event: str, error: BaseException | None = None, file_bytes: int = FILE_BYTES, **facts: Fact) -> None:
    """Add one line. What can't be written is passed over: no work ends because of its log.

    The file is opened for each line, under a lock: server, jobs and shells write the same one, and each may be the one
    that finds it full. Events are rare, so this costs nothing.
    """
    record = logging.makeLogRecord({"msg": _line(event, error, facts)})
    with suppress(OSError):
        log_file().parent.mkdir(parents=True, exist_ok=True)
        with log_file().with_name(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            handler = _Handler(log_file(), maxBytes=file_bytes, backupCount=KEPT, encoding="utf-8", delay=True)
            try:
                handler.emit(record)
            finally:
                handler.close()


class _Handler(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the name is the library's
        """Raise on, instead of printing a traceback to the terminal of whoever is at work."""
        raise


def _line(event: str, error: BaseException | None, facts: dict[str, Fact]) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    errors = {"errors": [_without_text(each) for each in _causes(error)]} if error else {}
    return json.dumps({"time": now, "event": event, "process": os.getpid(), **facts, **errors})


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it."""
    for _ in range(_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _without_text(error: BaseException) -> dict[str, str | list[str]]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return {"type": f"{type(error).__module__}.{type(error).__qualname__}", "places": places}


class _PageErrors(logging.Handler):
    """Hears of errors that no page expected, where Streamlit reports them."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log_event("page error", error)


def _is_no_departure(record: logging.LogRecord) -> bool:
    """Whether a record is about more than a visitor who left amid an upload; that is no error."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__name__ != "ClientDisconnect"  # by its name: jobs log, too, and load no web server for that


def log_server(recattn: str, streamlit: str) -> None:
    """Write down that a server started, and from now on every error that no page expected.

    Requests are not written to the terminal from now on: their addresses name readers.
    """
    logging.getLogger("uvicorn.access").disabled = True  # some reloads of the configuration switch it on
    logging.getLogger("uvicorn.error").addFilter(_is_no_departure)
    log_event("server started", python=sys.version.split()[0], recattn=recattn, streamlit=streamlit)
    reporter = logging.getLogger("streamlit.error_util")
    if not any(isinstance(handler, _PageErrors) for handler in reporter.handlers):
        reporter.addHandler(_PageErrors(logging.ERROR))
