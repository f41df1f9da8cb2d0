"""The command that looks whether everything is as it should be: doctor."""

import dataclasses
import os
from argparse import Namespace

from recattn.cli.command import Answer, Command


def doctor(_: Namespace) -> Answer:
    """What every check found; exit code 1 when one thing is wrong."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before the hub's client is imported: a look downloads nothing
    from recattn.jobs.doctor import examine

    found = list(examine())
    wrong = sum(not each.ok for each in found)
    lines = [f"{'ok   ' if each.ok else 'WRONG'}  {each.check}: {each.message}" for each in found]
    for row, each in enumerate(found):
        if each.remedy and not each.ok:
            lines[row] += f"\n       -> {each.remedy}"
    summary = f"{wrong} of {len(found)} findings need something done." if wrong else "Everything is as it should be."
    return Answer([dataclasses.asdict(each) for each in found], "\n".join([*lines, summary]), exit_code=int(wrong > 0))


COMMANDS = (
    Command(
        "doctor",
        "Look whether install, data, runs and permissions are as they should be, and say what to do.",
        doctor,
        epilog="Exit code 1 when something is wrong. It only looks: nothing is mended, changed or downloaded.",
    ),
)
