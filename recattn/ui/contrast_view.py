"""Why this item stands above that one: the difference of two scores, split over articles and over heads, exactly."""

import numpy as np
import pandas as pd
import streamlit as st

from recattn.explanation.contrast import Contrast
from recattn.figures.bars import Bars, bars_figure, bars_finding, left_out, strongest
from recattn.language import phrase, say
from recattn.ui.explained import Case
from recattn.ui.explanation_view import POPULARITY
from recattn.ui.export import offer_csv
from recattn.ui.reading import titles
from recattn.ui.wording import counted, figure, plain, shortened, signed

_ARTICLES = 12
CONSTANT = phrase("There for everybody")


def other_of(case: Case) -> str:
    """The item of the link that the shown one is compared with; else the next one in the list."""
    others = [one.item_id for one in case.best if one.item_id != case.item]
    if case.page.choice.other and case.page.choice.other != case.item:
        return case.page.dataset.item(case.page.choice.other).item_id  # says so when there is none
    above = next((place for place, one in enumerate(case.best) if one.item_id == case.item), 0)
    return others[min(above, len(others) - 1)] if others else ""


def choose_other(case: Case) -> str:
    """Draw the choice among the best for this person."""
    wanted, ranks = other_of(case), {one.item_id: one.rank for one in case.best}
    ids = list(dict.fromkeys([*(item for item in ranks if item != case.item), wanted]))
    names = dict(zip(ids, titles(case.page.dataset, ids), strict=True))
    key = f"other-{case.user.user_id}-{case.item}-{wanted}"
    st.selectbox(
        say("Above which {item}?"),
        ids,
        ids.index(wanted),
        format_func=lambda item: (f"{ranks[item]}. " if item in ranks else "") + shortened(names[item], 90),
        key=key,
        on_change=lambda: case.page.choose(other=st.session_state[key]),
        width=620,
    )
    return wanted


def article_bars(case: Case, found: Contrast) -> Bars:
    """What each article puts between the two."""
    shown, hidden = strongest(found.per_click, _ARTICLES), max(0, len(case.titles) - _ARTICLES)
    rest = (say("Rest of the history, {n_items}", n_items=counted(hidden, "article")), left_out(found.per_click, shown))
    others = ((rest,) if hidden else ()) + _by_themselves(found)
    return Bars(case.titles, case.marks, found.per_click, shown, others, notes=case.categories)


def head_bars(found: Contrast) -> Bars:
    """What each head puts between the two; past the heads goes what an article says by itself."""
    by_head = found.by_head.sum(axis=1)
    labels = tuple(say("Head {head}", head=head + 1) for head in range(len(by_head)))
    others = ((say("{Items} by themselves"), float(found.past_heads.sum())), *_by_themselves(found))
    return Bars(labels, ("",) * len(labels), by_head, np.argsort(-by_head, kind="stable"), others)


def _by_themselves(found: Contrast) -> tuple[tuple[str, float], ...]:
    """What is between the two whatever was read."""
    apart = ((say(POPULARITY), found.popularity),) if found.popularity else ()
    return (*apart, (say(CONSTANT), found.constant - found.popularity))


def contrast_frame(case: Case, found: Contrast) -> pd.DataFrame:
    """The difference by article (rows, newest first) and by head (columns)."""
    frame = pd.DataFrame({"Title": case.titles, "Category": case.categories, "All": found.per_click})
    for head, parts in enumerate(found.by_head, 1):
        frame[f"Head {head}"] = parts
    frame["By itself"] = found.past_heads
    return frame.iloc[::-1].reset_index(drop=True)


def contrast_text(case: Case, other: str, found: Contrast) -> str:
    """The difference in a sentence; markdown."""
    second = plain(shortened(titles(case.page.dataset, [other])[0], 80))
    way = say("above") if found.total >= 0 else say("below")
    return say(
        "**{title}** stands **{total}** {way} **{second}**. Blue speaks for the first, orange for the second.",
        title=plain(shortened(case.title, 80)),
        total=plain(figure(abs(found.total))),
        way=way,
        second=second,
    )


def show_contrast(case: Case) -> None:
    """The choice, and the two figures."""
    if not other_of(case):
        st.caption(say("There is no other {item} to compare with."))
        return
    other = choose_other(case)
    found = case.contrast(other)
    if found is None:
        st.info(say("This model's score is no sum over {items}, so a difference can't be split."))
        return
    with st.container(horizontal=True, wrap=False, vertical_alignment="top"):
        st.markdown(contrast_text(case, other, found), width="stretch")
        offer_csv(contrast_frame(case, found), "contrast")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _draw(article_bars(case, found), "contrast-articles", say("By {item}"))
    with right:
        _draw(head_bars(found), "contrast-heads", say("By head"))
    st.caption(
        say(
            "Each figure sums to the difference of the scores, {total}. Attention and pooling are held "
            "at the values they took.",
            total=plain(signed(found.total)),
        )
    )


def _draw(bars: Bars, key: str, title: str) -> None:
    st.markdown(f"**{title}**")
    finding = f"{title}. {bars_finding(bars)}"
    st.plotly_chart(bars_figure(bars), key=key, config={"displayModeBar": False}, alt=finding)
