"""Who can get at what: permissions of files, and who may act in the app."""

import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError

import recattn
from recattn.config import home
from recattn.jobs.doctor.finding import Finding

_NAMED = 3  # of many files with the same fault


def secrets_files() -> list[Path]:
    """Where the app's secrets may stand: beside the app, and of the account that runs it."""
    places = (Path(recattn.__file__).parents[1], Path.home())
    return [file for place in places if (file := place / ".streamlit" / "secrets.toml").is_file()]


def check_permissions() -> Iterator[Finding]:
    """Nobody else may write into the home, or read the secrets."""
    faults = [*_writable_faults(), *_readable_faults()]
    for message, remedy in faults:
        yield Finding("permissions", False, message, remedy)
    if not faults:
        yield Finding("permissions", True, "Nothing in the home can be written by everybody; no secret can be read.")


def _writable_faults() -> Iterator[tuple[str, str]]:
    open_to_all = [path for path in (home(), *sorted(home().rglob("*"))) if _mode(path) & stat.S_IWOTH]
    if open_to_all:
        named = ", ".join(str(path) for path in open_to_all[:_NAMED])
        more = f" and {len(open_to_all) - _NAMED} more" if len(open_to_all) > _NAMED else ""
        yield f"Everybody on this machine may write {named}{more}.", f"Take that right away: chmod -R o-w {home()}."


def _readable_faults() -> Iterator[tuple[str, str]]:
    for file in secrets_files():
        if _mode(file) & (stat.S_IROTH | stat.S_IWOTH):
            yield (
                f"Everybody on this machine may read {file}.",
                f"Keep it to the account that runs the app: chmod 600 {file}.",
            )


def _mode(path: Path) -> int:
    """The permissions of a file; none for a link, whose own mean nothing, and for what has just gone."""
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        return 0
    return 0 if stat.S_ISLNK(found) else found


def check_access() -> Iterator[Finding]:
    """Who may act in the app, as it is configured, and whether that can work."""
    try:
        secrets = _secrets()
    except (OSError, ValueError) as error:
        message = f"secrets.toml can't be read, so nobody may act: {error}."
        yield Finding("access", False, message, "Put it right, or take it away.")
        return
    if "auth" in secrets:
        yield _by_login(secrets)
    elif given := os.environ.get("RECATTN_ADMIN_HASH") or str(secrets.get("admin_hash") or ""):
        yield _by_password(given.strip())
    else:
        message = "No log-in is configured: only people at this machine itself may act, everybody else may look."
        yield Finding("access", True, message)


def _secrets() -> dict[str, Any]:
    """What stands in the secrets; as in the app, what stands beside it goes before the account's own."""
    found: dict[str, Any] = {}
    for file in reversed(secrets_files()):
        found |= tomllib.loads(file.read_text())
    return found


def _by_login(secrets: dict[str, Any]) -> Finding:
    listed = secrets.get("admin_emails") or []
    named = [*listed] if isinstance(listed, list) else str(listed).split(",")
    named += os.environ.get("RECATTN_ADMIN_EMAILS", "").split(",")
    emails = {str(each).strip().casefold() for each in named} - {""}
    if emails:
        return Finding("access", True, f"People log in with OpenID Connect; {len(emails)} of them may act.")
    remedy = "List them: admin_emails in secrets.toml, or RECATTN_ADMIN_EMAILS, with commas between."
    return Finding("access", False, "People log in with OpenID Connect, but nobody is listed who may act.", remedy)


def _by_password(given: str) -> Finding:
    try:
        extract_parameters(given)
    except InvalidHashError:
        message = "What is configured as the hash of the admin password is no argon2 hash, so nobody can log in."
        return Finding("access", False, message, "Make one: python -m recattn hash-password.")
    return Finding("access", True, "Whoever knows the admin password may act; its hash is configured.")
