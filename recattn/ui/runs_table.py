"""The trained models: state, accuracy, which one answers; switch, resume, delete."""

import pandas as pd
import streamlit as st

from recattn.errors import RecAttnError
from recattn.jobs.registry import Registry, Run
from recattn.jobs.starting import delete
from recattn.ui.guard import check_may_act
from recattn.ui.job_progress import BUSY, RESUMABLE, show_curves, show_log, show_resume
from recattn.ui.notices import show_error
from recattn.ui.results import METRICS, show_results
from recattn.ui.shell import run_label
from recattn.ui.wording import STATES, ago, plain, shortened


def runs_frame(runs: list[Run]) -> pd.DataFrame:
    """One line a run, newest first, for people."""
    rows = [
        {
            "Answers": "✓ active" if run.active else "",
            "Model": run_label(run),
            "Dataset": run.dataset,
            "State": STATES.get(run.state, run.state),
            **{label: run.metrics.get(name) for name, label in METRICS.items()},
            "Made": ago(run.created),
        }
        for run in runs
    ]
    return pd.DataFrame(rows)


def choose_run(runs: list[Run]) -> Run:
    """Draw the table; returns the selected run, the active or newest at first."""
    first = next((row for row, run in enumerate(runs) if run.active), 0)
    numbers = {
        label: st.column_config.NumberColumn(format="%.3f", help=f"{label} on the dev split, mean over impressions")
        for label in METRICS.values()
    }
    state = st.dataframe(
        runs_frame(runs),
        hide_index=True,
        key=f"runs-{len(runs)}",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [first]}},
        column_config=numbers,
        alt="Trained models, newest first",
    )
    rows = state.selection.rows
    return runs[rows[0] if rows and rows[0] < len(runs) else first]


def show_run(run: Run, allowed: bool) -> None:
    """The selected run and what can be done with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(run_label(run))}** on {plain(run.dataset)}", width="stretch")
        if allowed:
            _show_actions(run)
    if run.message and run.state != "finished":
        st.warning(plain(shortened(run.message, 500)), icon=":material/info:")
    if run.state == "finished":
        show_results(run.folder)
    if run.state in BUSY:
        st.caption("Its curves and its log are above, while it runs.")
    else:
        show_curves(run.folder)
        show_log(run.folder)


def _show_actions(run: Run) -> None:
    if run.state == "finished" and not run.active:
        st.button("Let this model answer", key="activate", on_click=_activate, args=(run.run,), icon=":material/check:")
    if run.state in RESUMABLE:
        show_resume(run)
    if run.state not in BUSY and st.button("Delete", key="delete", type="tertiary", icon=":material/delete:"):
        _confirm_deletion(run)


def _activate(run: str) -> None:
    try:
        check_may_act("activate", run)
        Registry().activate(run)
    except RecAttnError as error:
        show_error(error)


@st.dialog("Delete this model?")
def _confirm_deletion(run: Run) -> None:
    st.markdown(f"**{plain(run_label(run))}** on {plain(run.dataset)} and its files are removed for good.")
    if run.active:
        st.markdown("It is the model that answers now; afterwards none does until you choose another.")
    if st.button("Delete for good", key="delete-really", type="primary", icon=":material/delete:"):
        try:
            check_may_act("delete", run.run)
            delete(run.run, even_active=True)
        except RecAttnError as error:
            show_error(error)
        else:
            st.rerun()
