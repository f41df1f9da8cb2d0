"""Make and run models."""

import streamlit as st

from recattn.jobs.registry import Registry
from recattn.language import say
from recattn.ui.audit_view import show_audit
from recattn.ui.guard import show_guard
from recattn.ui.import_form import choose_import
from recattn.ui.jobs_list import show_busy_jobs, show_ended_jobs
from recattn.ui.runs_table import choose_run, show_add_run, show_roll_back, show_run
from recattn.ui.shell import open_page
from recattn.ui.tables import BY_KEYS
from recattn.ui.training_form import choose_training

with open_page("admin") as page:
    allowed = show_guard()
    show_busy_jobs(allowed)
    choose_import(disabled=not allowed)
    st.header(say("Train a model"), anchor=False)
    choose_training(page.dataset_name, disabled=not allowed)
    runs = Registry().runs()
    if runs:
        st.header(say("Models"), anchor=False, help=say(BY_KEYS))
        show_run(choose_run(runs), allowed)
    if allowed:
        show_roll_back()
        show_add_run()
    show_ended_jobs(allowed)
    show_audit()
