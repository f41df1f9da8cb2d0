"""The article behind a bar: its title whole, what happens without it, and the words of its title."""

import numpy as np
import streamlit as st

from recattn.explanation.methods import METHODS
from recattn.figures.bars import Bars, bars_figure, bars_finding
from recattn.ui.explained import Case
from recattn.ui.explanation_view import method_bars
from recattn.ui.wording import figure, plain, shortened

WORDS = "words"
MOST_WORDS = 24


def choose_click(case: Case) -> int | None:
    """Draw the choice of an article, which a click on a bar makes too; returns its place in the history."""
    place, newest_first = case.place(case.page.choice.click), range(len(case.titles))[::-1]
    key = f"article-{case.user.user_id}-{case.item}-{place}"
    st.selectbox(
        "Look closer at",
        newest_first,
        None if place is None else newest_first.index(place),
        format_func=lambda click: f"{case.marks[click]}. {shortened(case.titles[click], 70)}",
        key=key,
        placeholder="Click a bar, or choose an article",
        on_change=lambda: case.page.choose(click=_counted_back(case, st.session_state[key])),
    )
    return place


def _counted_back(case: Case, place: int | None) -> int | None:
    return None if place is None else len(case.titles) - place


def show_click(case: Case, name: str) -> None:
    """The article behind the chosen bar: title whole, what each counterfactual does, and its words."""
    place = choose_click(case)
    if place is None:
        return
    without, written = case.without(), method_bars(case, name).number(place)
    hidden = _falls(float(without.hidden_falls[place]), without.rank, int(without.hidden_ranks[place]))
    deleted = _falls(float(without.deleted_falls[place]), without.rank, int(without.deleted_ranks[place]))
    with st.container(border=True, key="click", gap="small"):
        mark = "the most recent" if case.marks[place] == "1" else f"{case.marks[place]} back"
        st.markdown(f"**{plain(case.titles[place])}**  \n{plain(case.categories[place])}, {mark}")
        st.markdown(
            f"{METHODS[name].title}: **{plain(written)}**  \n"
            f"Hidden (masked): {hidden}  \nNever read (deleted): {deleted}",
            help="**Hidden**: the article is masked, the others keep their places. **Never read**: it is taken out and "
            "older ones move up. The model sees a different history in each.",
        )
        st.toggle("Words of this title", key=WORDS, bind="query-params", help="Below the bars")


def _falls(fall: float, rank: int, new_rank: int) -> str:
    way = "falls by" if fall >= 0 else "rises by"
    moved = f"rank {rank:,} → {new_rank:,}" if new_rank != rank else f"rank stays {rank:,}"
    return f"the score {way} **{plain(figure(abs(fall)))}**, {moved}"


def show_words(case: Case) -> None:
    """Which words of the chosen article's title the score hangs on, when they are asked for."""
    place = case.place(case.page.choice.click)
    if place is None or not st.session_state.get(WORDS):
        return
    st.markdown(f"**The words of “{plain(shortened(case.titles[place], 80))}”**")
    words, falls = case.words(case.prediction.items[place])
    if not words:
        st.caption("This article has no text.")
        return
    labels = tuple("…" + word[2:] if word.startswith("##") else word for word in words)
    order = np.arange(len(words))[:MOST_WORDS]
    bars = Bars(labels, ("",) * len(labels), falls, order)
    st.plotly_chart(
        bars_figure(bars),
        key=f"words-{case.prediction.items[place]}",
        config={"displayModeBar": False},
        alt=f"Words of the title, one bar each. {bars_finding(bars)}",
    )
    cut = f" Shown are the first {MOST_WORDS} of {len(words)}." if len(words) > MOST_WORDS else ""
    st.caption(f"By how much the score falls when one word is hidden from the text encoder.{cut}")
