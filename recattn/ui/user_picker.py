"""Finding a person among many without ever sending many: at most fifty matches leave the server."""

import secrets

import streamlit as st

from recattn.data.store import Dataset
from recattn.errors import RecAttnError
from recattn.language import grouped, say
from recattn.types import User
from recattn.ui import loads
from recattn.ui.notices import show_error
from recattn.ui.reading import about_user, categories
from recattn.ui.shell import Page
from recattn.ui.wording import counted, plain, shortened

MATCHES = 50
_TEXT = "find-user"


def choose_user(page: Page) -> User:
    """Search, draw a person by chance, or take one worth a look; returns the person that is shown."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _draw_search(page)
        stars = st.popover(say("Worth a look"), icon=":material/star:", key="stars", on_change="rerun")
        if stars.open:
            with stars:
                _show_worth_a_look(page)
        st.button(
            say("Random"),
            icon=":material/casino:",
            on_click=_choose_random,
            args=(page,),
            help=say("Somebody by chance"),
        )
    _show_matches(page, st.session_state.get(_TEXT, ""))
    return _shown_user(page)


def choose_reader(page: Page) -> User:
    """One line about the person that is shown, and a way to another; for pages about something else."""
    user = page.user
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(say("**{Reader} {user_id}**", user_id=plain(shortened(user.user_id, 40))), width="content")
        another = st.popover(
            say("Another"), icon=":material/person_search:", type="tertiary", key="find", on_change="rerun"
        )
        st.button(say("Random"), icon=":material/casino:", type="tertiary", on_click=_choose_random, args=(page,))
    st.caption(plain(about_user(page.dataset, user, when=False) + _cut(page, user)))
    if another.open:
        with another:
            _draw_search(page)
            _show_matches(page, st.session_state.get(_TEXT, ""))
    return user


def _examples(page: Page) -> str:
    """What can be searched for, by what this very dataset holds most of."""
    topics = loads.topics(page.dataset_name)
    if not topics:
        return say("Part of an id, or a word of a title …")
    return say("Part of an id, or a topic: {topics} …", topics=", ".join(shortened(name, 30) for name in topics))


def _draw_search(page: Page) -> None:
    st.text_input(
        say("Find {reader:a}"),
        key=_TEXT,
        type="search",
        live="300ms",
        max_chars=100,
        placeholder=_examples(page),
        width="stretch",
    )


def _shown_user(page: Page) -> User:
    user = page.user
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.header(say("{Reader} {user_id}", user_id=plain(shortened(user.user_id, 60))), anchor=False, width="content")
        st.caption(plain(about_user(page.dataset, user) + _cut(page, user)), width="content")
    return user


def _cut(page: Page, user: User) -> str:
    """How much of a long history counts, to stand behind what is said about it."""
    most = page.recommender.model.config.max_history
    if len(user.history) <= most:
        return ""
    return say(
        ". The model reads only the last {most} of {everything}", most=most, everything=grouped(len(user.history))
    )


def find(dataset: Dataset, text: str) -> list[User]:
    """People whose id holds the text, then people who read about it; at most fifty."""
    text = text.strip()[:100]
    by_id = dataset.find_users(text, MATCHES)
    known = {user.user_id for user in by_id}
    readers = [] if len(by_id) >= MATCHES else dataset.find_readers(text, MATCHES)
    return (by_id + [user for user in readers if user.user_id not in known])[:MATCHES]


def _show_matches(page: Page, text: str) -> None:
    if not text.strip():
        return
    matches = find(page.dataset, text)
    if not matches:
        st.info(
            say(
                "Nobody found for “{text}”. Try a shorter part of an id, or a topic in one word.",
                text=plain(shortened(text, 60)),
            )
        )
        return
    many = len(matches) == MATCHES
    st.caption(
        say("The first {matches} {readers} found.", matches=MATCHES)
        if many
        else say("{n_readers} found.", n_readers=counted(len(matches), "reader"))
    )
    with st.container(height=min(260, 46 * len(matches) + 34), border=True, gap=None):
        for user in matches:
            _offer(page, user, about_user(page.dataset, user), "match")


def _show_worth_a_look(page: Page) -> None:
    st.caption(say("People who {to_read} a lot, and people whose first recommendation is unlike what they {read}."))
    with st.container(gap=None):
        for user, note in worth_a_look(page):
            _offer(page, user, note, "star")


def worth_a_look(page: Page, n: int = 6) -> list[tuple[User, str]]:
    """People with long histories; those whose first pick is of a kind they never read come first."""
    rows = []
    for user in page.dataset.find_users("", 3 * n):
        best = loads.recommendations(page.model_run.run, page.dataset_name, user.history, 10)[:1]
        surprising = bool(best and best[0].category and best[0].category not in categories(page.dataset, user.history))
        note = say("{n_items} {read}", n_items=counted(len(user.history), "article"))
        if surprising:
            note = say(
                "{note}; first pick is {the_category}, never {read} before", note=note, the_category=best[0].category
            )
        rows.append((user, note, surprising))
    return [(user, note) for user, note, _ in sorted(rows, key=lambda row: not row[2])[:n]]


def _offer(page: Page, user: User, note: str, key: str) -> None:
    label = f"**{plain(shortened(user.user_id, 40))}**  {plain(note)}"
    st.button(label, key=f"{key}-{user.user_id}", type="tertiary", on_click=_choose, args=(page, user.user_id))


def _choose(page: Page, user_id: str) -> None:
    st.session_state[_TEXT] = ""
    for popover in ("stars", "find"):
        if popover in st.session_state:
            st.session_state[popover] = False
    page.choose(user=user_id, item=None, cell=None, click=None, other=None, edit=None)


def _choose_random(page: Page) -> None:
    try:
        _choose(page, page.dataset.random_user(secrets.randbelow(2**31)).user_id)
    except RecAttnError as error:
        show_error(error)
