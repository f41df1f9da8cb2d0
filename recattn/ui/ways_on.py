"""Links to the same reader and article on the other pages."""

from dataclasses import dataclass

import streamlit as st

from recattn.language import phrase, say
from recattn.ui.shell import PAGES, Page


@dataclass(frozen=True)
class Way:
    """One page to go to, and how the link is worded on the others."""

    page: str
    label: str


WAYS = (
    Way("attention", phrase("See what each head looks at")),
    Way("explanation", phrase("Why this {item}?")),
    Way("what_if", phrase("What if they had {read} others?")),
)


def show_ways_on(page: Page, user: str, item: str) -> None:
    """A link to each page but this one, in a line."""
    with st.container(horizontal=True, gap="small", width="content"):
        for way in WAYS:
            if way.page != page.name:
                link = page.link(user=user, item=item)
                st.page_link(PAGES[way.page].path, label=say(way.label), icon=PAGES[way.page].icon, query_params=link)
