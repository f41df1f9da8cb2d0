"""Choosing what the heads look at: the articles that were read, or the words of one title."""

import streamlit as st

from recattn.language import phrase, say
from recattn.types import User
from recattn.ui import loads
from recattn.ui.reading import titles
from recattn.ui.shell import Page
from recattn.ui.subject import Subject, history_subject, words_subject
from recattn.ui.wording import shortened

HISTORY, WORDS = phrase("{items}"), phrase("title words")


def choose_subject(page: Page, user: User, item: str) -> Subject:
    """Draw the switch between levels; returns what is to be drawn."""
    level = st.segmented_control(
        say("Heads that read"),
        [HISTORY, WORDS],
        default=HISTORY,
        format_func=say,
        required=True,
        key="level",
        bind="query-params",
        on_change=lambda: page.choose(layer=None, head=None, cell=None),
        help=say("**{Items}**: the recommender's heads. **Title words**: the text encoder's own heads."),
    )
    if level == WORDS:
        title = _choose_title(page, user, item)
        tokens, attention = loads.words(page.model_run.run, page.dataset_name, user.user_id, item, title)
        return words_subject(tokens, attention)
    prediction = loads.prediction(page.model_run.run, page.dataset_name, user.user_id, item)
    return history_subject(page.dataset, prediction, page.recommender.cell_effects(user.history, item))


def _choose_title(page: Page, user: User, item: str) -> str:
    """The recommended article, or one of those read, newest first."""
    seen = page.recommender.predict(user.history, item).items
    ids = list(dict.fromkeys([item, *reversed(seen)]))
    names = dict(zip(ids, titles(page.dataset, ids), strict=True))
    return st.selectbox(
        say("Title"),
        ids,
        format_func=lambda one: shortened(names[one], 70),
        key=f"title-{user.user_id}-{item}",
        on_change=lambda: page.choose(cell=None),
        width=320,
    )
