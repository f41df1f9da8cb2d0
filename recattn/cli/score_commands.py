"""The command that scores everybody: score."""

import time
from argparse import Namespace
from pathlib import Path

from recattn.cli.answer_commands import RUN, chosen_run
from recattn.cli.command import Answer, Command, argument
from recattn.cli.numbers import count
from recattn.cli.output import note
from recattn.cli.performing import performed
from recattn.errors import Cancelled


def score(given: Namespace) -> Answer:
    """Everybody's lists and reasons, as a job in the foreground."""
    from recattn.data.scored import read_manifest
    from recattn.jobs.starting import queue

    run, out = chosen_run(given.run), Path(given.out).absolute()
    if run.dataset != given.dataset:
        note(f"The run {run.run} was trained on {run.dataset}, not on {given.dataset}.")
    settings = {
        "out": str(out),
        "n": given.n,
        "part_users": given.part_users,
        "engine": given.engine,
        "workers": given.workers or 0,
    }
    started = time.monotonic()
    if performed(queue("score", given.dataset, settings, subject=run.run)).state != "finished":
        raise Cancelled
    manifest, seconds = read_manifest(out), round(time.monotonic() - started, 1)
    document = {"users": manifest["users"], "parts": manifest["parts"], "seconds": seconds}
    text = f"{document['users']:,} users in {out} ({document['parts']:,} files), after {seconds:,.1f} s"
    return Answer(document, text)


COMMANDS = (
    Command(
        "score",
        "Write everybody's recommendations with their reasons into a folder of Parquet files.",
        score,
        (
            argument("--dataset", required=True, metavar="NAME", help="whose users and items"),
            argument("--out", required=True, metavar="FOLDER", help="new, or begun before with the same settings"),
            argument("-n", type=count, default=10, help="how many items each (default: 10)"),
            argument("--engine", choices=("local", "ray"), default="local", help="this process (default), or Ray"),
            argument("--workers", type=count, metavar="N", help="processes of Ray here (default: one a core)"),
            argument("--part-users", type=count, default=10_000, metavar="N", help="users a file (default: 10000)"),
            RUN,
        ),
        epilog="Run again after it was stopped, it goes on with the parts that are missing.",
        changes=True,
    ),
)
