"""A measurement that a page reads: the button that starts it, how far it is, and why it ended early."""

from typing import Literal

import streamlit as st

from recattn.errors import RecAttnError
from recattn.jobs.registry import Registry
from recattn.jobs.starting import start
from recattn.language import say
from recattn.ui.guard import check_may_act, how_to_act, may_act
from recattn.ui.job_progress import BUSY, show_job
from recattn.ui.notices import show_error
from recattn.ui.wording import plain, shortened


def offer_measurement(run: str, what: str, title: str, text: str) -> None:
    """The empty state of a page that reads a measurement: what it is, and the one button that makes it."""
    with st.container(border=True, gap="small"):
        st.header(title, anchor=False)
        st.write(text)
        show_start(run, what, say("Measure it"), "primary")


def show_start(run: str, what: str, label: str, kind: Literal["primary", "secondary"] = "secondary") -> None:
    """The button that starts a measurement, or how far it is; once it ended early, why."""
    job = next((job for job in Registry().jobs() if (job.kind, job.subject) == (what, run)), None)
    if job is not None and job.state in BUSY:
        show_job(job.run, cancel=may_act(), details=False)
        return
    if job is not None and job.state != "finished":
        st.warning(plain(shortened(job.message, 300)), icon=":material/info:")
    allowed = may_act()
    if st.button(label, key=f"measure-{what}-{run}", type=kind, icon=":material/speed:", disabled=not allowed):
        _start(run, what)
    if not allowed:
        st.caption(how_to_act())


def _start(run: str, what: str) -> None:
    try:
        check_may_act(what, run)
        start(what, Registry().run(run).dataset, {}, subject=run)
    except RecAttnError as error:
        show_error(error)
    else:
        st.rerun()
