"""The first start: the sample is loaded and a model trained on it by itself, once, however many tabs are open."""

import streamlit as st

from recattn.data.store import dataset_infos
from recattn.errors import RecAttnError
from recattn.jobs.alone import alone
from recattn.jobs.registry import Registry
from recattn.language import say
from recattn.ui.guard import check_may_act, how_to_act, may_act
from recattn.ui.job_progress import busy_run, show_job
from recattn.ui.notices import show_error

SAMPLE, QUICK = "sample", "quick"
_FIRST = "first-start"  # what only one visitor at a time may begin, also where several servers share a home


def sample_waits() -> bool:
    """Whether the sample is there and nothing was ever trained, as right after ``make run``."""
    return any(info.name == SAMPLE for info in dataset_infos()) and not Registry().runs()


def train_sample_once() -> None:
    """Start the sample's training unless there is a run already; safe when two tabs or two servers come at once."""
    with alone(_FIRST):
        if sample_waits():
            from recattn.jobs.starting import start_training
            from recattn.training.config import configured

            start_training(SAMPLE, configured(QUICK), QUICK)


def show_training() -> bool:
    """Draw the first model's progress where one is on its way; returns whether that is so."""
    if sample_waits():
        train_sample_once()
    run = busy_run()
    if run is None:
        return False
    with st.container(border=True):
        st.header(say("The first model is being trained"), anchor=False)
        st.write(
            say("A quick one on the sample takes about a minute. The page goes on by itself; Admin trains better ones.")
        )
        show_job(run.run, cancel=False, details=False)
    return True


def offer_sample() -> None:
    """For an empty home: one button that loads the sample and trains on it."""
    with st.container(border=True):
        st.header(say("Nothing here yet"), anchor=False)
        st.write(
            say(
                "Start with the sample: a small world of made-up news, with readers whose reasons to click "
                "are known. It is loaded in seconds, and a first model is trained on it in about a minute."
            )
        )
        if st.button(
            say("Load the sample and train"),
            key="load-sample",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not may_act(),
        ):
            _load_and_train()
        if not may_act():
            st.caption(how_to_act())
        st.caption(say("Own data instead: `python -m recattn import mind --name NAME --train PATH`"))


def _load_and_train() -> None:
    from recattn.data.importing import import_mind
    from recattn.data.sample import sample_folder

    try:
        check_may_act("import", SAMPLE)
        with st.spinner(say("Loading the sample")), alone(_FIRST):
            if all(info.name != SAMPLE for info in dataset_infos()):
                folder = sample_folder()
                import_mind(SAMPLE, folder / "train", folder / "dev")
    except RecAttnError as error:
        show_error(error)
    else:
        st.rerun()
