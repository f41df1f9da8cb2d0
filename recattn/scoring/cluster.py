"""Parts made by a Ray cluster: as many processes as there are cores, on one machine or on many.

Each part is one task; a task whose process dies is given to another process. The cluster of ``RAY_ADDRESS`` is used
where that is set, and must see the same folders; otherwise one is started on this machine and ends with the work.
"""

import importlib.util
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any

from recattn.config import home
from recattn.errors import RecAttnError, RunError
from recattn.recommender import Recommender
from recattn.scoring.part import Task, opened, score_part

_TRIES = 3  # for a part whose process died, after the first
_STORE_BYTES = 100_000_000  # between processes travel only numbers of parts
_LOOK_SECONDS = 0.5


def check_ray(workers: int) -> None:
    """See that Ray is installed.

    Raises:
        RunError: when it is not.
    """
    if importlib.util.find_spec("ray") is None:
        raise RunError(
            "The engine ray needs the package ray, which is not installed.",
            "It is optional: the engine local needs nothing.",
            "Install it: python -m pip install -r requirements-ray.txt.",
        )
    if workers < 0:
        raise RunError(f"{workers} processes can't work.", "Allowed is a number from 1, or 0 for one a core.")


def score_on_ray(task: Task, parts: Mapping[int, int], workers: int, done: Callable[[int], None]) -> None:
    """Make these parts; arguments as in `recattn.scoring.here.score_here`.

    Args:
        task: what is wanted; its folders are seen by every machine.
        parts: number of each part, and how many users are in it.
        workers: processes to start here; 0 is one a core.
        done: hears how many more users are finished; may raise Cancelled, and all work then stops.

    Raises:
        RunError: when a part was lost for good.
    """
    done(0)
    with _cluster(workers) as ray:
        remote = ray.remote(num_cpus=1, max_retries=_TRIES)(_score)
        waiting = {remote.remote(task, part): users for part, users in parts.items()}
        while waiting:
            finished, _ = ray.wait(list(waiting), timeout=_LOOK_SECONDS)
            done(sum(_result(ray, reference, waiting.pop(reference)) for reference in finished))


def _score(task: Task, part: int) -> None:
    """One part, in a process of Ray's."""
    score_part(_recommender(task), task, part, lambda _: None)


@lru_cache(maxsize=1)
def _recommender(task: Task) -> Recommender:
    """Loaded once a process: a process makes many parts."""
    return opened(task)


def _result(ray: Any, reference: Any, users: int) -> int:
    """How many users a finished task adds; its error is said as if it had been raised here."""
    try:
        ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, RecAttnError):
            raise cause from None
        raise
    except ray.exceptions.RayError as error:
        reason = str(error).partition("\n")[0]
        remedy = "Look at the memory of the machines, then go on."
        raise RunError(f"A part was lost {_TRIES + 1} times: {reason}.", "", remedy) from error
    return users


@contextmanager
def _cluster(workers: int) -> Iterator[Any]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    own: dict[str, Any] = {}
    if not os.environ.get("RAY_ADDRESS"):
        own = {"num_cpus": workers or os.cpu_count(), "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    variables = {"RECATTN_HOME": str(home()), "PYTHONPATH": str(Path(__file__).parents[2])}
    with redirect_stdout(sys.stderr):  # Ray talks; on stdout a program reads our one document
        with _handlers_kept():
            ray.init(runtime_env={"env_vars": variables}, log_to_driver=False, logging_level=logging.ERROR, **own)
        try:
            yield ray
        finally:
            ray.shutdown()


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray sets signal handlers of its own; ours stop the work in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
