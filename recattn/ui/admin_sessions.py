"""Who is logged in with the password. A visitor's session holds a random token; what it is worth is known only here."""

import hashlib
import secrets
import threading
from dataclasses import dataclass

SESSION_SECONDS = 12 * 3600  # without an action
_MOST = 1000


@dataclass
class _Session:
    fingerprint: str
    last: float


class AdminSessions:
    """The sessions of one server. Each ends 12 hours after its last action, and all end with another password."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}

    def begin(self, password_hash: str, now: float) -> str:
        """A new session's token."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            kept = {name: one for name, one in self._sessions.items() if now - one.last < SESSION_SECONDS}
            newest = sorted(kept.items(), key=lambda pair: pair[1].last)[-(_MOST - 1) :]
            self._sessions = dict(newest) | {token: _Session(_fingerprint(password_hash), now)}
        return token

    def holds(self, token: object, password_hash: str, now: float) -> bool:
        """Whether this is the token of a session that goes on, begun with this password."""
        with self._lock:
            session = self._sessions.get(token) if isinstance(token, str) else None
            return (
                session is not None
                and now - session.last < SESSION_SECONDS
                and session.fingerprint == _fingerprint(password_hash)
            )

    def acted(self, token: object, now: float) -> None:
        """Count the 12 hours from now."""
        with self._lock:
            if isinstance(token, str) and token in self._sessions:
                self._sessions[token].last = now

    def end(self, token: object) -> None:
        """Log out."""
        with self._lock:
            if isinstance(token, str):
                self._sessions.pop(token, None)


def _fingerprint(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()
