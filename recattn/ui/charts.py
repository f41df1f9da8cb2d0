"""The charts of the Data page, each with a sentence that says what to see in it."""

import pandas as pd
import streamlit as st

from recattn.figures import distributions as figures
from recattn.language import say
from recattn.ui import loads
from recattn.ui.export import offer_csv
from recattn.ui.wording import counted, percent, plain

_CATEGORIES = 12


def show_distributions(dataset_name: str) -> None:
    """Draw them two by two."""
    tables = loads.distributions(dataset_name)
    charts = [_history_length, _categories, _popularity, _clicks_per_day]
    left, right = st.columns(2, gap="large")
    for place, chart in enumerate(charts):
        with left if place % 2 == 0 else right:
            chart(tables)


def _history_length(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["history_length"]
    labels, users = table["label"].tolist(), table["users"].tolist()
    finding = say("Histories of {labels} {items} are the most common.", labels=labels[users.index(max(users))])
    figure = figures.columns(labels, users, say("{items} {read}"), say("{readers}"))
    _draw(say("How much {readers} have {read}"), finding, figure, table, "history-length")


def _categories(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["categories"]
    shown = table.sort_values("clicks", ascending=False, kind="stable").head(_CATEGORIES)
    names = [name or say("(none)") for name in shown["category"].tolist()]
    finding = say(
        "{n_categorys}; “{names}” is clicked most.", n_categorys=counted(len(table), "category"), names=names[0]
    )
    figure = figures.rows(names, shown["clicks"].tolist(), say("clicks"))
    _draw(say("What is clicked"), finding, figure, table, "categories")


def _popularity(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["popularity"]
    if table.empty:
        return
    first = table[table["rank"] <= 100].iloc[-1]
    finding = say(
        "The {rank} most clicked {items} get {share} of all clicks.",
        rank=int(first["rank"]),
        share=percent(float(first["share"])),
    )
    figure = figures.popularity(table["rank"].tolist(), table["share"].tolist())
    _draw(say("How unevenly clicks fall"), finding, figure, table, "popularity")


def _clicks_per_day(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["clicks_per_day"]
    if table.empty:
        return
    days = table.assign(day=table["day"].astype(str))
    finding = say(
        "{n_days}, from {min} to {max}.",
        n_days=counted(days["day"].nunique(), "day"),
        min=days["day"].min(),
        max=days["day"].max(),
    )
    by_split = {split: days[days["split"] == split] for split in days["split"].unique().tolist()}
    lines = [(split, part["day"].tolist(), part["clicks"].tolist()) for split, part in by_split.items()]
    _draw(say("When"), finding, figures.days(lines, say("clicks")), table, "clicks-per-day")


def _draw(title: str, finding: str, figure: figures.Figure, table: pd.DataFrame, name: str) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="top"):
        st.markdown(f"**{title}.** {plain(finding)}", width="stretch")
        offer_csv(table, name)
    st.plotly_chart(figure, key=name, config={"displayModeBar": False}, alt=f"{title}. {finding}")
