"""All methods beside each other: what each claims, how far it agrees with leaving out, and its numbers."""

import pandas as pd
import streamlit as st

from recattn.explanation.methods import METHODS, Method
from recattn.language import say
from recattn.ui.badge_view import overlap
from recattn.ui.explained import Case
from recattn.ui.explanation_view import bars_frame
from recattn.ui.export import offer_csv
from recattn.ui.tables import fitting, show_frame


def methods_frame(case: Case) -> pd.DataFrame:
    """One line a method."""
    rows = []
    for name in case.methods:
        method, view = METHODS[name], case.badge(name).view
        best = case.weighed(name).weights.argmax()
        rows.append(
            {
                "Method": say(method.title),
                "Same order": view.spearman,
                "Same top 3": overlap(view, case),
                "Puts first": case.titles[best],
                "What it claims": claims(method),
                "Asks the model": method.cost,
                "What it says": say(method.hint),
            }
        )
    return pd.DataFrame(rows)


def claims(method: Method) -> str:
    """What a method promises, in a few words.

    >>> claims(METHODS["contribution"]), claims(METHODS["attention"])
    ('signed, sums, for this article', 'unsigned, for any article')
    """
    parts = [say("signed") if method.signed else say("unsigned")] + [say("sums")] * method.complete
    return ", ".join([*parts, say("for this {item}") if method.candidate_aware else say("for any {item}")])


def weights_frame(case: Case) -> pd.DataFrame:
    """One line an article, newest first, a column a method."""
    first, *others = case.methods
    frame = bars_frame(case, first)
    for name in others:
        frame[METHODS[name].title] = case.weighed(name).weights[::-1]
    return frame


def show_methods(case: Case) -> None:
    """The table of methods, and the numbers of each article below it."""
    st.caption(
        say(
            "**Same order** and **same top 3** compare each method with the score's fall when one {item} "
            "is hidden; random order reaches 0 on average. Leave one out is that experiment itself."
        )
    )
    table = methods_frame(case)
    show_frame(
        table,
        hide_index=True,
        height=37 + 35 * len(table),
        column_config={
            "Method": st.column_config.TextColumn(width=165, pinned=True),
            "Same order": st.column_config.NumberColumn(
                format="%.2f", width=85, help=say("Rank correlation with leaving each {item} out; 1 is perfect")
            ),
            "Same top 3": st.column_config.TextColumn(
                width=80, help=say("Of its three largest and the three largest falls")
            ),
            "Puts first": st.column_config.TextColumn(width=200, help=say("The {item} with the largest weight")),
            "What it claims": st.column_config.TextColumn(
                width=190,
                help=say(
                    "**Signed** tells for from against. **Sums**: weights and a rest are the score. **For any "
                    "{item}**: it is the same for every recommendation of this {reader}."
                ),
            ),
            "Asks the model": st.column_config.TextColumn(
                width=175, help=say("How many scores it needs for n {items}")
            ),
            "What it says": st.column_config.TextColumn(width=700),
        },
        alt=say("Methods, one a line: agreement with leaving out, and what each claims"),
    )
    numbers = weights_frame(case)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        st.markdown(say("**Every weight of every method**, newest {item} first"), width="stretch")
        offer_csv(numbers, "explanation")
    show_frame(
        numbers,
        hide_index=True,
        height=37 + 35 * min(10, len(numbers)),
        column_config={"Title": st.column_config.TextColumn(width=260, pinned=True)}
        | {
            "Category": st.column_config.TextColumn(width=fitting(numbers["Category"])),
            "Back": st.column_config.NumberColumn(width=50),
        }
        | {METHODS[name].title: st.column_config.NumberColumn(format="%.3f", width=95) for name in case.methods},
        alt=say("{Items}, one a line, and the weight that each method gives them"),
    )
