"""What is each head for?"""

import streamlit as st

from recattn.language import say
from recattn.trust.heads import read_heads
from recattn.ui.heads_view import choose_head, show_alike, show_card, show_map, show_removal
from recattn.ui.measurement import offer_measurement, show_start
from recattn.ui.shell import open_page

with open_page("heads") as page:
    found = read_heads(page.model_run.folder)
    if found is None:
        offer_measurement(
            page.model_run.run,
            "heads",
            say("Not measured yet"),
            say(
                "For a hundred {readers}: where each head looks, and what ranking loses without it. That "
                "takes a minute, in the background, and is kept with the model. From a shell: `python -m "
                "recattn heads`."
            ),
        )
        st.stop()
    shown = choose_head(page, found)
    figure, card = st.columns([7, 4], gap="medium")
    with figure:
        show_map(page, found, shown)
        show_removal(page, found)
    with card:
        show_card(page, found, shown.chosen)
        show_alike(found)
        show_start(page.model_run.run, "heads", say("Measure again"))
