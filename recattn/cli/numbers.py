"""Numbers as arguments."""

from argparse import ArgumentTypeError


def count(text: str) -> int:
    """A whole number from 1.

    >>> count("10")
    10
    """
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a whole number from 1")


def whole(text: str) -> int:
    """A whole number from 0.

    >>> whole("0")
    0
    """
    if text.isdecimal():
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a whole number from 0")


def share(text: str) -> float:
    """A number from 0 to 1.

    >>> share("0.3")
    0.3
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value <= 1:
        return value
    raise ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
