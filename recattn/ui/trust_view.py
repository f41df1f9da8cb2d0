"""The trust page's table: every method by every metric, one metric as a figure, and for whom it holds."""

import math

import pandas as pd
import streamlit as st

from recattn.evaluation.faithfulness import METRICS
from recattn.explanation.methods import METHODS
from recattn.figures.judged import Judged, Role, judged_figure, judged_finding
from recattn.figures.text import figure
from recattn.language import say
from recattn.trust.records import Faithfulness, Table
from recattn.types import Interval
from recattn.ui.export import offer_csv
from recattn.ui.tables import show_frame
from recattn.ui.wording import counted, plain, shortened

FLOORS, CEILINGS = ("random", "cosine", "recency"), ("greedy",)
ITSELF = {  # the yardstick is one of the methods: that it agrees with itself says nothing
    "spearman_loo": "leave_one_out",
    "top3_loo": "leave_one_out",
    "spearman_shapley": "shapley",
    "top3_shapley": "shapley",
}
FIRST_METRIC = "deletion"  # also what methods are ordered by, whichever metric is shown
BEST, NEAR = "★", "≈"


def title_of(method: str) -> str:
    """A method's name for people."""
    return say(METHODS[method].title) if method in METHODS else method


def note_of(found: Faithfulness, metric: str) -> tuple[str, str]:
    """A metric's name and what it asks, for people; of one that is known no more, as its record has it."""
    known = METRICS.get(metric)
    if known is None:
        return found.metrics[metric].title, found.metrics[metric].hint
    return say(known.title), say(known.hint)


def role_of(method: str) -> Role:
    """Whether a method explains, or is there to compare with."""
    return "floor" if method in FLOORS else "ceiling" if method in CEILINGS else "method"


def ordered(found: Faithfulness) -> list[str]:
    """Methods, the best first; the same order for every metric, so that a switch keeps the eye's place."""
    return sorted(found.methods, key=lambda name: -_or_least(found.methods[name].get(FIRST_METRIC)))


def _or_least(value: Interval | None) -> float:
    return -math.inf if value is None or math.isnan(value.value) else value.value


def judged(table: Table, names: list[str], metric: str, title: str, higher: bool) -> Judged:
    """One metric of the methods named; without the method that is its own yardstick."""
    shown = [name for name in names if metric in table[name] and ITSELF.get(metric) != name]
    return Judged(
        {title_of(name): table[name][metric] for name in shown},
        {title_of(name): role_of(name) for name in shown},
        title,
        higher,
    )


def by_metric(found: Faithfulness, metric: str) -> Judged:
    """One metric of the table."""
    note = found.metrics[metric]
    return judged(found.methods, ordered(found), metric, note_of(found, metric)[0], note.higher_is_better)


def choose_metric(found: Faithfulness) -> str:
    """Draw the choice of what is judged; returns the metric's name."""
    names = list(found.metrics)
    first = FIRST_METRIC if FIRST_METRIC in names else names[0]
    chosen = st.selectbox(
        say("Judge explanations by"),
        names,
        names.index(first),
        format_func=lambda name: note_of(found, name)[0],
        key="metric",
        width=280,
        help=say("Different questions to the same explanations. The table below has them all."),
    )
    return str(chosen)


def show_metric(found: Faithfulness, metric: str) -> None:
    """The main figure: one metric of all methods, with floors and ceiling."""
    note, shown = found.metrics[metric], by_metric(found, metric)
    st.markdown(f"**{plain(judged_finding(shown))}**")
    st.plotly_chart(judged_figure(shown), key="judged", alt=judged_finding(shown), config={"displayModeBar": False})
    yardstick = (
        say(" {title_of} is the yardstick here and left out.", title_of=title_of(ITSELF[metric]))
        if metric in ITSELF
        else ""
    )
    st.caption(
        say(
            "{hint}{yardstick} Source: {source}.",
            hint=plain(note_of(found, metric)[1]),
            yardstick=yardstick,
            source=plain(shortened(note.source, 160)),
        )
    )


def show_scope(found: Faithfulness) -> None:
    """For whom these figures hold, and how to read the marks."""
    st.markdown(say("**For whom this holds**"))
    st.markdown(
        say(
            "{n_readers} of {dataset} with {least_clicks} {items} or more, drawn by chance (seed "
            "{seed}), each with their first recommendation by this model. Intervals: bootstrap over "
            "{readers}, 95 %. Another model, or other {readers}: measure again.",
            n_readers=counted(found.users, "reader"),
            dataset=plain(found.dataset),
            least_clicks=found.least_clicks,
            seed=found.seed,
        )
    )
    st.markdown(
        say("**How to read it**"),
        help=say(
            "Differences of scores are divided by their spread over all {items}, so that {readers} can be averaged."
        ),
    )
    st.markdown(
        say(
            "● an explanation.  ○ **floor**: never asks the model, so an explanation that does no better "
            "tells nothing about it.  ◇ **ceiling**: found by trying, as good as an order can get at "
            "taking the score down."
        )
    )


def table_frame(found: Faithfulness, intervals: bool) -> pd.DataFrame:
    """One line a metric with its direction, one column a method; the best explanation of each line is marked."""
    names = ordered(found)
    rows = []
    for metric, note in found.metrics.items():
        marks = _marks(by_metric(found, metric))
        cells = {
            title_of(name): _cell(found.methods[name].get(metric), marks.get(title_of(name), ""), intervals)
            for name in names
        }
        arrow = "↑" if note.higher_is_better else "↓"
        rows.append(
            {"Metric": f"{arrow} {note_of(found, metric)[0]}"} | cells | {"What it asks": note_of(found, metric)[1]}
        )
    return pd.DataFrame(rows)


def _marks(shown: Judged) -> dict[str, str]:
    """A star for the best explanation; a sign for those whose interval reaches its figure."""
    if shown.best is None:
        return {}
    best = shown.known[shown.best].value
    near = [
        name for name, value in shown.known.items() if shown.roles[name] == "method" and value.low <= best <= value.high
    ]
    return dict.fromkeys(near, NEAR) | {shown.best: BEST}


def _cell(value: Interval | None, mark: str, intervals: bool) -> str:
    if value is None or math.isnan(value.value):
        return "–"
    text = _number(value.value)
    if intervals:
        text += say(" ({number} to {number_2})", number=_number(value.low), number_2=_number(value.high))
    return f"{mark} {text}" if mark else text


def _number(value: float) -> str:
    """A figure short enough for a cell.

    >>> _number(0.00000043), _number(-0.03), _number(2.357)
    ('< 0.001', '−0.030', '2.36')
    """
    return "< 0.001" if 0 < abs(value) < 0.0005 else figure(value).replace("-", "−")


def show_table(found: Faithfulness) -> None:
    """Everything at once, and as a file."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(say("**Every method by every metric**"), width="stretch")
        intervals = st.toggle(
            say("Intervals"), key="intervals", bind="query-params", help=say("Write the 95 % interval of each")
        )
        offer_csv(csv_frame(found), "faithfulness")
    frame = table_frame(found, intervals)
    columns = {
        title_of(name): st.column_config.TextColumn(
            title_of(name) + {"method": "", "floor": " ○", "ceiling": " ◇"}[role_of(name)],
            width=max(165 if intervals else 0, 34 + 7 * len(title_of(name))),
            alignment="right",
            help=say(METHODS[name].hint) if name in METHODS else None,
        )
        for name in found.methods
    }
    show_frame(
        frame,
        hide_index=True,
        height=37 + 35 * len(frame),
        column_config=columns
        | {
            "Metric": st.column_config.TextColumn(
                width=225, pinned=True, help=say("↑ higher is better, ↓ lower is better")
            ),
            "What it asks": st.column_config.TextColumn(width=420),
        },
        alt=say("Metrics, one a line, and the figure of each explanation method"),
    )
    st.caption(
        say(
            "{best} the best explanation of the line, {near} its interval reaches the best: not told "
            "apart. ○ floor, ◇ ceiling. – not defined for this method.",
            best=BEST,
            near=NEAR,
        )
    )


def csv_frame(found: Faithfulness) -> pd.DataFrame:
    """One line a method and metric, whole numbers of the record."""
    return pd.DataFrame(
        [
            {
                "method": method,
                "metric": metric,
                "value": value.value,
                "low": value.low,
                "high": value.high,
                "higher_is_better": found.metrics[metric].higher_is_better,
                "role": role_of(method),
                "users": found.users,
            }
            for method, row in found.methods.items()
            for metric, value in row.items()
        ]
    )
