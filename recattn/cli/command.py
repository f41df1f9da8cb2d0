"""What a command is: a name, its arguments, and a function from these to an answer."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Argument = tuple[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What a command found: a document for programs, the same as text for people."""

    document: Any
    text: str
    exit_code: int = 0


@dataclass(frozen=True)
class Command:
    """One command. ``name`` may have two words: "import mind" is the kind "mind" of "import".

    What ``changes`` data, models or jobs leaves a line in the audit log before it begins.
    """

    name: str
    help: str
    run: Callable[[Namespace], Answer]
    arguments: tuple[Argument, ...] = ()
    epilog: str = ""
    changes: bool = False


def argument(*flags: str, **settings: Any) -> Argument:
    """An argument as argparse takes it."""
    return flags, settings
