"""Who may make and delete things, decided afresh at each action: administrators who logged in; where no log-in is
configured, only the person at this machine.

For the latter ``st.context.ip_address`` alone is not enough: behind a proxy on this machine every visitor comes from
here. So the names in the request must be this machine's too, and nothing may say that the request was passed on.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from recattn.errors import RecAttnError
from recattn.jobs import audit
from recattn.language import phrase, say
from recattn.logs import log_event
from recattn.ui import login
from recattn.ui.access import Rules, Visitor, openid_visitor, rules_now
from recattn.ui.tries import Pace, origin
from recattn.ui.wording import plain

_REFUSALS = Pace(60)  # a minute: who is refused again and again washes older lines out in days, not in minutes
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


def from_this_machine(address: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request was made on this machine itself. No address means a local connection.

    >>> from_this_machine(None, {"Host": "localhost:8501"}), from_this_machine(None, {"Host": "demo.example"})
    (True, False)
    """
    names = {name.title(): value for name, value in headers.items()}
    if any(name in names for name in _PASSED_ON):
        return False
    hosts = [urlsplit("//" + names["Host"]).hostname] if "Host" in names else []
    hosts += [urlsplit(names["Origin"]).hostname] if "Origin" in names else []
    return all(map(_is_local, ["localhost" if address is None else address, *hosts]))


def _is_local(host: str | None) -> bool:
    if host in (None, "localhost"):
        return host is not None
    try:
        found = ip_address(str(host))
    except ValueError:
        return False
    # a server that listens on both kinds of addresses sees 127.0.0.1 as ::ffff:127.0.0.1
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


@dataclass(frozen=True)
class Asking:
    """Somebody's connection and what their session holds: taken while a page is drawn, for what is done after that."""

    address: str | None
    headers: Mapping[str, str]
    user: Mapping[str, Any]
    token: object


def asking_now() -> Asking:
    """Who the page is drawn for; outside of pages somebody who may do nothing."""
    if get_script_run_ctx() is None:  # where Streamlit would name no address, as it does for this machine
        return Asking("nowhere", {}, {}, None)
    address = st.context.ip_address
    headers = dict(st.context.headers.items())
    return Asking(None if address is None else str(address), headers, st.user.to_dict(), login.token())


def visitor(found: Rules | None = None, asking: Asking | None = None) -> Visitor:
    """Who asks and whether they may act, from the connection and what the server remembers of the session."""
    found, asking = found or rules_now(), asking or asking_now()
    if found.mode == "openid":
        return openid_visitor(asking.user, found.emails, time.time())
    if found.mode == "password":
        return login.password_visitor(found, asking.token, time.time())
    if found.mode == "closed":
        return Visitor("visitor", False, phrase("secrets.toml can't be read, so nobody may act."), phrase("Mend it."))
    if from_this_machine(asking.address, asking.headers):
        return Visitor("this machine", True)
    reason = phrase("No password is configured, so actions are only allowed from the machine the app runs on.")
    return Visitor("visitor", False, reason, phrase("Open the app there, at its localhost address."))


def may_act() -> bool:
    """Whether this visitor may import, train, activate and delete."""
    return visitor().allowed


def how_to_act() -> str:
    """For those who may not: what they would have to do, in one line."""
    return say(visitor().remedy)


def check_may_act(action: str, subject: str = "", *, asking: Asking | None = None) -> None:
    """To be called by every action itself, whatever the page showed before. Leaves a line in the audit log.

    Args:
        action: what is to be done, in a word or two.
        subject: the run, dataset or job it is done to.
        asking: for whom; without, for whom the page is drawn.

    Raises:
        RecAttnError: when the visitor may not, or the line can't be written.
    """
    asking = asking or asking_now()
    found = visitor(asking=asking)
    if not found.allowed:
        _refused(found, asking, action, subject)
        raise RecAttnError("You may not do that.", found.reason, found.remedy)
    audit.record("page", found.who, action, subject, "allowed")
    login.acted(asking.token, time.time())


def _refused(found: Visitor, asking: Asking, action: str, subject: str) -> None:
    if not _REFUSALS.allows(time.monotonic()):
        return
    try:
        audit.record("page", f"{found.who} from {origin(asking.address)}", action, subject, "refused")
    except RecAttnError as error:  # what was asked for isn't done anyway
        log_event("audit line missing", error)


def show_guard() -> bool:
    """Say who may act here and let them log in; returns whether this visitor may."""
    found = rules_now()
    asking = visitor(found)
    if found.mode == "local":
        _show_local(asking.allowed)
    elif asking.allowed:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(":material/lock_open: " + say("Logged in as {who}", who=plain(asking.who)), width="content")
            login.show_log_out()
    else:
        st.info(
            say("**Look, don't touch.** Importing, training and deleting is for administrators."),
            icon=":material/lock:",
        )
        _show_ways_in(found, asking)
    return asking.allowed


def _show_local(allowed: bool) -> None:
    if allowed:
        text = say(
            "**Local demo mode.** No password is configured: everybody at this machine may act here, nobody else."
        )
        st.warning(text, icon=":material/lock_open:")
    else:
        text = say(
            "**Look, don't touch.** No password is configured, so actions work only on the machine the app runs on."
        )
        st.info(text, icon=":material/lock:")


def _show_ways_in(found: Rules, asking: Visitor) -> None:
    if found.mode == "password":
        login.show_password_form()
    elif found.mode == "openid":
        login.show_provider_buttons(found, asking)
    else:
        st.error(f"{say(asking.reason)} {say(asking.remedy)}", icon=":material/error:")
