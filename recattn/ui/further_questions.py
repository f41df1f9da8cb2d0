"""What can be asked about a recommendation beyond the bars. A new question is an entry here."""

from collections.abc import Callable

import streamlit as st

from recattn.language import phrase, say
from recattn.ui.contrast_view import show_contrast
from recattn.ui.explained import Case
from recattn.ui.method_table import show_methods
from recattn.ui.removal_view import show_pairs, show_removal

QUESTIONS: dict[str, Callable[[Case], None]] = {
    phrase("why above another"): show_contrast,
    phrase("what would take it out"): show_removal,
    phrase("which two work together"): show_pairs,
    phrase("all methods"): show_methods,
}


def show_question(case: Case) -> None:
    """The choice, and the answer to the one that is asked; the others cost nothing."""
    st.header(say("Ask further"), anchor=False)
    names = list(QUESTIONS)
    asked = st.segmented_control(
        say("Ask further"),
        names,
        default=names[0],
        format_func=say,
        required=True,
        key="ask",
        bind="query-params",
        label_visibility="collapsed",
    )
    QUESTIONS[asked or names[0]](case)
