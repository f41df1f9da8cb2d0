"""What if they had read something else?"""

import streamlit as st

from recattn.language import say
from recattn.ui.shell import open_page
from recattn.ui.user_picker import choose_reader
from recattn.ui.what_if_view import choose_addition, choose_heads, edit_of, show_history, show_lists, show_steps

with open_page("what_if") as page:
    who, done = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    with who:
        user = choose_reader(page)
    now = edit_of(page, user)
    with done:
        show_steps(page)
    history, lists = st.columns([3, 5], gap="medium")
    with history:
        st.markdown(say("**What they {read}**, newest first"))
        show_history(page, user, now)
        choose_addition(page, now)
    with lists:
        show_lists(page, user, now)
        choose_heads(page, now)
