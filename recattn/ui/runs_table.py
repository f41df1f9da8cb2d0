"""The trained models: state, accuracy, which one answers; switch, go back, rename, save, add, resume, delete."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from recattn.config import home
from recattn.errors import RecAttnError
from recattn.jobs.archive import add_run, export_run
from recattn.jobs.registry import TITLE_LENGTH, Registry, Run
from recattn.jobs.starting import delete, start
from recattn.language import phrase, say
from recattn.training.timing import read_estimate, read_took
from recattn.ui.guard import Asking, asking_now, check_may_act
from recattn.ui.job_progress import BUSY, RESUMABLE, show_curves, show_log, show_resume
from recattn.ui.language import speak_as_before
from recattn.ui.notices import show_error, without_home
from recattn.ui.results import METRICS, show_results
from recattn.ui.shell import run_label
from recattn.ui.tables import choose_in_frame
from recattn.ui.wording import STATES, ago, duration, plain, shortened

_PHASES = {
    "load": phrase("load"),
    "encode": phrase("encode"),
    "train": phrase("train"),
    "evaluate": phrase("evaluate"),
}


def runs_frame(runs: list[Run]) -> pd.DataFrame:
    """One line a run, newest first, for people."""
    rows = [
        {
            "Answers": say("✓ active") if run.active else "",
            "Model": run_label(run),
            "Dataset": run.dataset,
            "State": say(STATES[run.state]) if run.state in STATES else run.state,
            **{METRICS[name]: run.metrics.get(name) for name in _measured(runs)},
            "Made": ago(run.created),
        }
        for run in runs
    ]
    return pd.DataFrame(rows)


def _measured(runs: list[Run]) -> list[str]:
    """The metrics that some run has: AUC or, where only what was taken is known, hit rate."""
    return [name for name in METRICS if any(name in run.metrics for run in runs)]


def choose_run(runs: list[Run]) -> Run:
    """Draw the table; returns the selected run, the active or newest at first."""
    first = next((row for row, run in enumerate(runs) if run.active), 0)
    numbers = {
        label: st.column_config.NumberColumn(
            format="%.3f", help=say("{label} on the dev split, mean over impressions", label=label)
        )
        for label in METRICS.values()
    }
    row = choose_in_frame(
        runs_frame(runs),
        key=f"runs-{len(runs)}",
        first=first,
        column_config=numbers,
        alt=say("Trained models, newest first"),
    )
    return runs[first if row is None else row]


def show_run(run: Run, allowed: bool) -> None:
    """The selected run and what can be done with it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            say("**{run_label}** on {dataset}", run_label=plain(run_label(run)), dataset=plain(run.dataset)),
            width="stretch",
        )
        if allowed:
            _show_actions(run)
    if run.message and run.state != "finished":
        st.warning(plain(shortened(without_home(run.message), 500)), icon=":material/info:")
    if times := took_text(run.folder):
        st.caption(times)
    if run.state == "finished":
        show_results(run.folder)
    if run.state in BUSY:
        st.caption(say("Its curves and its log are above, while it runs."))
    else:
        show_curves(run.folder)
        show_log(run.folder)


def took_text(folder: Path) -> str:
    """How long a training took, phase by phase, beside what was estimated; empty where that was not noted."""
    took, estimated = read_took(folder), read_estimate(folder)
    if not took:
        return ""
    phases = ", ".join(f"{say(_PHASES[name])} {duration(took[name])}" for name in _PHASES if took.get(name, 0) >= 1)
    before = (
        say(
            " Estimated before: {total_seconds} without early stopping.",
            total_seconds=duration(estimated.total_seconds),
        )
        if estimated
        else ""
    )
    return say("Took {sum}: {phases}.{before}", sum=duration(sum(took.values())), phases=phases, before=before)


def _show_actions(run: Run) -> None:
    if run.state == "finished" and not run.active:
        st.button(
            say("Let this model answer"), key="activate", on_click=_activate, args=(run.run,), icon=":material/check:"
        )
    if run.state in RESUMABLE:
        show_resume(run)
    if run.state not in BUSY:
        with st.popover(say("More"), icon=":material/more_horiz:", type="tertiary"):
            _show_more(run)
        if st.button(say("Delete"), key="delete", type="tertiary", icon=":material/delete:"):
            _confirm_deletion(run)


def _show_more(run: Run) -> None:
    """Name, file, new evaluation."""
    title = st.text_input(
        say("Name"), run.title, max_chars=TITLE_LENGTH, key=f"title-{run.run}", placeholder=run_label(run)
    )
    if st.button(say("Rename"), key=f"rename-{run.run}", icon=":material/edit:"):
        _rename(run, str(title))
    if run.state != "finished":
        return
    asking = asking_now()  # the file is made when it is asked for, outside of any page
    st.download_button(
        say("Save as a file"),
        lambda: _zipped(run.run, asking),
        f"{run.run}.zip",
        "application/zip",
        key=f"export-{run.run}",
        on_click="ignore",
        icon=":material/download:",
        help=say("A zip with the model, its figures and its model card; it can be added elsewhere"),
    )
    if st.button(say("Evaluate again"), key=f"evaluate-{run.run}", icon=":material/speed:"):
        _evaluate(run)


def _rename(run: Run, title: str) -> None:
    with _acting():
        check_may_act("rename", run.run)
        Registry().rename(run.run, title)


def _evaluate(run: Run) -> None:
    with _acting():
        check_may_act("evaluate", run.run)
        start("evaluate", run.dataset, {}, subject=run.run)


@contextmanager
def _acting() -> Iterator[None]:
    """Draw the page afresh after an action, or say why it was not done."""
    try:
        yield
    except RecAttnError as error:
        show_error(error)
    else:
        st.rerun()


def _zipped(run: str, asking: Asking) -> bytes:
    check_may_act("export", run, asking=asking)
    with TemporaryDirectory(prefix=".export-", dir=home()) as folder:
        return export_run(run, Path(folder) / "run.zip").read_bytes()


def show_roll_back() -> None:
    """The button that lets the model answer again that did before, where there is one."""
    former = Registry().former()
    if former is None:
        return
    label = say("Go back to {run_label}", run_label=plain(run_label(former)))
    if st.button(
        label, key="roll-back", type="tertiary", icon=":material/undo:", help=say("It answered before this one")
    ):
        _roll_back(former)


def _roll_back(former: Run) -> None:
    with _acting():
        check_may_act("roll back", former.run)
        Registry().activate(former.run)


def show_add_run() -> None:
    """Taking in a run from a file that was saved here or elsewhere."""
    with st.expander(say("Add a model from a file"), icon=":material/upload_file:"):
        sent = st.file_uploader(say("A zip that was saved from here or exported in a shell"), "zip", key="add-run")
        if sent is not None and st.button(say("Add it"), key="add-run-really", type="primary", icon=":material/add:"):
            _add(sent)


def _add(sent: UploadedFile) -> None:
    try:
        check_may_act("add a run", sent.name)
        with TemporaryDirectory(prefix=".add-", dir=home()) as folder:
            file = Path(folder) / "run.zip"
            file.write_bytes(sent.getbuffer())
            added = add_run(file)
    except RecAttnError as error:
        show_error(error)
    else:
        st.success(
            say("{run_label} was added. It answers when you choose so.", run_label=plain(run_label(added))),
            icon=":material/check:",
        )


def _activate(run: str) -> None:
    try:
        check_may_act("activate", run)
        Registry().activate(run)
    except RecAttnError as error:
        show_error(error)


def _confirm_deletion(run: Run) -> None:
    st.dialog(say("Delete this model?"))(_draw_deletion)(run)


def _draw_deletion(run: Run) -> None:
    speak_as_before()
    st.markdown(
        say(
            "**{run_label}** on {dataset} and its files are removed for good.",
            run_label=plain(run_label(run)),
            dataset=plain(run.dataset),
        )
    )
    if run.active:
        st.markdown(say("It is the model that answers now; afterwards none does until you choose another."))
    if st.button(say("Delete for good"), key="delete-really", type="primary", icon=":material/delete:"):
        try:
            check_may_act("delete", run.run)
            delete(run.run, even_active=True)
        except RecAttnError as error:
            show_error(error)
        else:
            st.rerun()
