"""Choosing which recommended article is explained, among the best for this person."""

import streamlit as st

from recattn.language import say
from recattn.types import Recommendation, User
from recattn.ui import loads
from recattn.ui.reading import titles
from recattn.ui.shell import Page
from recattn.ui.wording import figure, shortened

OFFERED = 20


def choose_item(page: Page, user: User) -> str:
    """Draw the choice; returns the item of the link, or the best for this person."""
    best = loads.recommendations(page.model_run.run, page.dataset_name, user.history, OFFERED)
    by_id = {one.item_id: one for one in best}
    wanted = page.choice.item or best[0].item_id
    named = dict.fromkeys([wanted, *by_id]) if wanted not in by_id else dict.fromkeys(by_id)
    if wanted not in by_id:
        page.dataset.item(wanted)  # says so when there is none
    ids, key = list(named), f"item-{user.user_id}-{wanted}"

    def chosen() -> None:
        page.choose(item=st.session_state[key], cell=None)

    st.selectbox(
        say("Recommended {item}"),
        ids,
        ids.index(wanted),
        format_func=lambda item: _name(page, item, by_id.get(item)),
        key=key,
        on_change=chosen,
        help=say(
            "The best of the whole catalogue for this {reader}. In brackets the score: only differences mean something."
        ),
    )
    return wanted


def _name(page: Page, item: str, recommendation: Recommendation | None) -> str:
    title = shortened(titles(page.dataset, [item])[0], 90)
    return f"{recommendation.rank}. {title} ({figure(recommendation.score)})" if recommendation else title
