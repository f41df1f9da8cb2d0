"""What the lists of two models are like beyond accuracy, and what more diverse lists would cost."""

from typing import Any

import pandas as pd
import streamlit as st

from recattn.evaluation.lists import LIST_METRICS
from recattn.figures.differences import costs_figure, costs_finding
from recattn.jobs.registry import Run
from recattn.language import phrase, say
from recattn.trust.lists import ListsRecord, read_lists
from recattn.ui.compared import Pair
from recattn.ui.export import offer_csv
from recattn.ui.measurement import show_start
from recattn.ui.tables import show_frame
from recattn.ui.wording import counted, interval, percent, plain

_WHOLE = {
    "coverage": (
        phrase("Coverage"),
        phrase("The share of all {items} that anybody gets among the first ten"),
        phrase("more"),
    ),
    "concentration": (
        phrase("Concentration"),
        phrase("How unevenly recommendations are spread over {items} (Gini): 0 evenly, 1 all the same"),
        phrase("less"),
    ),
}
_BETTER = {True: phrase("more"), False: phrase("less"), None: phrase("neither")}


def show_lists(pair: Pair) -> None:
    """A table of both models' lists and the price of diversity; the button where one was not measured."""
    st.header(say("Beyond accuracy"), anchor=False)
    found = [read_lists(run.folder) for run in (pair.first, pair.second)]
    missing = [
        (name, run) for name, run, one in zip("AB", (pair.first, pair.second), found, strict=True) if one is None
    ]
    if missing:
        st.write(say("What whole lists are like: how novel, how diverse, how much of what is popular already."))
        for name, run in missing:
            _offer(name, run)
        return
    first, second = found
    if first is None or second is None or not (first.settings and second.settings):
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        frame = lists_frame(first, second)
        show_frame(frame, hide_index=True, column_config=_columns(), alt=say("What the lists of both models are like"))
        st.caption(
            say(
                "The first {length} for {n_readers} drawn by chance, the same for both.",
                length=first.length,
                n_readers=counted(first.users, "reader"),
            )
        )
        offer_csv(frame, "lists")
    with right:
        _show_price(first, second)


def _offer(name: str, run: Run) -> None:
    show_start(run.run, "lists", say("Measure the lists of {name}", name=name))


def _show_price(first: ListsRecord, second: ListsRecord) -> None:
    costs = {
        name: {one.diversity: one.cost for one in found.settings if one.cost is not None and one.diversity}
        for name, found in (("A", first), ("B", second))
    }
    if not any(costs.values()):
        return
    finding = costs_finding(costs)
    st.markdown(f"**{plain(finding)}**")
    st.plotly_chart(costs_figure(costs), key="price", alt=finding, config={"displayModeBar": False})
    st.caption(
        say(
            "nDCG@10 lost when being unlike the {items} above counts as well (MMR), by its weight. What "
            "was shown was chosen for accuracy, so this is the price on paper; {readers} may like the "
            "change."
        )
    )


def lists_frame(first: ListsRecord, second: ListsRecord) -> pd.DataFrame:
    """One line a metric, as both models' lists come without re-ranking."""
    one, other = first.settings[0], second.settings[0]
    rows = [
        {
            "Of the lists": say(metric.title),
            "A": interval(one.metrics[name]),
            "B": interval(other.metrics[name]),
            "Better is": say(_BETTER[metric.higher_is_better]),
            "What it is": say(metric.hint),
        }
        for name, metric in LIST_METRICS.items()
        if name in one.metrics and name in other.metrics
    ]
    rows += [
        {
            "Of the lists": say(title),
            "A": percent(getattr(one, name)) if name == "coverage" else f"{getattr(one, name):.2f}",
            "B": percent(getattr(other, name)) if name == "coverage" else f"{getattr(other, name):.2f}",
            "Better is": say(better),
            "What it is": say(hint),
        }
        for name, (title, hint, better) in _WHOLE.items()
    ]
    return pd.DataFrame(rows)


def _columns() -> dict[str, Any]:
    right = {name: st.column_config.TextColumn(width=170, alignment="right") for name in ("A", "B")}
    return {
        "Of the lists": st.column_config.TextColumn(width=110),
        "Better is": st.column_config.TextColumn(width=70),
        "What it is": st.column_config.TextColumn(width=330),
    } | right
