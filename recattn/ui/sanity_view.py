"""The trust page's cross-checks: a model that learned nothing, twins that can't attend, causes that are known."""

import math

import streamlit as st

from recattn.errors import RecAttnError
from recattn.figures.differences import differences_figure
from recattn.figures.judged import judged_figure, judged_finding
from recattn.language import phrase, say
from recattn.trust.records import Faithfulness, Planted, Twins, read_twins
from recattn.trust.twins import twins_of
from recattn.types import Interval
from recattn.ui.compared import settings
from recattn.ui.guard import check_may_act, may_act
from recattn.ui.measurement import show_start
from recattn.ui.notices import show_error
from recattn.ui.shell import Page
from recattn.ui.trust_view import FLOORS, judged, ordered, title_of
from recattn.ui.wording import counted, plain

UNIFORM = "uniform"
_PLANTED = {
    "auc": phrase("AUC of the planted causes"),
    "recall@1": phrase("Planted cause ranked first"),
    "recall@3": phrase("Planted causes in the top 3"),
}


def show_sanity(page: Page, found: Faithfulness) -> None:
    """The checks beside each other, each with its finding first."""
    left, right = st.columns(2, gap="large")
    with left:
        show_twins(page)
        if found.planted is not None:
            show_randomisation(found)
    with right:
        if found.planted is None:
            show_randomisation(found)
        show_planted(found)


def show_randomisation(found: Faithfulness) -> None:
    """How much of each explanation is left when the model has learned nothing."""
    st.header(say("Does it change when the model has learned nothing?"), anchor=False)
    rows = {name: found.methods[name].get("randomisation") for name in ordered(found) if name not in FLOORS}
    values = {title_of(name): value for name, value in rows.items() if value and not math.isnan(value.value)}
    if not values:
        st.caption(say("Not measured for this run."))
        return
    st.markdown(plain(randomisation_finding(values)))
    st.caption(
        say(
            "Rank correlation of each explanation with that of the same model with every weight "
            "shuffled; 0 is right. Texts stay as they are, so what follows their likeness remains."
        )
    )


def randomisation_finding(values: dict[str, Interval]) -> str:
    """Explanations by how much of them is there without learning.

    >>> randomisation_finding({"LIME": Interval(0.7, 0.6, 0.8), "Attention": Interval(-0.02, -0.1, 0.1)})
    'From what changes most to what changes least: Attention (−0.02), LIME (0.70).'
    """
    named = [f"{name} ({_written(values[name])})" for name in sorted(values, key=lambda name: values[name].value)]
    return say("From what changes most to what changes least: {named}.", named=", ".join(named))


def _written(value: Interval) -> str:
    return f"{value.value:.2f}".replace("-", "−")


def show_twins(page: Page) -> None:
    """Whether accuracy needs attention to be where it is."""
    st.header(say("Does accuracy need these maps?"), anchor=False)
    run = page.model_run
    told, twins = read_twins(run.folder), {folder.name: how for folder, how in twins_of(run.folder).items()}
    known = {twin.run for twin in told.twins} if told else set()
    if told and told.twins and known >= set(twins):
        _show_differences(told)
    elif twins:
        st.markdown(
            say(
                "There {value} to compare with.",
                value=say("is a twin") if len(twins) == 1 else say("are {twins} twins", twins=len(twins)),
            )
        )
        show_start(run.run, "twins", say("Compare with the twin"))
    else:
        _offer_twin(page, told)


def _show_differences(told: Twins) -> None:
    st.markdown(plain(told.verdict))
    values = {
        say("learned less {attention}", attention=twin.attention): twin.difference["ndcg@10"] for twin in told.twins
    }
    st.plotly_chart(
        differences_figure(values, say("nDCG@10: right of 0, it is better")),
        key="twins",
        alt=told.verdict,
        config={"displayModeBar": False},
    )
    st.caption(
        say(
            "Paired over {n_impressions} of {n_readers}; both models were trained alike but for where they may look.",
            n_impressions=counted(told.impressions, "impression"),
            n_readers=counted(told.users, "reader"),
        )
    )


def _offer_twin(page: Page, told: Twins | None) -> None:
    """How to get a twin: a button, and the command."""
    own = settings(page.model_run)
    if own.get("attention", UNIFORM) != "learned":
        st.markdown(plain(told.verdict) if told else say("This run's own attention was never learned."))
        return
    st.markdown(
        say(
            "Nobody knows yet. Train a **twin**: the same data and settings, but attention spread evenly "
            "over all {items}. If it ranks as well, the maps explain nothing about accuracy."
        )
    )
    if st.button(
        say("Train the twin"),
        key="train-twin",
        icon=":material/model_training:",
        disabled=not may_act(),
        help=say("As long as the first training took; see Admin for how far it is. The active model stays."),
    ):
        _train_twin(page, own)
    st.caption(say("From a shell:"))
    st.code(twin_command(page.dataset_name, own), language=None, wrap_lines=True)


def twin_command(dataset: str, settings: dict[str, object]) -> str:
    """The command that trains a run's uniform twin."""
    from recattn.training.config import PRESETS

    usual = vars(PRESETS["default"])
    changed = {name: value for name, value in settings.items() if usual.get(name) != value} | {"attention": UNIFORM}
    sets = " ".join(
        f"--set {name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in changed.items()
    )
    return f"python -m recattn train --dataset {dataset} {sets}"


def _train_twin(page: Page, settings: dict[str, object]) -> None:
    from recattn.jobs.starting import start_training
    from recattn.training.config import configured

    try:
        check_may_act("train", page.dataset_name)
        config = configured("default", settings | {"attention": UNIFORM})
        start_training(page.dataset_name, config, f"{page.model_run.preset}, uniform twin"[:60], activate=False)
    except RecAttnError as error:
        show_error(error)
    else:
        st.success(say("The twin is being trained; Admin shows how far it is."), icon=":material/model_training:")


def show_planted(found: Faithfulness) -> None:
    """How often each method's heaviest articles are the planted causes."""
    st.header(say("Does it find the true causes?"), anchor=False)
    if found.planted is None:
        st.markdown(
            say("Only a made-up world knows why somebody clicked: the **sample**. Measure a model trained on it.")
        )
        return
    planted: Planted = found.planted
    first = next(iter(planted.methods.values()), {})
    rules = [name for name in first if name not in _PLANTED]
    metric = st.selectbox(
        say("Causes found, by"),
        [name for name in _PLANTED if name in first] + rules,
        format_func=lambda name: (
            say(_PLANTED[name]) if name in _PLANTED else say("AUC, cause: {cause}", cause=name.removeprefix("auc, "))
        ),
        key="planted",
        width=280,
        help=say("AUC: of a cause and another {item}, how often the cause weighs more; 0.5 is chance"),
    )
    title = say(_PLANTED[metric]) if metric in _PLANTED else str(metric)
    names = [name for name in ordered(found) if name in planted.methods]
    shown = judged(planted.methods, names, str(metric), title, True)
    st.markdown(plain(judged_finding(shown)))
    st.plotly_chart(
        judged_figure(shown), key="planted-figure", alt=judged_finding(shown), config={"displayModeBar": False}
    )
    st.caption(
        say(
            "On {n_clicks} of {n_readers} whose causes the sample planted. It is the world's truth: a "
            "model that learned something else may be explained well and still miss it.",
            n_clicks=counted(planted.clicks, "click"),
            n_readers=counted(planted.users, "reader"),
        )
    )
