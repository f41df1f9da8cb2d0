"""What is in here, and is it sound?"""

import streamlit as st

from recattn.language import phrase, say
from recattn.ui.browse import show_impressions, show_items, show_report, show_users
from recattn.ui.charts import show_distributions
from recattn.ui.dataset_picker import choose_dataset
from recattn.ui.shell import open_page

PARTS = {
    phrase("{items}"): lambda dataset: show_items(dataset),
    phrase("{readers}"): lambda dataset: show_users(dataset),
    phrase("impressions"): lambda dataset: show_impressions(dataset),
    phrase("charts"): lambda dataset: show_distributions(dataset.name),
    phrase("import report"): lambda dataset: show_report(dataset.info),
}

with open_page("data") as page:
    choose_dataset(page)
    part = st.segmented_control(
        say("Show"),
        list(PARTS),
        default=next(iter(PARTS)),
        format_func=say,
        required=True,
        key="part",
        bind="query-params",
        label_visibility="collapsed",
    )
    PARTS[part or next(iter(PARTS))](page.dataset)
