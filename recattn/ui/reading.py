"""What somebody read and what they get, as tables of titles for people."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from recattn.data.attributes import with_year
from recattn.data.store import Dataset
from recattn.language import grouped, say
from recattn.types import Impression, Recommendation, User
from recattn.ui.details import show_picture, texts
from recattn.ui.shell import Page
from recattn.ui.tables import choose_in_frame, fitting, show_frame
from recattn.ui.ways_on import show_ways_on
from recattn.ui.wording import counted, figure, moment, plain, shortened, signed

SHOWN = 200  # clicks of a history that are listed; the model reads fewer


def titles(dataset: Dataset, item_ids: Sequence[str]) -> list[str]:
    """Titles with years in the order of the ids; an item without one is called by what is known of it."""
    both = zip(texts(dataset, "title", item_ids), texts(dataset, "attributes", item_ids), strict=True)
    known = [with_year(title, text) for title, text in both]
    named = (say("untitled ({the_item})", the_item=shortened(item, 60)) for item in item_ids)
    return [title or name for title, name in zip(known, named, strict=True)]


def categories(dataset: Dataset, item_ids: Sequence[str]) -> list[str]:
    """Categories in the order of the ids, empty where unknown."""
    return texts(dataset, "category", item_ids)


def reading_times(impressions: Sequence[Impression]) -> dict[str, datetime]:
    """When items were clicked, as far as the impressions say."""
    times: dict[str, datetime] = {}
    for impression in impressions:
        if impression.time and impression.labels:
            clicked = (item for item, label in zip(impression.candidates, impression.labels, strict=True) if label)
            times.update((item, impression.time) for item in clicked if item not in times)
    return times


def history_heading(history: Sequence[str]) -> str:
    """What stands above the table of what was read, and how much of it the table leaves out; markdown."""
    if len(history) <= SHOWN:
        return say("**What they {read}**, newest first")
    return say("**What they {read}**, the newest {some} of {everything}", some=SHOWN, everything=grouped(len(history)))


def history_table(dataset: Dataset, history: Sequence[str], times: dict[str, datetime]) -> pd.DataFrame:
    """What was read, newest first; with times where most are known."""
    ids = list(reversed(history[-SHOWN:]))
    table = pd.DataFrame({"Title": titles(dataset, ids), "Category": categories(dataset, ids)})
    known = sum(item in times for item in ids)
    if known > len(ids) / 2:  # a column of blanks would only take the titles' place
        written = _written({item: times[item] for item in ids if item in times})
        table["Read"] = [written.get(item, "") for item in ids]
    return table


def _written(times: dict[str, datetime]) -> dict[str, str]:
    """The days of one history, with the year when it is long."""
    if max(times.values()) - min(times.values()) > timedelta(days=300):
        return {item: say("{time.day} {time:%b %Y}", time=time) for item, time in times.items()}
    return {item: say("{time.day} {time:%b}", time=time) for item, time in times.items()}


def reason(recommendation: Recommendation, dataset: Dataset) -> str:
    """What the click that adds most adds, and its title, in one line; empty when no exact sum exists."""
    if recommendation.reason is None or recommendation.reason_adds is None:
        return ""
    return f"{signed(recommendation.reason_adds)}  {titles(dataset, [recommendation.reason])[0]}"


def top_table(
    dataset: Dataset, recommendations: Sequence[Recommendation], clicked: dict[str, int] | None = None
) -> pd.DataFrame:
    """The top-N as a table: rank, title, category, score, and a line about why where there is one."""
    table = pd.DataFrame(
        {
            "Rank": [one.rank for one in recommendations],
            "Title": titles(dataset, [one.item_id for one in recommendations]),
            "Category": [one.category for one in recommendations],
            "Score": [one.score for one in recommendations],
        }
    )
    if any(one.reason for one in recommendations):
        table["What adds most"] = [reason(one, dataset) for one in recommendations]
        table["History adds"] = [one.history_adds for one in recommendations]
    if clicked is not None:
        table["Clicked"] = [say("✓ clicked") if clicked.get(one.item_id) else "" for one in recommendations]
    return table


def tastes(dataset: Dataset, history: Sequence[str], n: int = 2) -> str:
    """The categories somebody reads most, e.g. "travel and sports"."""
    counts = Counter(name for name in categories(dataset, history) if name)
    return say(" and ").join(name for name, _ in counts.most_common(n))


def about_user(dataset: Dataset, user: User, when: bool = True) -> str:
    """One line about a person: how much they read, what, and (with ``when``) when last."""
    if not user.history:
        return say("has not {read} anything yet")
    parts = [say("{n_items} {read}", n_items=counted(len(user.history), "article"))]
    if liked := tastes(dataset, user.history):
        parts.append(say("mostly {liked}", liked=liked))
    if user.last_time and when:
        parts.append(say("last on {last_time}", last_time=moment(user.last_time)))
    return ", ".join(parts)


def show_history(table: pd.DataFrame) -> None:
    """Draw what was read."""
    show_frame(
        table,
        tall=True,
        hide_index=True,
        column_config={
            "Title": st.column_config.TextColumn(width=148),
            "Category": st.column_config.TextColumn(width=fitting(table["Category"])),
            "Read": st.column_config.TextColumn(
                width=fitting(table.get("Read", ())), help=say("When it was clicked, where an impression says so")
            ),
        },
        alt=say("{Items} this person {read}, newest first"),
    )


def choose_row(table: pd.DataFrame) -> int:
    """Draw the top-N; returns the row somebody selected, the first one at first."""
    row = choose_in_frame(
        table,
        tall=True,
        key="top",
        first=0,
        column_config={
            "Rank": st.column_config.NumberColumn(
                "#", width=36, pinned=True, help=say("1 is the best of all candidates")
            ),
            "Title": st.column_config.TextColumn(width=170),
            "Category": st.column_config.TextColumn(width=fitting(table["Category"])),
            "Score": st.column_config.NumberColumn(
                format="%.2f", width=48, help=say("A logit: only differences between candidates mean something")
            ),
            "What adds most": st.column_config.TextColumn(
                width=132, help=say("The {item} {read} before that adds most to this score, and how much")
            ),
            "History adds": st.column_config.NumberColumn(
                say("History"),
                format="%+.2f",
                width=56,
                help=say("What all {items} {read} add together; the rest is there for everybody"),
            ),
            "Clicked": st.column_config.TextColumn(width=68, help=say("What this person really did")),
        },
        alt=say("Recommended {items}, best first"),
    )
    return row or 0


def show_links(page: Page, user: User, chosen: Recommendation | None, history: Sequence[str]) -> None:
    """What can be looked at next for the selected row, which came from ``history``."""
    if chosen is None:
        st.info(say("Nothing to recommend among these candidates. Widen the {category} or the candidates."))
        return
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        show_picture(page.dataset, chosen.item_id)
        st.markdown(why(page.dataset, chosen), width="stretch")
    if not user.history:
        st.caption(say("Nothing was {read} yet, so there is nothing the heads could look at."))
        return
    if tuple(history) != user.history:
        st.caption(say("The other pages look at everything {read} until today, so the score there is another."))
    show_ways_on(page, user.user_id, chosen.item_id)


def why(dataset: Dataset, chosen: Recommendation) -> str:
    """The selected row in a sentence: what the history adds to its score, and which click most of all; markdown."""
    text = f"**{plain(titles(dataset, [chosen.item_id])[0])}**"
    if chosen.reason is None or chosen.reason_adds is None or chosen.history_adds is None:
        return text
    best = plain(titles(dataset, [chosen.reason])[0])
    score, history = plain(figure(chosen.score)), plain(signed(chosen.history_adds))
    most = plain(signed(chosen.reason_adds))
    return say(
        "{text}: score {score}. What was {read} adds {history}, most of all **{best}**, {most}.",
        text=text,
        score=score,
        history=history,
        best=best,
        most=most,
    )
