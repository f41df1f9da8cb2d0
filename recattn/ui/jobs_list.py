"""All background work: what goes on now, and what became of earlier jobs that were no trainings."""

import pandas as pd
import streamlit as st

from recattn.errors import RecAttnError
from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import TRAIN
from recattn.jobs.starting import delete
from recattn.language import say
from recattn.ui.guard import check_may_act
from recattn.ui.job_progress import BUSY, RESUMABLE, busy_jobs, job_title, show_job, show_log, show_resume
from recattn.ui.notices import show_error, without_home
from recattn.ui.tables import choose_in_frame
from recattn.ui.wording import STATES, ago, plain, shortened


def show_busy_jobs(allowed: bool) -> None:
    """Each job that runs or waits, with its progress."""
    jobs = busy_jobs()
    if jobs:
        st.header(say("At work"), anchor=False)
    for job in jobs:
        with st.container(border=len(jobs) > 1, gap="small"):
            st.markdown(f"**{plain(job_title(job))}**")
            show_job(job.run, cancel=allowed)


def show_ended_jobs(allowed: bool) -> None:
    """Imports, measurements and the like that are over, folded away; one can be chosen."""
    jobs = [job for job in Registry().jobs() if job.kind != TRAIN and job.state not in BUSY]
    if not jobs:
        return
    with st.expander(say("Earlier imports and measurements ({jobs})", jobs=len(jobs)), icon=":material/history:"):
        row = choose_in_frame(jobs_frame(jobs), key=f"jobs-{len(jobs)}", alt=say("Jobs that have ended, newest first"))
        if row is not None:
            _show_job(jobs[row], allowed)


def jobs_frame(jobs: list[Run]) -> pd.DataFrame:
    """One line a job, for people."""
    rows = [
        {
            "Work": job_title(job),
            "State": say(STATES[job.state]) if job.state in STATES else job.state,
            "What came of it": shortened(without_home(job.message), 200),
            "Begun": ago(job.created),
        }
        for job in jobs
    ]
    return pd.DataFrame(rows)


def _show_job(job: Run, allowed: bool) -> None:
    if job.message:
        st.markdown(plain(shortened(without_home(job.message), 1000)))
    if allowed:
        with st.container(horizontal=True):
            if job.state in RESUMABLE:
                show_resume(job)
            if st.button(say("Delete"), key=f"delete-{job.run}", type="tertiary", icon=":material/delete:"):
                _delete(job)
    show_log(job.folder)


def _delete(job: Run) -> None:
    try:
        check_may_act("delete", job.run)
        delete(job.run)
    except RecAttnError as error:
        show_error(error)
    else:
        st.rerun()
