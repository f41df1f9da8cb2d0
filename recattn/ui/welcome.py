"""The start page: what is here, where to begin, and a guided demo on real readers."""

from pathlib import Path

import streamlit as st

from recattn.language import grouped, say
from recattn.types import Interval
from recattn.ui import loads
from recattn.ui.dataset_switch import offer_films, switch_dataset
from recattn.ui.first_start import offer_sample, show_training
from recattn.ui.guided_demo import Stop, show_demo, show_link
from recattn.ui.language import kept_language
from recattn.ui.results import HINTS, METRICS, MODEL, read_evaluations, results_of
from recattn.ui.shell import PAGES, Page, run_label
from recattn.ui.wording import ago, plain


def show_welcome(page: Page) -> None:
    """Everything on the page, for each state: nothing there, a first model on its way, ready."""
    if page.run is None or page.run.dataset != page.dataset_name:
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
        st.header(say("No model yet"), anchor=False)
        switch_dataset(page)
        st.write(
            say(
                "The dataset {dataset_name} is there, and no finished model. Train one, or resume one.",
                dataset_name=plain(page.dataset_name),
            )
        )
        st.page_link(
            "pages/admin.py", label=say("Go to Admin"), icon=":material/arrow_forward:", query_params=kept_language()
        )


def _show_dataset(page: Page) -> None:
    info = page.dataset.info
    switch_dataset(page)
    articles, readers, impressions = st.columns(3)
    articles.metric(say("{Items}"), grouped(info.items))
    readers.metric(say("{Readers}"), grouped(info.users))
    impressions.metric(
        say("Impressions"), grouped(info.impressions), help=say("Lists of {items} that were shown to {reader:a}")
    )
    st.page_link(
        "pages/data.py",
        label=say("Look through it"),
        icon=":material/database:",
        query_params=page.link(user=None, item=None),
    )
    offer_films()


def _show_model(page: Page) -> None:
    run = page.model_run
    st.markdown(
        say("Model **{run_label}**, trained {created}", run_label=plain(run_label(run)), created=ago(run.created))
    )
    metric, found = _headline(run.folder)
    if found:
        (_, own), *rules = found.items()
        columns = st.columns(2)
        _show_figure(columns[0], say("{metrics} of the model", metrics=METRICS[metric]), own, say(HINTS[metric]))
        if rules:
            name, best = max(rules, key=lambda rule: rule[1].value)
            hint = say("The simple rule: {name}. {hints}", name=name, hints=say(HINTS[metric]))
            _show_figure(columns[1], say("{metrics} of the best simple rule", metrics=METRICS[metric]), best, hint)
    else:
        st.caption(say("Not evaluated: its dataset has no labelled dev split."))
    st.page_link("pages/admin.py", label=say("All models"), icon=":material/settings:", query_params=kept_language())


def _headline(folder: Path) -> tuple[str, dict[str, Interval]]:
    """The first metric of the model and of each baseline, where the run was evaluated."""
    results = results_of(read_evaluations(folder).get("all", {}))
    metric = next((name for name in METRICS if name in results.get(MODEL, {})), "")
    return metric, {name: row[metric] for name, row in results.items() if metric in row}


def _show_figure(column: "st.delta_generator.DeltaGenerator", label: str, value: Interval, hint: str) -> None:
    column.metric(
        label,
        f"{value.value:.3f}",
        delta=say("{low:.3f} to {high:.3f}", low=value.low, high=value.high),
        delta_color="off",
        delta_arrow="off",
        delta_description=say("95 % interval"),
        help=f"{hint}.",
    )


def _show_steps(page: Page, user: str, item: str) -> None:
    steps = (
        Stop(
            "recommendations",
            page.link(user=user),
            say("See what {reader:a} gets"),
            say("What they {read}, and the best for them."),
        ),
        Stop(
            "attention", page.link(user=user, item=item), say("See what each head looks at"), say("All heads at once.")
        ),
        Stop("admin", page.link(), say("Train your own"), say("Change a setting, watch it learn, compare.")),
    )
    st.header(say("Three steps"), anchor=False)
    for number, (column, step) in enumerate(zip(st.columns(3, gap="medium"), steps, strict=True), 1):
        with column:
            show_link(step, f"{number}. {step.title}", PAGES[step.page].icon)
            st.caption(step.text)
