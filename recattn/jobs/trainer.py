"""The process that trains: ``python -m recattn.jobs.trainer RUN``. Outlives the server that started it."""

import os
import sys

from recattn.config import runs_folder
from recattn.errors import RecAttnError
from recattn.jobs.attempt import Attempt
from recattn.jobs.reconciling import job_of
from recattn.jobs.registry import Registry, Run
from recattn.types import Report, silent

_NICE = 5  # pages answer first


def train_run(run: str, watch: Report = silent) -> Run:
    """Do the training that a queued run stands for, in this process, and return what became of it.

    Raises:
        Cancelled: when it was stopped; it can be resumed.
        RecAttnError: when it failed; the run says why, too.
    """
    with Attempt(run, watch) as attempt:
        attempt.wait_for_slot()
        from recattn.data import Dataset  # these take seconds and memory: only once the slot is ours
        from recattn.training import configured, train

        job = job_of(attempt.folder)
        train(Dataset.open(job.dataset), configured("default", job.settings), attempt.folder, attempt.report)
    return Registry().run(run)


def main() -> int:
    """Train in a process of its own; what it prints goes to the run's log."""
    run = sys.argv[1]
    os.nice(_NICE)
    try:
        train_run(run)
    except RecAttnError as error:
        print(f"{runs_folder() / run}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
