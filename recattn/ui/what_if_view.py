"""The what-if page's parts: the history that can be changed, the heads that can be hidden, both lists."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from recattn.language import phrase, say
from recattn.types import Recommendation, User
from recattn.ui import loads
from recattn.ui.edits import Edited, added, edited, reading, steps, undone
from recattn.ui.export import offer_csv
from recattn.ui.reading import categories, titles
from recattn.ui.shell import Page
from recattn.ui.tables import BY_KEYS, choose_in_frame, fitting, heading, show_frame
from recattn.ui.wording import counted, plain, shortened

SHOWN = 10
RANKED = 500  # places that are known by number; below them an item is only "far"
_MATCHES = 8
_TABLE = "edited-history"
_Asked = tuple[str, loads.Key]


def edit_of(page: Page, user: User) -> Edited:
    """The history and heads that the link asks for."""
    model = page.recommender
    return edited(user.history, page.choice.edit, page.dataset, model.layers, model.heads)


def show_steps(page: Page) -> None:
    """How much is changed, and the ways back."""
    made = steps(page.choice.edit)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{counted(len(made), 'change')}**" if made else say("**Nothing changed yet**"), width="content")
        st.button(
            say("Undo"),
            icon=":material/undo:",
            disabled=not made,
            on_click=lambda: page.choose(edit=undone(page.choice.edit)),
            help=say("Take the last change back"),
        )
        st.button(
            say("Start over"), icon=":material/restart_alt:", disabled=not made, on_click=lambda: page.choose(edit=None)
        )


def show_history(page: Page, user: User, now: Edited) -> None:
    """What was read after the changes, newest first, and what can be done with the chosen article."""
    ids = now.history[::-1]
    original = set(user.history)
    table = pd.DataFrame(
        {
            "Back": range(1, len(ids) + 1),
            "Title": titles(page.dataset, ids),
            "Category": categories(page.dataset, ids),
        }
    )
    if not original.issuperset(ids):
        table[""] = ["" if item in original else say("added") for item in ids]
    row = choose_in_frame(
        table,
        tall=True,
        key=f"{_TABLE}-{page.choice.edit}",
        column_config={
            "Back": st.column_config.NumberColumn("#", width=36, help=say("Counted back from the most recent")),
            "Title": st.column_config.TextColumn(width=160),
            "Category": st.column_config.TextColumn(width=fitting(table["Category"])),
            "": st.column_config.TextColumn(width=55),
        },
        alt=say("What was {read} after the changes, newest first"),
    )
    _offer_moves(page, None if row is None else row + 1, len(ids))


def _offer_moves(page: Page, chosen: int | None, length: int) -> None:
    """What can be done with the article that is ``chosen`` back."""

    def offer(label: str, icon: str, step: str, possible: bool) -> None:
        st.button(
            say(label),
            key=f"do-{label}",
            icon=icon,
            type="tertiary",
            disabled=chosen is None or not possible,
            on_click=lambda: page.choose(edit=added(page.choice.edit, step)),
        )

    place = chosen or 0
    with st.container(horizontal=True):
        offer(phrase("Remove"), ":material/delete:", f"-{place}", True)
        offer(phrase("Newest"), ":material/vertical_align_top:", f"{place}>1", place > 1)
        offer(phrase("Newer"), ":material/arrow_upward:", f"{place}>{place - 1}", place > 1)
        offer(phrase("Older"), ":material/arrow_downward:", f"{place}>{place + 1}", place < length)
    if chosen is None:
        st.caption(say("Choose a row to remove or move that {item}."), help=say(BY_KEYS))


def choose_addition(page: Page, now: Edited) -> None:
    """Search for an article and read it, as the most recent one."""
    text = st.text_input(
        say("Let them {to_read}"),
        key="add-item",
        type="search",
        live="300ms",
        max_chars=100,
        placeholder=say("A title, {category} or word …"),
    )
    if not (text or "").strip():
        return
    found, total = page.dataset.page_items(text.strip(), 0, _MATCHES)
    if not total:
        st.caption(say("No {item} with “{text}”.", text=plain(shortened(text, 40))))
    ids = found["item_id"].tolist()
    for item, title in zip(ids, titles(page.dataset, ids), strict=True):
        if item not in now.history:
            _offer_item(page, item, title)


def _offer_item(page: Page, item: str, title: str) -> None:
    def read() -> None:
        st.session_state["add-item"] = ""
        page.choose(edit=added(page.choice.edit, reading(item)))

    label = plain(shortened(title, 60))
    st.button(label, key=f"add-{item}", type="tertiary", icon=":material/add:", on_click=read)


def choose_heads(page: Page, now: Edited) -> None:
    """Heads as buttons; those that are pressed are hidden."""
    model = page.recommender
    every = [(layer, head) for layer in range(1, model.layers + 1) for head in range(1, model.heads + 1)]
    key = f"hidden-{page.choice.edit}"

    def changed() -> None:
        flipped = sorted(set(st.session_state[key]) ^ now.hidden)
        text = page.choice.edit
        for layer, head in flipped:
            text = added(text, f"h{layer}.{head}")
        page.choose(edit=text)

    st.pills(
        say("Heads that are hidden"),
        every,
        selection_mode="multi",
        default=sorted(now.hidden),
        format_func=lambda pair: f"{pair[1]}" if model.layers == 1 else f"{pair[0]}·{pair[1]}",
        key=key,
        on_change=changed,
        help=say("A hidden head adds nothing. The model was not trained for that; it shows what hangs on that head."),
    )


def ranking(page: Page, user: User, now: Edited, changed: bool) -> list[Recommendation]:
    """The best items before or after the changes; both lists leave out what was read in either history."""
    history, heads = (now.history, now.hidden) if changed else (user.history, frozenset())
    leave_out = tuple(sorted({*user.history, *now.history}))
    name = page.dataset_name
    asked = page.model_run.run, (name, loads.dataset(name).fingerprint)
    return _ranking(asked, history, tuple(sorted(heads)), leave_out)


@st.cache_data(max_entries=64, show_spinner=False)
def _ranking(
    asked: _Asked, history: tuple[str, ...], hidden: tuple[tuple[int, int], ...], leave_out: tuple[str, ...]
) -> list[Recommendation]:
    model = loads.recommender(asked[0], asked[1][0])
    if not history:
        popular = model.popular(RANKED + len(leave_out))
        return [one for one in popular if one.item_id not in set(leave_out)][:RANKED]
    heads = Edited((), frozenset(hidden)).heads(model.layers, model.heads)
    works = np.ones((model.layers, model.heads), dtype=bool) if heads is None else heads
    return model.recommend(history, RANKED, leave_out=leave_out, heads=works)


def moves_frame(
    page: Page, shown: Sequence[Recommendation], others: Sequence[Recommendation], what: str
) -> pd.DataFrame:
    """One list, and for each of its items where it stands in the other."""
    ranks = {one.item_id: place for place, one in enumerate(others, 1)}
    return pd.DataFrame(
        {
            "Rank": range(1, len(shown) + 1),
            what: [_move(place, ranks.get(one.item_id), what) for place, one in enumerate(shown, 1)],
            "Title": titles(page.dataset, [one.item_id for one in shown]),
            "Category": [one.category for one in shown],
        }
    )


def _move(place: int, other: int | None, what: str) -> str:
    """The place in the other list, and which way it went from before to after.

    >>> _move(2, 7, "Before"), _move(2, 7, "After"), _move(2, None, "After"), _move(3, 3, "After")
    ('7 ▲ 5', '7 ▼ 5', 'beyond 500 ▼', '3 =')
    """
    risen = what == "Before"
    if other is None:
        return say("beyond {ranked} {value}", ranked=RANKED, value="▲" if risen else "▼")
    if other == place:
        return f"{other} ="
    up = (other > place) == risen
    return f"{other} {'▲' if up else '▼'} {abs(other - place)}"


def show_lists(page: Page, user: User, now: Edited) -> None:
    """Before and after, side by side, and what changed in a sentence."""
    before, after = ranking(page, user, now, changed=False), ranking(page, user, now, changed=True)
    st.markdown(changes_text(before[:SHOWN], after[:SHOWN]))
    for column, title, shown, others, what in zip(
        st.columns(2, gap="medium"),
        ("Before", "After"),
        (before, after),
        (after, before),
        ("After", "Before"),
        strict=True,
    ):
        with column:
            _show_list(moves_frame(page, shown[:SHOWN], others, what), title, what)
    if not now.history:
        st.caption(say("Nothing is {read} any more: these are the {items} clicked most of late."))
    st.caption(
        say(
            "What is removed counts as never {read} (deleted): older {items} move up. Both lists leave "
            "out everything {read} before or after the changes, so a move is the model's doing."
        )
    )


def changes_text(before: Sequence[Recommendation], after: Sequence[Recommendation]) -> str:
    """How different two top lists are; markdown."""
    stayed = {one.item_id for one in before} & {one.item_id for one in after}
    if [one.item_id for one in before] == [one.item_id for one in after]:
        return say("**The top {before} stays as it is.**", before=len(before))
    return say(
        "**{stayed} of {before} stay in the top {before}**, new: {after}.",
        stayed=len(stayed),
        before=len(before),
        after=len(after) - len(stayed),
    )


def _show_list(frame: pd.DataFrame, title: str, what: str) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        st.markdown(f"**{heading(title)}**", width="stretch")
        offer_csv(frame, f"top-{title.lower()}")
    show_frame(
        frame,
        hide_index=True,
        tall=True,
        column_order=[name for name in frame if name != "Category"],  # two lists side by side: titles need the room
        column_config={
            "Rank": st.column_config.NumberColumn("#", width=32),
            "Title": st.column_config.TextColumn(width=176),
            what: st.column_config.TextColumn(width=64, help=say("Its place in the other list: ▲ it rose, ▼ it fell")),
        },
        alt=say(
            "{title}: the top {n}, with the place of each in the other list",
            title=heading(title),
            n=len(frame),
        ),
    )
