"""The start page: what is here, where to begin, and a guided demo on real readers."""

from pathlib import Path

import streamlit as st

from recattn.types import Interval
from recattn.ui import loads
from recattn.ui.first_start import offer_sample, show_training
from recattn.ui.guided_demo import Stop, show_demo, show_link
from recattn.ui.results import read_evaluations, results_of
from recattn.ui.shell import PAGES, Page, run_label
from recattn.ui.wording import ago, plain


def show_welcome(page: Page) -> None:
    """Everything on the page, for each state: nothing there, a first model on its way, ready."""
    if page.run is None:
        if not show_training():
            _offer_start(page)
        return
    dataset, model = st.columns([2, 3], gap="medium")
    with dataset.container(border=True, height="stretch"):
        _show_dataset(page)
    with model.container(border=True, height="stretch"):
        _show_model(page)
    user, item = loads.showcase(page.model_run.run, page.dataset_name)
    _show_steps(page, user, item)
    show_demo(page)


def _offer_start(page: Page) -> None:
    if not page.dataset_name:
        offer_sample()
        return
    with st.container(border=True):
        st.subheader("No model yet", anchor=False)
        st.write(f"The dataset {plain(page.dataset_name)} is there, and no finished model. Train one, or resume one.")
        st.page_link("pages/admin.py", label="Go to Admin", icon=":material/arrow_forward:")


def _show_dataset(page: Page) -> None:
    info = page.dataset.info
    st.markdown(f"Dataset **{plain(info.name)}**")
    articles, readers, impressions = st.columns(3)
    articles.metric("Articles", f"{info.items:,}")
    readers.metric("Readers", f"{info.users:,}")
    impressions.metric("Impressions", f"{info.impressions:,}", help="Lists of articles that were shown to a reader")
    st.page_link("pages/data.py", label="Look through it", icon=":material/database:")


def _show_model(page: Page) -> None:
    run = page.model_run
    st.markdown(f"Model **{plain(run_label(run))}**, trained {ago(run.created)}")
    found = _areas(run.folder)
    if found:
        (_, own), *rules = found.items()
        columns = st.columns(2)
        _show_area(columns[0], "AUC of the model", own)
        if rules:
            name, best = max(rules, key=lambda rule: rule[1].value)
            _show_area(columns[1], "AUC of the best simple rule", best, f"The simple rule: {name}. ")
    else:
        st.caption("Not evaluated: its dataset has no labelled dev split.")
    st.page_link("pages/admin.py", label="All models", icon=":material/settings:")


def _areas(folder: Path) -> dict[str, Interval]:
    """AUC of the model and of each baseline, where the run was evaluated."""
    results = results_of(read_evaluations(folder).get("all", {}))
    return {name: row["auc"] for name, row in results.items() if "auc" in row}


def _show_area(column: "st.delta_generator.DeltaGenerator", label: str, value: Interval, about: str = "") -> None:
    hint = f"{about}How often a clicked article ranks above an unclicked one it was shown with; 0.5 is chance."
    column.metric(
        label,
        f"{value.value:.3f}",
        delta=f"{value.low:.3f} to {value.high:.3f}",
        delta_color="off",
        delta_arrow="off",
        delta_description="95 % interval",
        help=hint,
    )


def _show_steps(page: Page, user: str, item: str) -> None:
    steps = (
        Stop(
            "recommendations", page.link(user=user), "See what a reader gets", "What they read, and the best for them."
        ),
        Stop("attention", page.link(user=user, item=item), "See what each head looks at", "All heads at once."),
        Stop("admin", page.link(), "Train your own", "Change a setting, watch it learn, compare."),
    )
    st.subheader("Three steps", anchor=False)
    for number, (column, step) in enumerate(zip(st.columns(3, gap="medium"), steps, strict=True), 1):
        with column:
            show_link(step, f"{number}. {step.title}", PAGES[step.page].icon)
            st.caption(step.text)
