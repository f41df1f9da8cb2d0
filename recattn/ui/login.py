"""Logging in and out: a password, or an identity provider that speaks OpenID Connect."""

import threading
import time

import streamlit as st
from streamlit.errors import StreamlitAuthError

from recattn.errors import RecAttnError
from recattn.jobs import audit
from recattn.jobs.password import LONGEST, matches
from recattn.language import phrase, say
from recattn.logs import log_event
from recattn.ui.access import Rules, Visitor, rules_now
from recattn.ui.admin_sessions import AdminSessions
from recattn.ui.notices import show_error
from recattn.ui.tries import LOCK_SECONDS, Pace, Tries, origin
from recattn.ui.wording import duration, plain

# Of the whole server. Not st.cache_resource, which a visitor's "Clear cache" could empty.
TRIES, SESSIONS = Tries(), AdminSessions()

_TOKEN, _COUNT, _ANSWER = "admin-session", "log-in-tries", "log-in-answer"
_EARLY = Pace(60)  # as many lines a minute: who guesses does not wash older ones out of the log
_one_at_a_time = threading.Lock()  # a comparison takes 64 MiB


def where_from() -> str:
    """The address of this visitor's connection, as tries are counted; a header could say anything."""
    address = st.context.ip_address
    return origin(None if address is None else str(address))


def token() -> object:
    """What this session is logged in with, if it is."""
    return st.session_state.get(_TOKEN)


def password_visitor(rules: Rules, token: object, now: float) -> Visitor:
    """Whether a session is logged in, asked afresh each time."""
    if SESSIONS.holds(token, rules.password_hash, now):
        return Visitor("admin", True)
    return Visitor("visitor", False, phrase("Only administrators may act."), phrase("Log in on the Admin page."))


def acted(token: object, now: float) -> None:
    """The session was used: it lasts from now."""
    SESSIONS.acted(token, now)


def show_password_form() -> None:
    """One field, a new one after each try: what was typed goes with the old one, from everywhere."""
    field = f"admin-password-{st.session_state.setdefault(_COUNT, 0)}"
    with st.form("log-in", width=420):
        st.text_input(say("Password"), type="password", key=field, max_chars=LONGEST, autocomplete="current-password")
        st.form_submit_button(say("Log in"), type="primary", icon=":material/login:", on_click=_try, args=(field,))
    answer = st.session_state.pop(_ANSWER, None)
    if isinstance(answer, RecAttnError):
        show_error(answer)


def _try(field: str) -> None:
    password = str(st.session_state.pop(field, ""))
    st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
    try:
        if password:
            log_in(password, rules_now(), where_from(), time.monotonic())
    except RecAttnError as error:
        st.session_state[_ANSWER] = error


def log_in(password: str, rules: Rules, where: str, now: float) -> None:
    """Let this session act when the password is right.

    Args:
        password: what was typed.
        rules: with the hash to compare with.
        where: see `tries.origin`.
        now: seconds of a clock that only goes forward.

    Raises:
        RecAttnError: when it is wrong, comes too early, or can't be written down.
    """
    wait = TRIES.begin(where, now)
    if wait:
        if _EARLY.allows(now):
            log_event("log-in came too early", where=where)
        raise RecAttnError(f"Too many wrong passwords. Try again in {duration(max(1, wait))}.")
    with _one_at_a_time:
        right = matches(rules.password_hash, password)
    if not right:
        _failed(where)
    TRIES.succeed(where, now)
    audit.record("page", "admin", "log in", f"from {where}", "allowed")
    st.session_state[_TOKEN] = SESSIONS.begin(rules.password_hash, time.time())


def _failed(where: str) -> None:
    locked = f", locked for {duration(LOCK_SECONDS)}" if TRIES.locked(where) else ""
    audit.record("page", "visitor", "log in", f"from {where}{locked}", "failed-login")
    raise RecAttnError("That is not the password.", "", "Wrong ones make the next try wait longer.")


def show_provider_buttons(rules: Rules, visitor: Visitor) -> None:
    """A button for each identity provider, and why somebody who is logged in there may still not act."""
    logged_in = bool(st.user.get("is_logged_in"))
    if logged_in:
        st.warning(plain(f"{visitor.who}: {say(visitor.reason)} {say(visitor.remedy)}"), icon=":material/person_off:")
        show_log_out()
        return
    if not rules.providers:
        st.error(
            say("`[auth]` in secrets.toml names no identity provider: `client_id` is missing."), icon=":material/error:"
        )
    for name in rules.providers:
        label = say("Log in with {name}", name=plain(name)) if name else say("Log in")
        if st.button(label, key=f"log-in-{name}", type="primary", icon=":material/login:"):
            _ask(name)


def _ask(provider: str) -> None:
    try:
        st.login(provider or None)
    except StreamlitAuthError as error:
        log_event("OpenID Connect is not configured rightly", error)
        show_error(
            RecAttnError("OpenID Connect is not configured rightly.", "", "See .streamlit/secrets.toml.example.")
        )


def show_log_out() -> None:
    """The button that ends this session's rights."""
    st.button(say("Log out"), key="log-out", icon=":material/logout:", on_click=_log_out)


def _log_out() -> None:
    SESSIONS.end(st.session_state.pop(_TOKEN, None))
    if st.user.get("is_logged_in"):
        st.logout()
