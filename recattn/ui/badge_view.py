"""How far one view can be believed for this very reader and article, and whether what was read explains it at all."""

import numpy as np
import streamlit as st

from recattn.explanation.agreement import TOP, Agreement
from recattn.explanation.grounds import LEAST_SHARE, Grounds
from recattn.explanation.methods import METHODS
from recattn.language import grouped, phrase, say
from recattn.ui.details import show_picture
from recattn.ui.explained import Case
from recattn.ui.wording import figure, percent


def show_badge(case: Case, name: str) -> None:
    """How far the view agrees with what really happens, beside two yardsticks; and whether there is anything to it."""
    badge, without = case.badge(name), case.without()
    with st.container(border=True, key="badge", gap="small"):
        show_picture(case.page.dataset, case.item)
        score, rank = st.columns(2)
        score.metric(
            say("Score"),
            figure(case.prediction.total),
            help=say("A logit: only differences between {items} mean something"),
        )
        rank.metric(
            say("Rank"), grouped(without.rank), help=say("Among all {items} that were not {read}; 1 is the best")
        )
        show_grounds(case)
        st.markdown(f"**{verdict(name, badge.view, badge.cosine)}**", help=say(_BADGE_HINT))
        st.table(
            {
                "": [f"**{say(METHODS[name].title)}**", say("Likeness of texts"), say("Random order")],
                say("Same order"): [correlation(one) for one in (badge.view, badge.cosine, badge.random)],
                say("Same top 3"): [overlap(one, case) for one in (badge.view, badge.cosine, badge.random)],
            },
            border="horizontal",
            hide_index=True,
        )


_BADGE_HINT = phrase(
    "Each {item} is hidden in turn (masked: the others keep their places) and the model is asked again. "
    "**Same order**: rank correlation of the bars with the fall of the score, 1 is perfect, 0 is chance. "
    "**Same top 3**: how many of the 3 longest bars are among the 3 largest falls."
)


def verdict(name: str, view: Agreement, cosine: Agreement) -> str:
    """The badge of a method in a sentence.

    >>> verdict("attention", Agreement(0.9, 1.0), Agreement(0.1, 0.3))
    'Agrees well with what really happens'
    >>> verdict("attention", Agreement(0.1, 0.3), Agreement(0.2, 0.3))
    'Says no more than the likeness of texts'
    """
    if name == "leave_one_out":
        return say("This is the experiment itself: what really happens")
    if np.isnan(view.spearman):
        return say("Too few {items}, or all weigh the same: nothing to compare")
    if view.spearman <= max(0.0, np.nan_to_num(cosine.spearman)):
        return (
            say("Says no more than the likeness of texts")
            if view.spearman > 0
            else say("Contradicts what really happens")
        )
    if view.spearman >= 0.8:
        return say("Agrees well with what really happens")
    return (
        say("Agrees partly with what really happens")
        if view.spearman >= 0.4
        else say("Agrees little with what really happens")
    )


def correlation(agreement: Agreement) -> str:
    """The rank correlation with leaving out, for reading."""
    return "–" if np.isnan(agreement.spearman) else f"{agreement.spearman:.2f}".replace("-", "−")


def overlap(agreement: Agreement, case: Case) -> str:
    """How many of the largest both have in common, for reading."""
    top = min(TOP, len(case.titles))
    common = agreement.top3 * top
    return (
        "–"
        if np.isnan(common)
        else say("{common:.0f} of {top}", common=common, top=top)
        if common % 1 < 1e-6
        else say("{common:.1f} of {top}", common=common, top=top)
    )


def show_grounds(case: Case) -> None:
    """Say so loudly when nothing read explains it; otherwise how much does."""
    found = case.grounds()
    if found.share < LEAST_SHARE:
        st.warning(grounds_text(found, case.without().rank), icon=":material/help:")
    else:
        st.markdown(grounds_text(found, case.without().rank), help=say(_GROUNDS_HINT))


_GROUNDS_HINT = phrase(
    "Of the differences between the scores of the best {items} for this {reader}, the share that "
    "what was {read} makes. The rest is there for everybody. It can be above 100 % when the two "
    "pull apart."
)


def grounds_text(found: Grounds, rank: int) -> str:
    """The finding as a sentence; no single click counting is not the same as nothing counting.

    >>> grounds_text(Grounds(0.03, True), 1)
    'Nothing read explains this: the history makes 3 % of the differences between the best articles.'
    >>> grounds_text(Grounds(0.9, False), 1)
    'No one article explains this: without any single one it stays at rank 1. Several together do.'
    >>> grounds_text(Grounds(1.0, True), 1)
    'The history makes all of the differences between the best articles.'
    >>> grounds_text(Grounds(1.12, True), 1)
    'The history makes 112 % of the differences between the best articles.'
    """
    if found.share < LEAST_SHARE:
        return say(
            "Nothing {read} explains this: the history makes {value} of the differences between the best {items}.",
            value=percent(max(0.0, found.share)),
        )
    if not found.changes_rank:
        return say(
            "No one {item} explains this: without any single one it stays at rank {rank:,}. Several together do.",
            rank=rank,
        )
    if found.share != found.share:
        return say("Hiding a single {item} moves it. How much the history explains is not known for this model.")
    share = say("all") if 0.995 <= found.share < 1.005 else percent(found.share)
    return say("The history makes {share} of the differences between the best {items}.", share=share)
