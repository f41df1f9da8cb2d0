"""Jobs while they run: what they do, how far they are, a training's curves. The page reads, another process works."""

import json
from pathlib import Path

import streamlit as st

from recattn.errors import RecAttnError
from recattn.figures.curves import curves_finding, learning_curves
from recattn.jobs import run_folder
from recattn.jobs.kinds import KINDS
from recattn.jobs.registry import Registry, Run
from recattn.jobs.starting import cancel, resume
from recattn.language import phrase, say
from recattn.ui.guard import check_may_act, may_act
from recattn.ui.language import speak_as_before
from recattn.ui.notices import show_error
from recattn.ui.wording import duration, figure, plain, shortened

BUSY, RESUMABLE = run_folder.BUSY, run_folder.RESUMABLE
PHASES = {
    "read": phrase("Reading the files"),
    "write": phrase("Writing the dataset"),
    "encode": phrase("Reading the texts of all items"),
    "train": phrase("Learning from clicks"),
    "evaluate": phrase("Measuring on clicks kept aside"),
    "load": phrase("Loading the model"),
    "explain": phrase("Explaining recommendations in every way"),
    "planted truth": phrase("Comparing with the planted causes"),
    "look": phrase("Looking at the heads' maps"),
    "ablate": phrase("Ranking without each head"),
    "redundant": phrase("Removing heads together"),
    "twins": phrase("Ranking with each twin"),
    "lists": phrase("Making lists, more and more diverse"),
    "score": phrase("Making the lists of everybody"),
}


def busy_run() -> Run | None:
    """The training that is going on, if one is."""
    return next((run for run in Registry().runs() if run.state in BUSY), None)


def busy_jobs() -> list[Run]:
    """Whatever is going on or waits to, first come first."""
    return [job for job in reversed(Registry().jobs()) if job.state in BUSY]


def job_title(job: Run) -> str:
    """What a job does, in words: the kind of work, and on what."""
    return f"{say(KINDS[job.kind].title) if job.kind in KINDS else job.kind}: {job.dataset}"


def show_job(run: str, *, cancel: bool = True, details: bool = True) -> None:
    """Draw a job, afresh every second; with each new state the whole page.

    Args:
        run: its id.
        cancel: whether to offer that.
        details: whether to show its log, and the curves of a training.
    """
    st.fragment(_draw_job, run_every="1s")(run, Registry().run(run).state, cancel, details)


def _draw_job(run_id: str, state: str, cancel: bool, details: bool) -> None:
    speak_as_before()
    try:
        run = Registry().run(run_id)
        st.progress(_share(run), text=progress_text(run))
        if cancel:
            _show_cancel(run)
        if run.state != state or run.state not in BUSY:  # not before: a press that comes with it would be lost
            st.rerun()
        if details:
            show_curves(run.folder, f"live-{run.run}")
            show_log(run.folder)
    except RecAttnError as error:
        show_error(error)


def _share(run: Run) -> float:
    return min(1.0, run.done / run.total) if run.total else 0.0


def progress_text(run: Run) -> str:
    """One line: the phase in words, steps, figures, speed and time left."""
    if run.state == "queued":
        return say("Waiting to start")
    parts = [say(PHASES[run.phase]) if run.phase in PHASES else plain(run.phase) or say("Starting")]
    if run.total:
        parts.append(say("{done:,} of {total:,}", done=run.done, total=run.total))
    names = {"loss": say("loss"), "validation_auc": say("validation AUC"), "validation_ndcg": say("validation nDCG@10")}
    parts += [f"{name} {figure(run.figures[key])}" for key, name in names.items() if key in run.figures]
    if "items_per_second" in run.figures:
        parts.append(say("{items_per_second:,.0f} a second", items_per_second=run.figures["items_per_second"]))
    if run.eta_seconds is not None:
        parts.append(say("about {eta_seconds} left", eta_seconds=duration(run.eta_seconds)))
    return (say("Stopping: ") if run.state == "cancelling" else "") + "  ·  ".join(parts)


def _show_cancel(run: Run) -> None:
    if st.button(say("Cancel"), key=f"cancel-{run.run}", icon=":material/stop:", disabled=run.state == "cancelling"):
        check_may_act("cancel", run.run)
        cancel(run.run)
        st.rerun()


def show_resume(run: Run) -> None:
    """The button that goes on with a job that was cut off."""
    hint = run_folder.going_on(run.kind)
    if st.button(say("Resume"), key=f"resume-{run.run}", icon=":material/resume:", help=hint):
        check_may_act("resume", run.run)
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
        numbers = {name: value for name, value in row.items() if isinstance(value, int | float)}
        figures = run_folder.finite(numbers)  # a run may come from elsewhere, with anything in it
    except (ValueError, OverflowError, AttributeError, RecursionError):
        return None
    return figures if "step" in figures else None


def show_curves(folder: Path, place: str = "ended") -> None:
    """Loss and the validation figure over the steps so far.

    A training may end while a page is drawn, and then stand there twice: ``place`` tells the two apart.
    """
    rows = curves(folder)
    if rows:
        figure, finding = learning_curves(rows), curves_finding(rows)
        st.plotly_chart(figure, key=f"curves-{place}", alt=finding, config={"displayModeBar": False})


def show_log(folder: Path, lines: int = 40) -> None:
    """The end of the run's log, for administrators: it holds errors whole, which may name files and readers."""
    path = folder / "log.txt"
    if may_act() and path.is_file():
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 20_000))
            tail = log.read().decode("utf-8", "replace").splitlines()[-lines:]
        with st.expander(say("Log"), icon=":material/notes:"):
            st.code("\n".join(shortened(line, 300) for line in tail) or say("Nothing yet."), language=None)
