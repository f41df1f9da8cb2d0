"""Why this item, and why above that one?"""

import streamlit as st

from recattn.language import say
from recattn.ui.badge_view import show_badge
from recattn.ui.click_view import show_click, show_words
from recattn.ui.explained import Case
from recattn.ui.explanation_view import choose_method, show_bars
from recattn.ui.further_questions import show_question
from recattn.ui.item_picker import choose_item
from recattn.ui.report_sheet import offer_report
from recattn.ui.shell import open_page
from recattn.ui.user_picker import choose_reader
from recattn.ui.ways_on import show_ways_on

with open_page("explanation") as page:
    who, what = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    with who:
        user = choose_reader(page)
    with what:
        case = Case(page, user, choose_item(page, user))
    if not case.titles:
        st.info(
            say("Nothing was {read} that the model knows, so nothing {read} explains this. Choose another {reader}.")
        )
        st.stop()
    with st.container(horizontal=True, vertical_alignment="bottom", key="switches"):
        chosen = choose_method(case)
        offer_report(case, chosen)
    figure, check = st.columns([7, 4], gap="medium")
    with figure:
        show_bars(case, chosen)
    with check:
        show_badge(case, chosen.name)
        show_click(case, chosen.name)
    with figure:
        show_words(case)
    show_ways_on(page, user.user_id, case.item)
    show_question(case)
