"""Who may make and delete things: without a password, only the person at this machine.

``st.context.ip_address`` alone is not enough: behind a proxy on this machine every visitor comes from here. So the
names in the request must be this machine's too, and nothing may say that the request was passed on.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st

from recattn.errors import RecAttnError

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
        return ip_address(str(host)).is_loopback
    except ValueError:
        return False


def may_act() -> bool:
    """Whether this visitor may import, train, activate and delete."""
    address = st.context.ip_address
    return from_this_machine(None if address is None else str(address), st.context.headers)


def check_may_act(action: str = "", subject: str = "") -> None:  # noqa: ARG001
    """To be called by every action itself, whatever the page showed before.

    Raises:
        RecAttnError: when the visitor is not at this machine.
    """
    if not may_act():
        raise RecAttnError(
            "This action was asked for from another machine.",
            "No password is configured, so actions are only allowed from the machine the app runs on.",
            "Open the app there, at its localhost address.",
        )


def show_guard() -> bool:
    """Say loudly who may act here; returns whether this visitor may."""
    allowed = may_act()
    if allowed:
        text = "**Local demo mode.** No password is configured: everybody at this machine may act here, nobody else."
        st.warning(text, icon=":material/lock_open:")
    else:
        text = "**Look, don't touch.** No password is configured, so actions work only on the machine the app runs on."
        st.info(text, icon=":material/lock:")
    return allowed
