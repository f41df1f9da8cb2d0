"""The command line. A command is one function and one line in its module's ``COMMANDS``.

Exit codes: 0; 1 with one message on stderr; 2 for wrong usage. With ``--json`` stdout holds exactly one document.
What is heavy to import is imported by the command that needs it, so that ``--help`` is quick.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from recattn.cli import (
    ablation_commands,
    access_commands,
    answer_commands,
    archive_commands,
    data_commands,
    doctor_commands,
    measure_commands,
    run_commands,
    score_commands,
    storage_commands,
    trust_commands,
)
from recattn.cli.command import Command
from recattn.cli.output import as_json, note
from recattn.errors import RecAttnError

COMMANDS: tuple[Command, ...] = (
    *data_commands.COMMANDS,
    *storage_commands.COMMANDS,
    *run_commands.COMMANDS,
    *answer_commands.COMMANDS,
    *archive_commands.COMMANDS,
    *score_commands.COMMANDS,
    *trust_commands.COMMANDS,
    *measure_commands.COMMANDS,
    *ablation_commands.COMMANDS,
    *access_commands.COMMANDS,
    *doctor_commands.COMMANDS,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    given = parser().parse_args(argv)
    command: Command = given.command
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # see jobs.detached: spinning threads slow a shared machine
    try:
        if command.changes:
            access_commands.write_down(command, given)
        answer = command.run(given)
        print(as_json(answer.document) if given.json else answer.text, flush=True)
        return answer.exit_code
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        note("Interrupted. Nothing half-done was left behind.")
    except MemoryError:
        note("Out of memory. Free some and try again.")
    except (RecAttnError, OSError) as error:
        note(str(error))
    return 1


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; one named "import mind" is the command "mind" under "import"."""
    top = argparse.ArgumentParser("python -m recattn", description="A news recommender that shows what it looks at.")
    groups: dict[tuple[str, ...], Any] = {(): top.add_subparsers(title="commands", metavar="COMMAND", required=True)}
    for command in COMMANDS:
        *group, name = command.name.split()
        if tuple(group) not in groups:
            outer = groups[()].add_parser(group[0], help=f"{group[0].capitalize()} something; see its own --help.")
            groups[tuple(group)] = outer.add_subparsers(title="kinds", metavar="KIND", required=True)
        own = groups[tuple(group)].add_parser(
            name,
            help=command.help,
            description=command.help,
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for flags, settings in command.arguments:
            own.add_argument(*flags, **settings)
        own.add_argument("--json", action="store_true", help="print one JSON document")
        own.set_defaults(command=command)
    return top
