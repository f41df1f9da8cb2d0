"""Make and run models."""

import streamlit as st

from recattn.jobs.registry import Registry
from recattn.ui.guard import show_guard
from recattn.ui.job_progress import busy_run, show_job
from recattn.ui.runs_table import choose_run, show_run
from recattn.ui.shell import open_page
from recattn.ui.training_form import choose_training

with open_page("admin") as page:
    allowed = show_guard()
    busy = busy_run()
    if busy:
        st.subheader("In training", anchor=False)
        show_job(busy.run)
    st.subheader("Train a model", anchor=False)
    choose_training(disabled=not allowed)
    runs = Registry().runs()
    if runs:
        st.subheader("Models", anchor=False)
        show_run(choose_run(runs), allowed)
