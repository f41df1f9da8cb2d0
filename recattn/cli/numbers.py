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
