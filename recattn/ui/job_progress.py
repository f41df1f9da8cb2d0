"""A training while it runs: what it does, how far it is, its curves. The page reads, another process works."""

import json
from pathlib import Path

import streamlit as st

from recattn.errors import RecAttnError
from recattn.figures.curves import curves_finding, learning_curves
from recattn.jobs import run_folder
from recattn.jobs.registry import Registry, Run
from recattn.jobs.training_job import cancel, resume
from recattn.ui.guard import check_may_act
from recattn.ui.notices import show_error
from recattn.ui.wording import duration, figure, plain, shortened

BUSY, RESUMABLE = run_folder.BUSY, run_folder.RESUMABLE
PHASES = {
    "encode": "Reading the texts of all items",
    "train": "Learning from clicks",
    "evaluate": "Measuring on clicks kept aside",
}


def busy_run() -> Run | None:
    """The training that is going on, if one is."""
    return next((run for run in Registry().runs() if run.state in BUSY), None)


def show_job(run: str, *, full: bool = True) -> None:
    """Draw a training, afresh every second until it ends; then the whole page."""
    st.fragment(_draw_job, run_every="1s")(run, full)


def _draw_job(run_id: str, full: bool) -> None:
    try:
        run = Registry().run(run_id)
        if run.state not in BUSY:
            st.rerun()
        st.progress(_share(run), text=progress_text(run))
        if full:
            _show_cancel(run)
            show_curves(run.folder, "live")
            show_log(run.folder)
    except RecAttnError as error:
        show_error(error)


def _share(run: Run) -> float:
    return min(1.0, run.done / run.total) if run.total else 0.0


def progress_text(run: Run) -> str:
    """One line: the phase in words, steps, figures, speed and time left."""
    if run.state == "queued":
        return "Waiting to start"
    parts = [PHASES.get(run.phase, plain(run.phase) or "Starting")]
    if run.total:
        parts.append(f"{run.done:,} of {run.total:,}")
    names = {"loss": "loss", "validation_auc": "validation AUC", "items_per_second": "a second"}
    parts += [f"{name} {figure(run.figures[key])}" for key, name in list(names.items())[:2] if key in run.figures]
    if "items_per_second" in run.figures:
        parts.append(f"{run.figures['items_per_second']:,.0f} a second")
    if run.eta_seconds is not None:
        parts.append(f"about {duration(run.eta_seconds)} left")
    return ("Stopping: " if run.state == "cancelling" else "") + "  ·  ".join(parts)


def _show_cancel(run: Run) -> None:
    if st.button("Cancel", key="cancel", icon=":material/stop:", disabled=run.state == "cancelling"):
        check_may_act()
        cancel(run.run)
        st.rerun()


def show_resume(run: Run) -> None:
    """The button that goes on with a training that was cut off."""
    if st.button("Resume", key=f"resume-{run.run}", icon=":material/resume:", help="Go on from its last checkpoint"):
        check_may_act()
        resume(run.run)
        st.rerun()


def curves(folder: Path) -> list[dict[str, float]]:
    """The logged steps of a run; a half-written last line is left for the next look."""
    path = folder / "metrics.jsonl"
    rows = [_row(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
    return [row for row in rows if row]


def _row(line: str) -> dict[str, float] | None:
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return None
    return row if isinstance(row, dict) and "step" in row else None


def show_curves(folder: Path, place: str = "ended") -> None:
    """Loss and validation AUC over the steps so far.

    A training may end while a page is drawn, and then stand there twice: ``place`` tells the two apart.
    """
    rows = curves(folder)
    if rows:
        figure, finding = learning_curves(rows), curves_finding(rows)
        st.plotly_chart(figure, key=f"curves-{place}", alt=finding, config={"displayModeBar": False})


def show_log(folder: Path, lines: int = 40) -> None:
    """The end of the run's log."""
    path = folder / "log.txt"
    if path.is_file():
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 20_000))
            tail = log.read().decode("utf-8", "replace").splitlines()[-lines:]
        with st.expander("Log", icon=":material/notes:"):
            st.code("\n".join(shortened(line, 300) for line in tail) or "Nothing yet.", language=None)
