"""The explanation page's main figure: which method, its bars, and what they sum to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from recattn.errors import UnknownError
from recattn.explanation.methods import METHODS, Method
from recattn.figures.bars import Bars, bars_figure, bars_finding, left_out, strongest
from recattn.language import phrase, say
from recattn.ui.explained import Case
from recattn.ui.export import offer_csv
from recattn.ui.wording import counted, figure, plain, shortened

BY_WEIGHT, BY_TIME = phrase("weight"), phrase("time")
SHOWN = 14  # bars of articles; the rest is one more bar
FIRST_METHOD = "contribution"
NOTHING_READ = phrase("Nothing {read} (always there)")
POPULARITY = phrase("Popularity and age")
_SHARES = ("attention", "pooling", "rollout")
_FIGURE = "bars"


@dataclass(frozen=True)
class Chosen:
    """What the switches say."""

    name: str
    order: str
    all_articles: bool

    @property
    def method(self) -> Method:
        """The method that is shown."""
        return METHODS[self.name]


def choose_method(case: Case) -> Chosen:
    """Draw the switches above the figure."""
    names, name = case.methods, _method_of(case)
    key = f"method-{name}"
    st.selectbox(
        say("Method"),
        names,
        names.index(name),
        format_func=lambda one: say(METHODS[one].title),
        key=key,
        on_change=lambda: case.page.choose(method=st.session_state[key]),
        width=240,
        help=say("Different answers to the same question. The table below compares them all."),
    )
    order = st.segmented_control(
        say("Order by"),
        [BY_WEIGHT, BY_TIME],
        default=BY_WEIGHT,
        required=True,
        format_func=say,
        key="order",
        bind="query-params",
    )
    everything = len(case.prediction.items) > SHOWN and st.toggle(
        say("All {the_items} {items}", the_items=len(case.prediction.items)), key="all", bind="query-params"
    )
    return Chosen(name, order or BY_WEIGHT, bool(everything))


def _method_of(case: Case) -> str:
    """The method of the link, or the first that this model has."""
    wanted, names = case.page.choice.method, case.methods
    if not wanted:
        return FIRST_METHOD if FIRST_METHOD in names else names[0]
    if wanted not in names:
        raise UnknownError(
            f"The link asks for the method {shortened(wanted, 40)!r}.",
            f"For this model there are {', '.join(names)}.",
            "Choose one of these.",
        )
    return wanted


def method_bars(case: Case, name: str, order: str = BY_WEIGHT, most: int = SHOWN) -> Bars:
    """One method's view of the history as bars; with what is left of the score where the method is complete."""
    method, found = METHODS[name], case.weighed(name)
    shown = strongest(found.weights, most)
    if order == BY_TIME:
        shown = np.sort(shown)[::-1]
    hidden = len(found.weights) - len(shown)
    others: list[tuple[str, float]] = []
    if hidden and (method.complete or name in _SHARES):  # other weights have no meaning when they are added up
        others.append(
            (say("Rest of the history, {n_items}", n_items=counted(hidden, "article")), left_out(found.weights, shown))
        )
    if method.complete:
        others += _by_itself(case, name, found.rest)
    return Bars(
        case.titles,
        case.marks,
        found.weights,
        shown,
        tuple(others),
        method.signed,
        name in _SHARES,
        found.error,
        case.categories,
        case.place(case.page.choice.click),
    )


def _by_itself(case: Case, name: str, rest: float) -> list[tuple[str, float]]:
    """What comes from no click; popularity apart where the method tells it from the rest."""
    popularity = case.prediction.popularity if name == FIRST_METHOD else 0.0
    apart = [(say(POPULARITY), popularity)] if popularity else []
    return [*apart, (say(NOTHING_READ), rest - popularity)]


def show_bars(case: Case, chosen: Chosen) -> None:
    """The figure, what it says, and what its bars sum to."""
    bars = method_bars(case, chosen.name, chosen.order, len(case.titles) if chosen.all_articles else SHOWN)
    with st.container(horizontal=True, wrap=False, vertical_alignment="top"):
        st.caption(f"**{say(chosen.method.title)}.** {say(chosen.method.hint)}", width="stretch")
        offer_csv(bars_frame(case, chosen.name), chosen.name)
    st.plotly_chart(
        bars_figure(bars),
        key=_FIGURE,
        on_select=lambda: _remember_click(case),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=say(
            "{title}, one bar {item:a}. {bars_finding}", title=say(chosen.method.title), bars_finding=bars_finding(bars)
        ),
    )
    left = len(bars.weights) - len(bars.order)
    more = (
        say(" Not shown: {n_items} that weigh less.", n_items=counted(left, "article"))
        if left and not bars.others
        else ""
    )
    st.caption(
        plain(sum_text(case, chosen.name, bars))
        + say("{more} The small number counts back from the most recent {item}.", more=more)
    )


def bars_frame(case: Case, name: str) -> pd.DataFrame:
    """One method's weights as a table, newest article first."""
    frame = pd.DataFrame(
        {
            "Title": case.titles,
            "Category": case.categories,
            "Back": [int(mark) for mark in case.marks],
            METHODS[name].title: case.weighed(name).weights,
        }
    )
    return frame.iloc[::-1].reset_index(drop=True)


def sum_text(case: Case, name: str, bars: Bars) -> str:
    """What the bars sum to, beside the model's own score."""
    method = METHODS[name]
    if method.complete:
        text = say(
            "All bars together: {total:.3f}. The score: {total_2:.3f}.", total=bars.total, total_2=case.prediction.total
        )
        gap = abs(bars.total - case.prediction.total)
        return (
            text
            if gap < 0.0005
            else say("{text} The gap of {gap} is what the method misses.", text=text, gap=figure(gap))
        )
    if method.signed:
        return say("These bars do not sum to the score; each stands for itself.")
    return say("These bars have no sign: they don't say whether {item:a} speaks for the recommendation or against it.")


def _remember_click(case: Case) -> None:
    """Put the clicked bar into the link; what a browser sends is checked, whatever it is."""
    points = st.session_state[_FIGURE].selection.points
    hint = points[0].get("customdata") if points else None
    if isinstance(hint, list | tuple) and hint and isinstance(hint[0], int) and 0 <= hint[0] < len(case.titles):
        case.page.choose(click=len(case.titles) - hint[0])
