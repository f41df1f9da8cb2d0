"""The article behind a bar: its title whole, what happens without it, and the words of its title."""

import numpy as np
import streamlit as st

from recattn.explanation.methods import METHODS
from recattn.figures.bars import Bars, bars_figure, bars_finding
from recattn.language import say
from recattn.ui.details import show_picture
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
        say("Look closer at"),
        newest_first,
        None if place is None else newest_first.index(place),
        format_func=lambda click: f"{case.marks[click]}. {shortened(case.titles[click], 70)}",
        key=key,
        placeholder=say("Click a bar, or choose {item:a}"),
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
        mark = say("the most recent") if case.marks[place] == "1" else say("{marks} back", marks=case.marks[place])
        about = ", ".join(filter(None, [plain(case.categories[place]), mark]))
        with st.container(horizontal=True, wrap=False):
            show_picture(case.page.dataset, case.prediction.items[place])
            st.markdown(f"**{plain(case.titles[place])}**  \n{about}", width="stretch")
        st.markdown(
            say(
                "{title}: **{written}**  \nHidden (masked): {hidden}  \nNever {read} (deleted): {deleted}",
                title=say(METHODS[name].title),
                written=plain(written),
                hidden=hidden,
                deleted=deleted,
            ),
            help=say(
                "**Hidden**: the {item} is masked, the others keep their places. **Never {read}**: it is "
                "taken out and older ones move up. The model sees a different history in each."
            ),
        )
        st.toggle(say("Words of this title"), key=WORDS, bind="query-params", help=say("Below the bars"))


def _falls(fall: float, rank: int, new_rank: int) -> str:
    way = say("falls by") if fall >= 0 else say("rises by")
    moved = (
        say("rank {rank:,} → {new_rank:,}", rank=rank, new_rank=new_rank)
        if new_rank != rank
        else say("rank stays {rank:,}", rank=rank)
    )
    return say("the score {way} **{fall}**, {moved}", way=way, fall=plain(figure(abs(fall))), moved=moved)


def show_words(case: Case) -> None:
    """Which words of the chosen article's title the score hangs on, when they are asked for."""
    place = case.place(case.page.choice.click)
    if place is None or not st.session_state.get(WORDS):
        return
    st.markdown(say("**The words of “{titles}”**", titles=plain(shortened(case.titles[place], 80))))
    words, falls = case.words(case.prediction.items[place])
    if not words:
        st.caption(say("This {item} has no text."))
        return
    labels = tuple("…" + word[2:] if word.startswith("##") else word for word in words)
    order = np.arange(len(words))[:MOST_WORDS]
    bars = Bars(labels, ("",) * len(labels), falls, order)
    st.plotly_chart(
        bars_figure(bars),
        key=f"words-{case.prediction.items[place]}",
        config={"displayModeBar": False},
        alt=say("Words of the title, one bar each. {bars_finding}", bars_finding=bars_finding(bars)),
    )
    cut = (
        say(" Shown are the first {most_words} of {words}.", most_words=MOST_WORDS, words=len(words))
        if len(words) > MOST_WORDS
        else ""
    )
    st.caption(say("By how much the score falls when one word is hidden from the text encoder.{cut}", cut=cut))
