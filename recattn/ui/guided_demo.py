"""The guided demo of the start page: five stops on real readers, found by search and never chosen by hand."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from recattn.explanation.looking import attention
from recattn.explanation.removing import leave_one_out
from recattn.language import Later, amid, say
from recattn.trust.records import read_faithfulness
from recattn.types import User
from recattn.ui import loads
from recattn.ui.reading import titles
from recattn.ui.shell import PAGES, Page
from recattn.ui.trust_view import FIRST_METRIC, by_metric
from recattn.ui.wording import counted, percent, plain, shortened, signed

_LOOKED_THROUGH = 40  # readers among whom the stops are found
_LEAST, _MOST = 6, 20  # articles read: enough to choose among, few enough for a figure


class Stop(NamedTuple):
    """A place to go: a page of the registry, what its link carries, and why to go there (markdown)."""

    page: str
    params: dict[str, str]
    title: str
    text: str


class Wrong(NamedTuple):
    """A recommendation where following attention misleads most; articles by item id, effects as falls of the score."""

    user: str
    item: str
    looked_at: str
    share: float
    looked_at_effect: float
    matters: str
    matters_effect: float

    @property
    def misses(self) -> float:
        """How much less the score falls without what is looked at most than without what matters most."""
        return self.matters_effect - self.looked_at_effect


class Edit(NamedTuple):
    """The one article whose loss takes a recommendation down furthest."""

    gone: str
    back: int  # counted back from the most recent
    rank: int
    rank_after: int


def stops(page: Page) -> list[Stop]:
    """The demo in the order in which a stakeholder asks; stops for which nobody fits are left out."""
    user, item = loads.showcase(page.model_run.run, page.dataset_name)
    if not item:
        return []
    found = [_recommendation(page, user, item), _why(page, user, item)]
    wrong, edit = _found(page.model_run.run, (page.dataset_name, page.dataset.fingerprint), user, item)
    found += [_misled(page, wrong)] if wrong else []
    found += [_edited(page, user, item, edit)] if edit else []
    return [*found, _trusted(page)]


def _title(page: Page, item: str) -> str:
    return plain(shortened(titles(page.dataset, [item])[0], 70))


def _recommendation(page: Page, user: str, item: str) -> Stop:
    who = plain(shortened(user, 40))
    text = say(
        "{Reader} {who} gets **{title}** first. Compare with what they {read}: a good guess?",
        who=who,
        title=_title(page, item),
    )
    return Stop("recommendations", page.link(user=user), say("A good recommendation"), text)


def _why(page: Page, user: str, item: str) -> Stop:
    best = loads.recommendations(page.model_run.run, page.dataset_name, page.dataset.user(user).history, 1)[0]
    text = say("Bars over what was {read}: each says how much of the score comes through that {item}.")
    if best.reason is not None and best.reason_adds is not None:
        adds = plain(signed(best.reason_adds))
        text = say("**{title}** adds {adds}, most of all.", title=_title(page, best.reason), adds=adds)
        if page.recommender.exact:
            text += say(" All bars together are the score, exactly.")
    return Stop("explanation", page.link(user=user, item=item), say("Its why"), text)


def _misled(page: Page, wrong: Wrong) -> Stop:
    text = say(
        "The model looks most ({share}) at **{title}**, yet hiding it moves the score by "
        "{looked_at_effect}. Hiding **{title_2}** moves it by {matters_effect}.",
        share=percent(wrong.share),
        title=_title(page, wrong.looked_at),
        looked_at_effect=plain(signed(-wrong.looked_at_effect)),
        title_2=_title(page, wrong.matters),
        matters_effect=plain(signed(-wrong.matters_effect)),
    )
    link = page.link(user=wrong.user, item=wrong.item, method="attention")
    return Stop("explanation", link, say("What attention gets wrong"), text)


def _edited(page: Page, user: str, item: str, edit: Edit) -> Stop:
    fate = (
        say("falls from rank {rank} to {rank_after:,}", rank=edit.rank, rank_after=edit.rank_after)
        if edit.rank_after > edit.rank
        else say("keeps its rank")
    )
    text = say(
        "Had they never {read} **{title}**, the recommendation {fate}. Change more and see.",
        title=_title(page, edit.gone),
        fate=fate,
    )
    return Stop("what_if", page.link(user=user, item=item, edit=f"-{edit.back}"), say("An edited history"), text)


def _trusted(page: Page) -> Stop:
    found = read_faithfulness(page.model_run.folder)
    if found is None or FIRST_METRIC not in found.metrics:
        text = say(
            "Every way to explain can be tried out on a hundred {readers}, beside ways that never ask the model."
        )
        return Stop("trust", page.link(item=None), say("Whether to trust it"), text)
    shown = by_metric(found, FIRST_METRIC)
    beaten = [name for name in shown.known if shown.roles[name] == "method" and not shown.beats_floor(name)]
    text = say(
        "Tried out on {n_readers}, the best is **{best}**.",
        n_readers=counted(found.users, "reader"),
        best=plain(shown.best or ""),
    )
    if beaten and shown.floor:
        text += say(
            " {beaten}: no better than {lower}, which never asks the model.",
            beaten=plain(", ".join(beaten)),
            lower=plain(amid(shown.floor)),
        )
    return Stop("trust", page.link(item=None), say("Whether to trust it"), text)


@st.cache_data(max_entries=16, show_spinner=Later("Finding {readers} for the demo …"))
def _found(run: str, key: loads.Key, user: str, item: str) -> tuple[Wrong | None, Edit | None]:
    """Among readers by chance the one whom attention misleads most; and the loss that hits the first stop's most."""
    opened = loads.dataset(key[0])
    people = {one.user_id: one for one in map(opened.random_user, range(_LOOKED_THROUGH))}
    fitting = [one for one in people.values() if _LEAST <= len(one.history) <= _MOST]
    misled = [wrong for one in fitting if (wrong := _wrong(run, key, one)) is not None]
    edit = _edit(run, key, opened.user(user), item)
    return max(misled, key=lambda wrong: wrong.misses, default=None), edit


def _wrong(run: str, key: loads.Key, user: User) -> Wrong | None:
    """What attention points at beside what matters; None where they agree on the first."""
    model = loads.recommender(run, key[0])
    best = model.recommend(user.history, 1)
    if not best:
        return None
    prediction = model.predict(user.history, best[0].item_id)
    if not prediction.items:
        return None
    looks, falls = attention(prediction), leave_one_out(prediction)
    first, real = int(looks.argmax()), int(falls.argmax())
    if first == real:
        return None
    names = prediction.items
    return Wrong(
        user.user_id,
        best[0].item_id,
        names[first],
        float(looks[first]),
        float(falls[first]),
        names[real],
        float(falls[real]),
    )


def _edit(run: str, key: loads.Key, user: User, item: str) -> Edit | None:
    """The one article without which, as if never read, the item stands lowest."""
    model = loads.recommender(run, key[0])
    seen = model.predict(user.history, item).items
    if len(seen) < 2:
        return None
    ranks = model.ranks(user.history, item, ~np.eye(len(seen), dtype=bool), deleted=True)
    gone = seen[int(ranks.argmax())]
    back = user.history[::-1].index(gone) + 1
    return Edit(gone, back, model.rank(user.history, item), int(ranks.max()))


def show_link(stop: Stop, label: str, icon: str) -> None:
    """The link of a stop."""
    st.page_link(PAGES[stop.page].path, label=f"**{label}**", icon=icon, query_params=stop.params or None)


def show_demo(page: Page) -> None:
    """Draw the five stops."""
    found = stops(page)
    if not found:
        return
    st.header(say("Guided demo"), anchor=False)
    for number, stop in enumerate(found, 1):
        link, text = st.columns([2, 7], vertical_alignment="center", gap="small")
        with link:
            show_link(stop, f"{number}. {stop.title}", PAGES[stop.page].icon)
        text.markdown(stop.text)
