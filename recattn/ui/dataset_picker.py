"""Which dataset a page is about, and how large it is."""

import streamlit as st

from recattn.data.store import damaged_datasets, dataset_infos
from recattn.language import grouped, say
from recattn.ui.shell import Page
from recattn.ui.wording import plain, shortened


def choose_dataset(page: Page) -> None:
    """Draw the size of the dataset, and the choice of another where there are several."""
    info, names = page.dataset.info, [one.name for one in dataset_infos()]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        if len(names) > 1:
            key = f"dataset-{page.dataset_name}"
            st.selectbox(
                say("Dataset"),
                names,
                names.index(page.dataset_name),
                key=key,
                width=220,
                on_change=lambda: page.choose(dataset=st.session_state[key], run=None, user=None, item=None),
            )
        st.metric(say("{Items}"), grouped(info.items), width="content")
        st.metric(say("{Readers}"), grouped(info.users), width="content")
        splits = ", ".join(f"{split} {grouped(count)}" for split, count in info.splits.items())
        st.metric(
            say("Impressions"),
            grouped(info.impressions),
            width="content",
            help=say("Lists that were shown: {splits}", splits=plain(splits)),
        )
    for name, reason in damaged_datasets().items():
        st.warning(
            say("**{name}** can't be opened. {reason}", name=plain(name), reason=plain(shortened(reason, 300))),
            icon=":material/warning:",
        )
