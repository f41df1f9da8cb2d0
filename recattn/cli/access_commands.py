"""Commands about who may do what: hash-password, audit."""

import getpass
import sys
from argparse import Namespace

from recattn.cli.command import Answer, Command, argument
from recattn.cli.numbers import count
from recattn.cli.output import table
from recattn.errors import RecAttnError
from recattn.jobs import audit

_SUBJECTS = ("run", "dataset", "name", "file", "folder")


def hash_password(_: Namespace) -> Answer:
    """The hash of a new password, asked twice on a terminal and read from one line of a pipe."""
    from recattn.jobs.password import hashed

    found = hashed(_asked_twice() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n"))
    text = (
        f"{found}\n\nPut it where the app is started, in single quotes because of its dollar signs:\n"
        f"  export RECATTN_ADMIN_HASH='{found}'\n"
        f"or into .streamlit/secrets.toml:\n"
        f'  admin_hash = "{found}"\n'
        "In a compose file write each dollar sign twice."
    )
    return Answer({"hash": found}, text)


def _asked_twice() -> str:
    try:
        password = getpass.getpass("Password of the administrator: ")
        again = getpass.getpass("Once more: ")
    except EOFError:
        raise RecAttnError("No password was given.") from None
    if password != again:
        raise RecAttnError("The two differ.", "", "Try again.")
    return password


def show_audit(given: Namespace) -> Answer:
    """Who did what, newest first."""
    found = audit.entries(given.n)
    return Answer(found, table(found, "Nobody has done anything yet."))


def write_down(command: Command, given: Namespace) -> None:
    """The audit line of a command that changes things.

    Raises:
        RecAttnError: when it can't be written.
    """
    subjects = (getattr(given, name, None) for name in _SUBJECTS)
    subject = next((str(subject) for subject in subjects if subject), "")
    audit.record("shell", audit.account(), command.name, subject, "allowed")


COMMANDS = (
    Command("hash-password", "Make the hash of the password that lets an administrator in.", hash_password),
    Command(
        "audit",
        "Say who did what, newest first.",
        show_audit,
        (argument("-n", type=count, default=50, help="how many (default: 50)"),),
    ),
)
