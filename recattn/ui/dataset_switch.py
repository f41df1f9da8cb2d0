"""The start page's way to other data: a switch between the datasets that are there, and the sample of films."""

import streamlit as st

from recattn.data.store import dataset_infos
from recattn.errors import RecAttnError
from recattn.jobs.registry import Registry
from recattn.jobs.starting import start
from recattn.language import say
from recattn.ui.guard import check_may_act, may_act
from recattn.ui.job_progress import BUSY, show_job
from recattn.ui.notices import show_error
from recattn.ui.shell import Page
from recattn.ui.wording import plain

FILMS = "films"


def switch_dataset(page: Page) -> None:
    """Draw which dataset is shown; where there are several, the choice of another, with a model of its own."""
    names = [info.name for info in dataset_infos()]
    if len(names) < 2 or page.dataset_name not in names:
        st.markdown(say("Dataset **{name}**", name=plain(page.dataset_name)))
        return
    key = f"world-{page.dataset_name}"
    st.selectbox(
        say("Dataset"),
        names,
        names.index(page.dataset_name),
        key=key,
        on_change=lambda: page.choose(
            dataset=st.session_state[key], run=model_of(st.session_state[key]), user=None, item=None
        ),
    )


def model_of(dataset: str) -> str | None:
    """The run to answer on a dataset: the active one where it was trained on that, else the newest finished."""
    runs = [run for run in Registry().runs() if run.dataset == dataset and run.state == "finished"]
    return next((run.run for run in sorted(runs, key=lambda run: not run.active)), None)


def offer_films() -> None:
    """For those who may: the button that loads the sample of films, or how far that is."""
    if not may_act() or any(info.name == FILMS for info in dataset_infos()):
        return
    jobs = [job for job in Registry().jobs() if (job.kind, job.dataset) == ("import", FILMS)]
    if jobs and jobs[0].state in BUSY:
        show_job(jobs[0].run, cancel=False, details=False)
    elif st.button(
        say("Load a sample of films"),
        key="load-films",
        icon=":material/movie:",
        help=say("A small world of made-up films, with viewers whose reasons to watch are known."),
    ):
        _load_films()


def _load_films() -> None:
    try:
        check_may_act("import", FILMS)
        start("import", FILMS, {"format": "film-sample"})
    except RecAttnError as error:
        show_error(error)
    else:
        st.rerun()
