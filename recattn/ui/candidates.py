"""Out of what a recommendation is made: everything, the newest items, or what was really shown at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from recattn.data.store import Dataset
from recattn.language import phrase, say
from recattn.types import Impression, User
from recattn.ui.shell import Page
from recattn.ui.wording import counted, moment

NEWEST = 200
EVERYTHING, RECENT, SHOWN = phrase("everything"), phrase("the newest"), phrase("what was shown")
ALL = phrase("all {categories}")
SIZES = (5, 10, 20, 50)


@dataclass(frozen=True)
class Question:
    """What is asked of the model: for which history, out of which candidates, how many, of which category."""

    history: tuple[str, ...]
    n: int
    category: str | None
    candidates: tuple[str, ...] | None
    clicked: dict[str, int] | None
    note: str
    moment: datetime | None = None  # as at which; now where it is None


def newest(dataset: Dataset, n: int = NEWEST) -> tuple[str, ...]:
    """Ids of the items published last; empty when no time of publication is known."""
    items = dataset.items()
    published = items["published"].dropna()
    return tuple(items["item_id"].loc[published.nlargest(n).index])


def choose_question(page: Page, user: User) -> Question:
    """Draw the choices above the list and return what they ask."""
    recent = newest(page.dataset)
    shown = [one for one in page.dataset.user_impressions(user.user_id) if one.history] if user.history else []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        among = _choose_among(bool(recent), bool(shown))
        n = st.selectbox(say("How many"), SIZES, 1, key="n", bind="query-params", width=100)
        category = st.selectbox(
            say("Of"),
            [ALL, *_category_names(page.dataset)],
            key="category",
            format_func=lambda name: say(ALL) if name == ALL else name,
            bind="query-params",
            width=200,
        )
        impression = _choose_moment(shown) if among == SHOWN else None
    kept = None if category == ALL else category
    if impression is not None:
        return _at_moment(impression, n, kept)
    candidates = tuple(item for item in recent if item not in set(user.history)) if among == RECENT else None
    unread = counted(len(candidates or ()), "article")
    note = say("Out of the newest not {read} yet: {n_items}.", n_items=unread) if candidates else ""
    if not user.history:
        note = say("Nothing was {read} yet: these are the {items} clicked most of late, and the score is their clicks.")
    return Question(user.history, n, kept, candidates, None, note or say("Out of all {items} not {read} yet."))


def _choose_among(has_times: bool, has_moments: bool) -> str:
    options = [EVERYTHING] + [RECENT] * has_times + [SHOWN] * has_moments
    return (
        st.segmented_control(
            say("Out of"),
            options,
            default=EVERYTHING,
            format_func=say,
            required=True,
            key="among",
            bind="query-params",
            help=say("The whole catalogue, the {items} published last, or the list this person was really shown once"),
        )
        or EVERYTHING
    )


def _choose_moment(shown: Sequence[Impression]) -> Impression:
    names = {f"{position + 1}": one for position, one in enumerate(shown)}
    chosen = st.selectbox(
        say("At"),
        list(names),
        key="moment",
        bind="query-params",
        width=300,
        format_func=lambda name: _moment_name(names[name]),
    )
    return names[chosen]


def _moment_name(impression: Impression) -> str:
    clicks = say("clicks unknown") if impression.labels is None else counted(sum(impression.labels), "click")
    return say(
        "{time}: {candidates} shown, {clicks}",
        time=moment(impression.time) or say("time unknown"),
        candidates=len(impression.candidates),
        clicks=clicks,
    )


def _at_moment(impression: Impression, n: int, category: str | None) -> Question:
    labels = impression.labels
    clicked = None if labels is None else dict(zip(impression.candidates, labels, strict=True))
    read = counted(len(impression.history), "article")
    note = say(
        "Ranked as at that moment, with the {the_read} {read} until then. “Clicked” is what really happened.",
        the_read=read,
    )
    return Question(impression.history, n, category, impression.candidates, clicked, note, impression.time)


def _category_names(dataset: Dataset) -> list[str]:
    return sorted(name for name in dataset.items()["category"].unique() if name)
