"""Wrong passwords are slowed down: each makes the next try wait longer, and the tenth shuts the door for a while.

Nobody sleeps here. Who comes too early is told how long to wait.
"""

import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LOCKED_AFTER = 10  # wrong tries from one address
LOCK_SECONDS = 15 * 60  # as long it is locked, and as long wrong tries are remembered
LONGEST_DELAY = 60  # seconds, before the lock
CEILING = 30  # wrong tries from everywhere within LOCK_SECONDS


def delay(failures: int) -> float:
    """Seconds to wait after so many wrong tries.

    >>> [delay(failures) for failures in (0, 1, 2, 3, 7, 9, 10)]
    [0, 1, 2, 4, 60, 60, 900]
    """
    if failures >= LOCKED_AFTER:
        return LOCK_SECONDS
    return min(2 ** (failures - 1), LONGEST_DELAY) if failures else 0


def origin(address: str | None) -> str:
    """Whom to count together: one address, or the 64 bits of an IPv6 network, which its holder has all of.

    >>> origin(None), origin("203.0.113.9"), origin("2001:db8::1:2:3:4"), origin("::ffff:203.0.113.9")
    ('this machine', '203.0.113.9', '2001:db8::/64', '203.0.113.9')
    """
    if address is None:
        return "this machine"
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv4Address) or found.is_loopback:
        return "this machine" if found.is_loopback else str(found)
    return str(found.ipv4_mapped) if found.ipv4_mapped else _network(found)


def _network(address: IPv6Address) -> str:
    return str(ip_network((address, 64), strict=False))


@dataclass
class _Record:
    failures: int = 0
    last: float = 0


class Tries:
    """The wrong tries of the last quarter of an hour, shared by all sessions of the server.

    A try counts as wrong from its beginning, so that many at once don't slip in together. What is kept is bounded by
    the ceiling.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, _Record] = {}
        self._all: list[float] = []

    def begin(self, where: str, now: float) -> float:
        """Count a try, unless it comes too early; returns the seconds to wait, 0 to go ahead.

        Args:
            where: see `origin`.
            now: seconds of a clock that only goes forward.
        """
        with self._lock:
            self._forget(now)
            record = self._records.get(where, _Record())
            wait = max(record.last + delay(record.failures) - now if record.failures else 0, self._wait_of_all(now))
            if wait <= 0:
                self._records[where] = _Record(record.failures + 1, now)
                self._all.append(now)
            return max(0.0, wait)

    def succeed(self, where: str, begun: float) -> None:
        """The try that began then was right: earlier wrong ones from there are forgiven."""
        with self._lock:
            self._records.pop(where, None)
            if begun in self._all:
                self._all.remove(begun)

    def locked(self, where: str) -> bool:
        """Whether the latest wrong try shut the door."""
        with self._lock:
            return where in self._records and self._records[where].failures >= LOCKED_AFTER

    def _wait_of_all(self, now: float) -> float:
        return self._all[-CEILING] + LOCK_SECONDS - now if len(self._all) >= CEILING else 0

    def _forget(self, now: float) -> None:
        self._all = [time for time in self._all if now - time < LOCK_SECONDS]
        self._records = {where: record for where, record in self._records.items() if now - record.last < LOCK_SECONDS}


class Pace:
    """At most so many times a minute, for the whole server."""

    def __init__(self, most: int) -> None:
        self._lock, self._most, self._times = threading.Lock(), most, list[float]()

    def allows(self, now: float) -> bool:
        """Whether once more is not too often, at this time of a clock that only goes forward; if so it is counted."""
        with self._lock:
            self._times = [time for time in self._times if now - time < 60]
            if len(self._times) >= self._most:
                return False
            self._times.append(now)
            return True
