"""Jobs done in the foreground of a shell: seen on the pages like any other, with a bar and Ctrl-C here."""

from recattn.cli.output import Bar, note
from recattn.errors import Cancelled
from recattn.jobs.registry import Registry, Run


def performed(run: str) -> Run:
    """Do a queued job here; returns what became of it. Ctrl-C stops it, and what is done until then is kept.

    Raises:
        RecAttnError: when it fails.
    """
    from recattn.jobs.worker import perform

    note(f"Job {run}. Ctrl-C stops it; what is done until then is kept.")
    try:
        with Bar() as bar:
            return perform(run, bar)
    except Cancelled:
        note(f"Stopped. To go on: python -m recattn resume {run}")
        return Registry().run(run)
