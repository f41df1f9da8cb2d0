"""The process that does a job: ``python -m recattn.jobs.worker ID``. Outlives the server that started it."""

import os
import sys

from recattn.errors import RecAttnError
from recattn.jobs.attempt import Attempt
from recattn.jobs.kinds import KINDS
from recattn.jobs.reconciling import job_of
from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import folder_of
from recattn.types import Report, silent

_NICE = 5  # pages answer first


def perform(run: str, watch: Report = silent) -> Run:
    """Do a queued job in this process, and return what became of it.

    Raises:
        Cancelled: when it was stopped; it can be resumed.
        RecAttnError: when it failed; the job says why, too.
    """
    _work(Attempt(run, watch))
    return Registry().run(run)


def _work(attempt: Attempt) -> None:
    with attempt:
        attempt.wait_for_slot()
        job = job_of(attempt.folder)
        attempt.outcome = KINDS[job.kind].work(job, attempt.folder, attempt.report)


def main() -> int:
    """Do a job in a process of its own; what it prints goes to the job's log."""
    run = sys.argv[1]
    os.nice(_NICE)
    try:
        _work(Attempt(run, leaves=True))
    except RecAttnError as error:
        print(f"{folder_of(run)}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # others wait for the slot; what libraries clear up when Python ends takes seconds, or may hang
