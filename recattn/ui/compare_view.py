"""The compare page's parts: metrics, learning curves, settings, and what both do for the same reader."""

import math
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from recattn.figures.curves import judged_by
from recattn.figures.differences import both_curves, differences_figure, differences_finding
from recattn.jobs.registry import Run
from recattn.language import say
from recattn.types import Recommendation, User
from recattn.ui import loads
from recattn.ui.compared import Differences, Pair, comparable_parts, differences, settings
from recattn.ui.export import offer_csv
from recattn.ui.head_grid import Tile, show_heads
from recattn.ui.job_progress import curves
from recattn.ui.notices import show_next_step
from recattn.ui.reading import top_table
from recattn.ui.results import HINTS, METRICS, choose_part
from recattn.ui.shell import Page
from recattn.ui.subject import Subject, history_subject, unit_order
from recattn.ui.tables import fitting, heading, show_frame
from recattn.ui.views import head_hint, limit_of
from recattn.ui.wording import counted, interval, percent, plain, shortened, signed

TOP = 10


def show_nothing_to_compare(page: Page) -> None:
    """The empty state: one model only."""
    show_next_step(
        say("Only one model so far"),
        say(
            "Two finished models on {dataset_name} can be compared. Train another, with other settings "
            "or another seed.",
            dataset_name=plain(page.dataset_name),
        ),
        "pages/admin.py",
        say("Go to Admin"),
    )


def show_metrics(pair: Pair) -> Differences | None:
    """By how much the metrics differ on the chosen part, and whether that is beyond noise; None where nothing can."""
    measured = comparable_parts(pair)
    if not measured:
        st.info(say("The dataset has no labelled dev split, so accuracy can't be compared."))
        return None
    found = differences(pair, choose_part(measured))
    values = {METRICS.get(name, name): value for name, value in found.difference.items()}
    finding = differences_finding(values, "A", "B")
    st.markdown(f"**{plain(finding)}**")
    st.plotly_chart(
        differences_figure(values, say("A less B: right of 0, A is better")),
        key="differences",
        alt=finding,
        config={"displayModeBar": False},
    )
    st.caption(
        say(
            "Both models ranked the same {n_impressions} of {n_readers}, which no training saw. Filled "
            "dots are beyond noise: their interval (bootstrap over {readers}) leaves 0 out.",
            n_impressions=counted(found.impressions, "impression"),
            n_readers=counted(found.users, "reader"),
        )
    )
    return found


def show_metrics_table(found: Differences) -> None:
    """The same numbers as a table, and as a file."""
    with st.expander(say("The same numbers as a table"), icon=":material/table:"):
        frame = metrics_frame(found)
        show_frame(
            frame,
            hide_index=True,
            column_config=_metric_columns(),
            alt=say("Metrics of both models and their differences"),
        )
        offer_csv(frame, "compared")


def metrics_frame(found: Differences) -> pd.DataFrame:
    """One line a metric."""
    return pd.DataFrame(
        [
            {
                "Metric": METRICS.get(name, name),
                "A": interval(found.first[name]),
                "B": interval(found.second[name]),
                "A less B": say(
                    "{value} ({low} to {high})",
                    value=signed(value.value),
                    low=signed(value.low),
                    high=signed(value.high),
                ),
                "Beyond noise": say("yes") if value.low > 0 or value.high < 0 else say("no"),
                "What it is": say(HINTS[name]) if name in HINTS else "",
            }
            for name, value in found.difference.items()
        ]
    )


def _metric_columns() -> dict[str, Any]:
    right = {name: st.column_config.TextColumn(width=165, alignment="right") for name in ("A", "B", "A less B")}
    return {
        "Metric": st.column_config.TextColumn(width=75),
        "Beyond noise": st.column_config.TextColumn(
            width=95, help=say("Whether the difference's 95 % interval leaves 0 out")
        ),
        "What it is": st.column_config.TextColumn(width=330),
    } | right


def show_changes(pair: Pair) -> None:
    """Settings that differ, and nothing else."""
    st.markdown(say("**What was set differently**"))
    frame = changes_frame(settings(pair.first), settings(pair.second))
    if frame.empty:
        st.markdown(say("Nothing: both were trained with the same settings."))
        return
    told = frame.rename(columns=heading).map(plain)
    st.table(told, border="horizontal", hide_index=True, alt=say("Settings that differ, one a line"))


def changes_frame(first: dict[str, object], second: dict[str, object]) -> pd.DataFrame:
    """One line a setting that differs, with its meaning.

    >>> changes_frame({"heads": 12, "seed": 0}, {"heads": 12, "seed": 1})[["Setting", "A", "B"]].values.tolist()
    [['seed', '0', '1']]
    """
    from recattn.training.config import TrainingConfig

    told = {name: field.metadata["help"] for name, field in TrainingConfig.__dataclass_fields__.items()}
    names = [name for name in dict.fromkeys([*first, *second]) if first.get(name) != second.get(name)]
    return pd.DataFrame(
        [
            {
                "Setting": shortened(name, 60),
                "A": _written(first, name),
                "B": _written(second, name),
                "What it means": say(told[name]) if name in told else "",
            }
            for name in names
        ]
    )


def _written(values: dict[str, object], name: str) -> str:
    return shortened(str(values[name]), 60) if name in values else say("(not known)")


def show_both_curves(pair: Pair) -> None:
    """How both learned, in one figure."""
    first, second = curves(pair.first.folder), curves(pair.second.folder)
    st.markdown(say("**How they learned**"))
    if not first and not second:
        st.caption(say("Neither run kept its steps."))
        return
    key, name = judged_by([*first, *second])
    best = [max((row[key] for row in rows if key in row), default=math.nan) for rows in (first, second)]
    finding = say("Best validation {name}: A {best:.3f}, B {best_2:.3f}.", name=name, best=best[0], best_2=best[1])
    st.plotly_chart(
        both_curves(first, second, pair.names), key="both-curves", alt=finding, config={"displayModeBar": False}
    )
    st.caption(
        say("A solid, B dashed. ")
        + plain(finding)
        + say(" Validation is the latest part of the training data, kept aside while learning.")
    )


def show_tops(page: Page, pair: Pair, user: User) -> None:
    """What both recommend to the same reader, and how much of it is the same."""
    tops = [loads.recommendations(run.run, pair.dataset, user.history, TOP) for run in (pair.first, pair.second)]
    st.markdown(f"**{plain(overlap_finding(*tops))}**")
    for column, name, own, other in zip(st.columns(2, gap="medium"), pair.names, tops, tops[::-1], strict=True):
        with column:
            st.caption(plain(name))
            _show_top(page, name[0], own, other)


def overlap_finding(first: list[Recommendation], second: list[Recommendation]) -> str:
    """How many items two lists share, and whether they agree on the first."""
    both = {one.item_id for one in first} & {one.item_id for one in second}
    same = (
        say("with the same one first")
        if first and second and first[0].item_id == second[0].item_id
        else say("with another one first")
    )
    return say(
        "{both} of the best {first} are recommended by both, {same}.",
        both=len(both),
        first=max(len(first), len(second)),
        same=same,
    )


def _show_top(page: Page, name: str, own: list[Recommendation], other: list[Recommendation]) -> None:
    ranks = {one.item_id: one.rank for one in other}
    frame = top_table(page.dataset, own)[["Rank", "Title", "Category", "Score"]]
    there = "B" if name == "A" else "A"
    frame.insert(
        1, say("In {there}", there=there), [f"#{ranks[one.item_id]}" if one.item_id in ranks else "–" for one in own]
    )
    show_frame(
        frame,
        tall=True,
        hide_index=True,
        key=f"top-{name}",
        column_config={
            "Rank": st.column_config.NumberColumn("#", width=36),
            "Title": st.column_config.TextColumn(width=170),
            "Category": st.column_config.TextColumn(width=fitting(frame["Category"])),
            "Score": st.column_config.NumberColumn(
                format="%.2f", width=48, help=say("A logit of this model: not to be compared with the other model's")
            ),
            f"In {there}": st.column_config.TextColumn(
                width=60, help=say("Its rank by the other model, of the first ten")
            ),
        },
        alt=say("Best {items} by model {name}", name=name),
    )


def show_maps(page: Page, pair: Pair, user: User, item: str) -> None:
    """All heads of both models for the same article, each model on one colour scale."""
    subjects = [
        history_subject(page.dataset, loads.prediction(run.run, pair.dataset, user.user_id, item))
        for run in (pair.first, pair.second)
    ]
    limit = max(limit_of(subject.attention) for subject in subjects)
    for column, name, run, subject in zip(
        st.columns(2, gap="medium"), pair.names, (pair.first, pair.second), subjects, strict=True
    ):
        with column:
            st.caption(plain(name))
            _show_heads(page, name[0], subject, limit)
            st.page_link(
                "pages/attention.py",
                label=say("Look closer at {name}", name=name[0]),
                icon=":material/grid_view:",
                query_params=_closer(page, run, user, item, subject),
            )
    st.caption(
        say(
            "One colour scale for both, up to {limit}. A small square is a head: rows look at columns, "
            "newest first. Head 1 of A and head 1 of B have nothing to do with each other: heads find "
            "their parts by chance.",
            limit=percent(limit),
        )
    )


def _closer(page: Page, run: Run, user: User, item: str, subject: Subject) -> dict[str, str]:
    """A link to the large view of the chosen head, where this model has it."""
    link = page.link(run=run.run, user=user.user_id, item=item, against=None, cell=None)
    there = (page.choice.head or 1) <= subject.heads and (page.choice.layer or 1) <= subject.layers
    return link if there else {name: value for name, value in link.items() if name not in ("layer", "head")}


def _show_heads(page: Page, name: str, subject: Subject, limit: float) -> None:
    order = unit_order(subject, subject.orders[0], 0, 0)
    chosen = (page.choice.layer or 1), page.choice.head or 0
    tiles = [
        Tile(
            layer + 1,
            head + 1,
            f"{head + 1}" if subject.layers == 1 else f"{layer + 1}·{head + 1}",
            head_hint(subject, layer, head),
            subject.attention[layer, head][np.ix_(order, order)],
            limit,
            (layer + 1, head + 1) == chosen,
        )
        for head in range(subject.heads)
        for layer in range(subject.layers)
    ]
    columns = subject.layers if subject.layers > 1 else 6
    show_heads(
        tiles,
        columns,
        False,
        say("All heads of model {name}", name=name),
        lambda layer, head: page.choose(layer=layer, head=head),
        key=f"heads-{name}",
    )
