"""Can I believe these pictures?"""

import streamlit as st

from recattn.language import say
from recattn.trust.records import read_faithfulness
from recattn.ui.measurement import offer_measurement, show_start
from recattn.ui.sanity_view import show_sanity, show_twins
from recattn.ui.shell import open_page
from recattn.ui.trust_view import choose_metric, show_metric, show_scope, show_table

with open_page("trust") as page:
    found = read_faithfulness(page.model_run.folder)
    if found is None:
        offer_measurement(
            page.model_run.run,
            "faithfulness",
            say("Not measured yet"),
            say(
                "Every way to explain is tried out on a hundred {readers}: do the {items} it names really "
                "move the score? That takes a minute or two, in the background, and is kept with the model. "
                "From a shell: `python -m recattn faithfulness`."
            ),
        )
        show_twins(page)
        st.stop()
    if not found.methods:
        st.info(
            say(
                "Nobody in this dataset has {read} {least_clicks} {items}, so explanations can't be judged.",
                least_clicks=found.least_clicks,
            )
        )
        st.stop()
    metric = choose_metric(found)
    figure, scope = st.columns([7, 3], gap="large")
    with figure:
        show_metric(found, metric)
    with scope:
        show_scope(found)
        show_start(page.model_run.run, "faithfulness", say("Measure again"))
    show_table(found)
    show_sanity(page, found)
