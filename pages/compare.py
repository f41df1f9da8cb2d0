"""Which model, and what changed?"""

import streamlit as st

from recattn.language import say
from recattn.ui.compare_view import (
    show_both_curves,
    show_changes,
    show_maps,
    show_metrics,
    show_metrics_table,
    show_nothing_to_compare,
    show_tops,
)
from recattn.ui.compared import choose_pair
from recattn.ui.item_picker import choose_item
from recattn.ui.lists_view import show_lists
from recattn.ui.shell import open_page
from recattn.ui.user_picker import choose_reader

with open_page("compare") as page:
    pair = choose_pair(page)
    if pair is None:
        show_nothing_to_compare(page)
        st.stop()
    accuracy, changes = st.columns([6, 5], gap="medium")
    with accuracy:
        found = show_metrics(pair)
    with changes:
        show_changes(pair)
        show_both_curves(pair)
    if found is not None:
        show_metrics_table(found)
    show_lists(pair)
    st.header(say("For the same {reader}"), anchor=False)
    who, what = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    with who:
        user = choose_reader(page)
    with what:
        item = choose_item(page, user)
    show_tops(page, pair, user)
    st.header(say("What their heads look at"), anchor=False)
    show_maps(page, pair, user, item)
