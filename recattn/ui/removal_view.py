"""What hiding several articles does: the smallest set that takes the item out, and how two work together."""

import numpy as np
import pandas as pd
import streamlit as st

from recattn.explanation.removal_set import LARGEST_SEARCHED, RemovalSet
from recattn.language import phrase, say
from recattn.ui.contrast_view import other_of
from recattn.ui.explained import SECONDS, Case
from recattn.ui.export import offer_csv
from recattn.ui.reading import titles
from recattn.ui.tables import show_frame
from recattn.ui.wording import counted, figure, plain, shortened

SIZES = (1, 3, 5, 10, 20)
HIDDEN, DELETED = phrase("hidden (masked)"), phrase("never {read} (deleted)")
_PAIRS = 8
_NOT_THE_LONGEST = phrase(
    "A set works by lowering this {item} or by raising others, so it need not hold the {items} of the longest bars."
)


def goals(case: Case) -> dict[str, tuple[int, str]]:
    """What removal is to reach: out of the top n that the item is in, or below the compared item; with its words."""
    rank = case.without().rank
    found = {
        (say("out of first place") if n == 1 else say("out of the top {n}", n=n)): (n, "") for n in SIZES if n >= rank
    }
    found = found or {f"out of the top {rank:,}": (rank, "")}
    other = other_of(case)
    if other and case.contrast(other) is not None:
        name = say("below “{titles}”", titles=shortened(titles(case.page.dataset, [other])[0], 40))
        found[name] = (0, other)
    return found


def show_removal(case: Case) -> None:
    """The choices, the set, and how far it is proven."""
    options = goals(case)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        goal = st.selectbox(say("What takes it"), list(options), key=f"goal-{case.user.user_id}-{case.item}", width=360)
        how = st.segmented_control(
            say("{Items} are"),
            [HIDDEN, DELETED],
            default=HIDDEN,
            format_func=say,
            required=True,
            key="how",
            bind="query-params",
            help=say(
                "**Hidden**: masked, the others keep their places. **Never {read}**: taken out, older ones move up."
            ),
        )
    n, other = options[goal]
    found = case.removal(n, other, deleted=how == DELETED)
    st.markdown(f"**{plain(removal_text(found, goal, how or HIDDEN))}**")
    for place in found.clicks or ():
        st.markdown(
            say(
                "- **{titles}** ({the_categories}, {marks} back)",
                titles=plain(case.titles[place]),
                the_categories=plain(case.categories[place]),
                marks=case.marks[place],
            )
        )
    st.caption(f"{proof_text(found)} {say(_NOT_THE_LONGEST) if found.clicks else ''}")


def removal_text(found: RemovalSet, goal: str, how: str) -> str:
    """What was found, in a sentence.

    >>> removal_text(RemovalSet((3,), 0), "out of the top 5", HIDDEN)
    'When this 1 article is hidden (masked), the recommendation falls out of the top 5:'
    """
    if found.clicks is None:
        return say(
            "No set was found that takes it {goal}: even an empty history keeps it there, or time was up.", goal=goal
        )
    if not found.clicks:
        return say("It is {goal} as it is.", goal=goal)
    clicks, way = counted(len(found.clicks), "article"), say(how)
    if len(found.clicks) == 1:
        return say("When this {clicks} is {way}, the recommendation falls {goal}:", clicks=clicks, way=way, goal=goal)
    return say("When these {clicks} are {way}, the recommendation falls {goal}:", clicks=clicks, way=way, goal=goal)


def proof_text(found: RemovalSet) -> str:
    """How far it is proven that no smaller set does it.

    >>> proof_text(RemovalSet((1, 2, 5), 2))
    'No smaller set does: all sets of up to 2 articles were tried.'
    >>> proof_text(RemovalSet((1, 2, 5, 7, 9), 3))
    'Found greedily. No set of up to 3 articles does: all were tried. One of 4 may exist.'
    """
    if found.clicks is not None and len(found.clicks) <= 1:
        return say("No smaller set can exist.")
    tried = (
        say("all single {items} were tried")
        if found.searched_up_to == 1
        else say("all sets of up to {searched_up_to} {items} were tried", searched_up_to=found.searched_up_to)
    )
    if found.clicks is None:
        return (
            say("A greedy search found nothing; {tried}.", tried=tried)
            if found.searched_up_to
            else say("A greedy search found nothing.")
        )
    if found.smallest:
        return say("No smaller set does: {tried}.", tried=tried)
    if not found.searched_up_to:
        return say("Found greedily within {seconds:g} seconds; a smaller set may exist.", seconds=SECONDS)
    first, last = found.searched_up_to + 1, len(found.clicks) - 1
    sizes = f"{first}" if first == last else say("{first} to {last}", first=first, last=last)
    limit = "" if found.searched_up_to >= LARGEST_SEARCHED else say(" within {seconds:g} seconds", seconds=SECONDS)
    up_to = say(
        "No set of up to {n_items} does: all were tried{limit}.",
        n_items=counted(found.searched_up_to, "article"),
        limit=limit,
    )
    return say("Found greedily. {up_to} One of {sizes} may exist.", up_to=up_to, sizes=sizes)


def pairs_frame(case: Case) -> pd.DataFrame:
    """Every two articles, those that work together most (either way) first."""
    table, falls = case.interactions(), case.without().hidden_falls
    first, second = np.triu_indices(len(table), k=1)
    order = np.argsort(-np.abs(table[first, second]), kind="stable")
    first, second = first[order], second[order]
    names = np.array(case.titles, dtype=object)
    together = table[first, second]
    alone = falls[first] + falls[second]
    return pd.DataFrame(
        {
            "One": names[first],
            "Other": names[second],
            "Each alone, summed": alone,
            "Both at once": alone - together,
            "Together": together,
            "Which means": [_meaning(value, float(alone[row])) for row, value in enumerate(together.tolist())],
        }
    )


def _meaning(value: float, alone: float) -> str:
    if abs(value) < 0.05 * max(abs(alone), 1e-6):
        return say("they act apart")
    return say("they need each other") if value > 0 else say("one stands in for the other")


def show_pairs(case: Case) -> None:
    """The strongest pairs as a table."""
    if len(case.titles) < 2:
        st.caption(say("Two {items} are needed."))
        return
    frame = pairs_frame(case)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        st.markdown(
            say(
                "Of {n_pairs}, these work together most. **Together**: beyond each alone.",
                n_pairs=counted(len(frame), "pair"),
            ),
            width="stretch",
        )
        offer_csv(frame, "pairs")
    show_frame(
        frame.head(_PAIRS),
        hide_index=True,
        column_config={
            "One": st.column_config.TextColumn(width=215),
            "Other": st.column_config.TextColumn(width=215),
            "Each alone, summed": st.column_config.NumberColumn(
                format="%+.3f", width=130, help=say("Fall of the score when one is hidden, of both added up")
            ),
            "Both at once": st.column_config.NumberColumn(
                format="%+.3f", width=100, help=say("Fall of the score when both are hidden (masked)")
            ),
            "Together": st.column_config.NumberColumn(
                format="%+.3f",
                width=85,
                help=say("Above 0 they need each other; below 0 one can stand in for the other"),
            ),
            "Which means": st.column_config.TextColumn(width=190),
        },
        alt=say("Pairs of {items} and how they work together"),
    )
    strongest = frame.iloc[0]
    st.caption(
        say(
            "Exact for this history: hiding both {both_at_once}, each alone {each_alone_summed} in sum, "
            "for the first pair.",
            both_at_once=plain(figure(float(strongest["Both at once"]))),
            each_alone_summed=plain(figure(float(strongest["Each alone, summed"]))),
        )
    )
