"""What does each head look at?"""

import streamlit as st

from recattn.ui.attention_table import show_table
from recattn.ui.attention_view import choose_view, show_all_heads, show_head
from recattn.ui.item_picker import choose_item
from recattn.ui.shell import open_page
from recattn.ui.subject_picker import choose_subject
from recattn.ui.user_picker import choose_reader
from recattn.ui.ways_on import show_ways_on

with open_page("attention") as page:
    who, what = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    with who:
        user = choose_reader(page)
    with what:
        item = choose_item(page, user)
    with st.container(horizontal=True, vertical_alignment="bottom", key="switches"):
        subject = choose_subject(page, user, item)
        shown = choose_view(page, subject)
    small, large = st.columns([3, 8] if subject.layers > 1 else [2, 7], gap="medium")
    with small:
        show_all_heads(page, subject, shown)
    with large:
        show_head(page, subject, shown)
    show_ways_on(page, user.user_id, item)
    show_table(subject, shown)
