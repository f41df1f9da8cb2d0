"""What is in here, and is it sound?"""

import streamlit as st

from recattn.ui.browse import show_impressions, show_items, show_report, show_users
from recattn.ui.charts import show_distributions
from recattn.ui.dataset_picker import choose_dataset
from recattn.ui.shell import open_page

PARTS = {
    "articles": lambda dataset: show_items(dataset),
    "readers": lambda dataset: show_users(dataset),
    "impressions": lambda dataset: show_impressions(dataset),
    "charts": lambda dataset: show_distributions(dataset.name),
    "import report": lambda dataset: show_report(dataset.info),
}

with open_page("data") as page:
    choose_dataset(page)
    part = st.segmented_control(
        "Show",
        list(PARTS),
        default="articles",
        required=True,
        key="part",
        bind="query-params",
        label_visibility="collapsed",
    )
    PARTS[part or "articles"](page.dataset)
