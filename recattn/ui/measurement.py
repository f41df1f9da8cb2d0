"""A measurement that a page reads: the button that starts it, how far it is, and why it ended early."""

from typing import Literal

import streamlit as st

from recattn.errors import RecAttnError
from recattn.jobs import measuring
from recattn.ui.guard import check_may_act, may_act
from recattn.ui.notices import show_error
from recattn.ui.wording import plain, shortened

_PHASES = {
    "load": "Loading the model",
    "encode": "Reading the texts of all items",
    "explain": "Explaining recommendations in every way",
    "planted truth": "Comparing with the planted causes",
    "look": "Looking at the heads' maps",
    "ablate": "Ranking without each head",
    "redundant": "Removing heads together",
    "twins": "Ranking with each twin",
}


def offer_measurement(run: str, what: str, title: str, text: str) -> None:
    """The empty state of a page that reads a measurement: what it is, and the one button that makes it."""
    with st.container(border=True, gap="small"):
        st.subheader(title, anchor=False)
        st.write(text)
        show_start(run, what, "Measure it", "primary")


def show_start(run: str, what: str, label: str, kind: Literal["primary", "secondary"] = "secondary") -> None:
    """The button that starts a measurement, or how far it is; once it ended early, why."""
    told = measuring.progress(run, what)
    if told is not None and told.state == "running":
        st.fragment(_draw_progress, run_every="1s")(run, what)
        return
    if told is not None:
        st.warning(plain(shortened(told.message, 300)), icon=":material/info:")
    allowed = may_act()
    if st.button(label, key=f"measure-{what}", type=kind, icon=":material/speed:", disabled=not allowed):
        _start(run, what)
    if not allowed:
        st.caption("Only possible on the machine the app runs on, at its localhost address.")


def _start(run: str, what: str) -> None:
    try:
        check_may_act()
        measuring.start(run, what)
    except RecAttnError as error:
        show_error(error)
    else:
        st.rerun()


def _draw_progress(run: str, what: str) -> None:
    told = measuring.progress(run, what)
    if told is None or told.state != "running":
        st.rerun()
    share = min(1.0, told.done / told.total) if told.total else 0.0
    count = f"  ·  {told.done:,} of {told.total:,}" if told.total else ""
    st.progress(share, text=_PHASES.get(told.phase, plain(told.phase) or "Starting") + count)
    if st.button("Cancel", key=f"stop-{what}", icon=":material/stop:"):
        check_may_act()
        measuring.cancel(run, what)
