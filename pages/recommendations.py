"""What does this person get, and roughly why?"""

import streamlit as st

from recattn.language import say
from recattn.ui import loads
from recattn.ui.candidates import choose_question
from recattn.ui.export import offer_csv
from recattn.ui.reading import (
    choose_row,
    history_heading,
    history_table,
    reading_times,
    show_history,
    show_links,
    top_table,
)
from recattn.ui.shell import open_page
from recattn.ui.tables import BY_KEYS
from recattn.ui.user_picker import choose_user

with open_page("recommendations") as page:
    user = choose_user(page)
    question = choose_question(page, user)
    top = loads.recommendations(
        page.model_run.run,
        page.dataset_name,
        question.history,
        question.n,
        question.category,
        question.candidates,
        question.moment,
    )
    table = top_table(page.dataset, top, question.clicked)
    read, gets = st.columns([2, 5], gap="medium")
    with read:
        times = reading_times(page.dataset.user_impressions(user.user_id))
        history = history_table(page.dataset, question.history, times)
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            st.markdown(history_heading(question.history), width="stretch")
            offer_csv(history, "history")
        show_history(history)
    with gets:
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            st.markdown(
                say("**What the model would show them.** {note}", note=question.note),
                width="stretch",
                help=say(BY_KEYS),
            )
            offer_csv(table, "recommendations")
        chosen = top[choose_row(table)] if top else None
        show_links(page, user, chosen, question.history)
