"""Which way in is configured, and what that means for one visitor. Nothing here draws or remembers anything."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from recattn.language import phrase

Mode = Literal["openid", "password", "local", "closed"]

OPENID_SECONDS = 12 * 3600  # since the identity provider was asked
HASH_VARIABLE, EMAILS_VARIABLE = "RECATTN_ADMIN_HASH", "RECATTN_ADMIN_EMAILS"


@dataclass(frozen=True)
class Rules:
    """How administrators are known here.

    Attributes:
        mode: ``openid`` and ``password`` where these are configured, ``local`` where nothing is, ``closed`` where the
            configuration can't be read.
        emails: whom OpenID Connect lets in.
        providers: names of the identity providers; one without a name is called "".
        password_hash: what argon2 made of the password.
    """

    mode: Mode
    emails: frozenset[str] = frozenset()
    providers: tuple[str, ...] = ()
    password_hash: str = field(default="", repr=False)


@dataclass(frozen=True)
class Visitor:
    """Who asks, whether they may act, and if not, what is allowed and what to do."""

    who: str
    allowed: bool
    reason: str = ""
    remedy: str = ""


def rules_now() -> Rules:
    """What is configured at this moment. Secrets that can't be read shut the door rather than open it."""
    try:
        if st.secrets.load_if_toml_exists():
            return rules(st.secrets.to_dict(), os.environ)
    except (OSError, ValueError):  # no permission, or no text
        return Rules("closed")
    named = any(Path(file).exists() for file in st.get_option("secrets.files"))
    return Rules("closed") if named else rules({}, os.environ)


def rules(secrets: Mapping[str, Any], environment: Mapping[str, str]) -> Rules:
    """The strongest way that is configured: OpenID Connect, then a password, then nothing at all.

    >>> rules({}, {}).mode, rules({}, {"RECATTN_ADMIN_HASH": "$argon2id$.."}).mode, rules({"auth": {}}, {}).mode
    ('local', 'password', 'openid')
    """
    if "auth" in secrets:
        auth = secrets["auth"] if isinstance(secrets["auth"], Mapping) else {}
        listed = [*_listed(secrets.get("admin_emails")), *_listed(environment.get(EMAILS_VARIABLE))]
        named = tuple(name for name, entry in auth.items() if isinstance(entry, Mapping) and "client_id" in entry)
        providers = ("",) if "client_id" in auth else named
        return Rules("openid", frozenset(map(_folded, listed)), providers)
    password_hash = environment.get(HASH_VARIABLE) or str(secrets.get("admin_hash") or "")
    return Rules("password", password_hash=password_hash.strip()) if password_hash else Rules("local")


def _listed(emails: object) -> list[str]:
    """A list of secrets.toml, or words between commas of an environment variable."""
    words = emails.split(",") if isinstance(emails, str) else emails if isinstance(emails, list | tuple) else []
    return [word for word in words if isinstance(word, str) and word.strip()]


def _folded(email: str) -> str:
    return email.strip().casefold()


def openid_visitor(user: Mapping[str, Any], emails: frozenset[str], now: float) -> Visitor:
    """What an identity provider's word is worth here.

    Args:
        user: the claims of the identity token.
        emails: whom to let in, in small letters.
        now: seconds since 1970.

    >>> openid_visitor({"is_logged_in": True, "email": "Ada@a.example", "iat": 0}, frozenset({"ada@a.example"}), 1)
    Visitor(who='ada@a.example', allowed=True, reason='', remedy='')
    """
    if user.get("is_logged_in") is not True:
        return Visitor("visitor", False, phrase("Only administrators may act."), phrase("Log in on the Admin page."))
    email = user.get("email")
    who = _folded(email) if isinstance(email, str) and email.strip() else "somebody without an e-mail address"
    if not emails:
        return Visitor(
            who,
            False,
            phrase("No administrator is named, so nobody may act."),
            phrase("Name some: admin_emails in secrets.toml, or RECATTN_ADMIN_EMAILS."),
        )
    if str(user.get("email_verified", True)).casefold() != "true":
        return Visitor(
            who, False, phrase("Your identity provider has not verified your address."), phrase("Verify it there.")
        )
    if who not in emails:
        return Visitor(
            who,
            False,
            phrase("You are logged in, but not as an administrator."),
            phrase("Administrators: admin_emails in secrets.toml, or RECATTN_ADMIN_EMAILS."),
        )
    asked = user.get("iat")
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not -300 <= now - asked < OPENID_SECONDS:
        return Visitor(
            who, False, phrase("Your log-in is older than 12 hours."), phrase("Log out and in again on the Admin page.")
        )
    return Visitor(who, True)
