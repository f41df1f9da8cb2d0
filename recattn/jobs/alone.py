"""What only one at a time may do on this machine: the kernel's lock ends with its process, however that ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from recattn.config import home
from recattn.errors import RunError


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Wait until nobody else, in this process or another one, is inside a block of this name.

    Raises:
        RunError: when the home can't be written.
    """
    place = home() / f".lock-{what}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = place.open("a")
    except OSError as error:
        raise RunError(
            f"{place} can't be written ({error.strerror or error}).",
            "Needed is a folder this user may write.",
            "Change its permissions, or set RECATTN_HOME.",
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
