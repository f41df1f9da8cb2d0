"""The heads page's parts: the map of all heads, one head's card, heads that are alike, heads that could go."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from recattn.errors import UnknownError
from recattn.evaluation.heads import KINDS, SAME
from recattn.figures.head_map import HeadMap, head_map, head_map_finding
from recattn.language import Later, amid, phrase, say
from recattn.trust.heads import Example, HeadCard, Heads, cost_without
from recattn.types import Interval
from recattn.ui import loads
from recattn.ui.export import offer_csv
from recattn.ui.reading import titles
from recattn.ui.shell import Page
from recattn.ui.wording import counted, figure, percent, plain, shortened, signed

BY_NUMBER, BY_COST, BY_SPREAD = phrase("number"), phrase("cost"), phrase("spread")
_MAP = "head-map"


@dataclass(frozen=True)
class Shown:
    """The cards in the order drawn, and which of them is chosen."""

    cards: tuple[HeadCard, ...]
    chosen: HeadCard


def name_of(found: Heads, card: HeadCard) -> str:
    """A head's name for people; they count from 1."""
    layers = 1 + max(one.layer for one in found.cards)
    return say("Head {head}", head=card.head + 1) + (
        say(" of layer {layer}", layer=card.layer + 1) if layers > 1 else ""
    )


def choose_head(page: Page, found: Heads) -> Shown:
    """Draw the order and the choice of one head; returns the cards in that order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sort = st.segmented_control(
            say("Heads by"),
            [BY_NUMBER, BY_COST, BY_SPREAD],
            default=BY_NUMBER,
            required=True,
            format_func=say,
            key="sort",
            bind="query-params",
            help=say(
                "**Cost**: those that ranking needs most first. **Spread**: those that look at few {items} first."
            ),
        )
        cards = ordered(found, sort or BY_NUMBER)
        places = {(card.layer, card.head): card for card in found.cards}
        chosen = _of_link(page, found, cards[0])
        key = f"head-{chosen.layer}-{chosen.head}"
        st.selectbox(
            say("Card of"),
            list(places),
            list(places).index((chosen.layer, chosen.head)),
            format_func=lambda place: name_of(found, places[place]),
            key=key,
            width=190,
            on_change=lambda: page.choose(layer=st.session_state[key][0] + 1, head=st.session_state[key][1] + 1),
        )
    return Shown(cards, chosen)


def ordered(found: Heads, sort: str) -> tuple[HeadCard, ...]:
    """The cards by number, by cost or by spread."""
    if sort == BY_COST:
        return tuple(sorted(found.cards, key=lambda card: -card.cost.value if card.cost else 0.0))
    if sort == BY_SPREAD:
        return tuple(sorted(found.cards, key=lambda card: card.spread.value))
    return found.cards


def _of_link(page: Page, found: Heads, first: HeadCard) -> HeadCard:
    """The head of the link; without one, the first drawn."""
    if page.choice.head is None:
        return first
    wanted = (page.choice.layer or 1) - 1, page.choice.head - 1
    for card in found.cards:
        if (card.layer, card.head) == wanted:
            return card
    raise UnknownError(
        f"The link asks for head {wanted[1] + 1} of layer {wanted[0] + 1}.",
        f"There are {counted(len(found.cards), 'head')}.",
        "Choose one of the heads shown.",
    )


def show_map(page: Page, found: Heads, shown: Shown) -> None:
    """The main figure: a row is a head, and a click on it chooses its card."""
    drawn = as_map(found, shown)
    finding = head_map_finding(drawn)
    with st.container(horizontal=True, wrap=False, vertical_alignment="top"):
        st.markdown(f"**{plain(finding)}**", width="stretch")
        offer_csv(cards_frame(found), "heads")
    st.plotly_chart(
        head_map(drawn),
        key=_MAP,
        on_select=lambda: _remember_head(page, shown),
        selection_mode="points",
        alt=finding,
        config={"displayModeBar": False},
    )
    accuracy = say(" With all heads nDCG@10 is {value:.3f}.", value=found.accuracy.value) if found.accuracy else ""
    st.caption(
        say(
            "Shares of attention over the {items} of {n_readers}, by chance (seed {seed}); kinds "
            "overlap. Costs: filled dots are beyond noise (of twenty, one is by chance), open ones are "
            "not, over {n_impressions} (bootstrap over {readers}).{accuracy}",
            n_readers=counted(found.users, "reader"),
            seed=found.seed,
            n_impressions=counted(found.impressions, "impression"),
            accuracy=accuracy,
        )
    )


def _remember_head(page: Page, shown: Shown) -> None:
    """Put the clicked head into the link; what a browser sends is checked, whatever it is."""
    points = st.session_state[_MAP].selection.points
    row = points[0].get("customdata") if points else None
    row = row[0] if isinstance(row, list | tuple) and row else None
    if isinstance(row, int) and 0 <= row < len(shown.cards):
        page.choose(layer=shown.cards[row].layer + 1, head=shown.cards[row].head + 1)


def as_map(found: Heads, shown: Shown) -> HeadMap:
    """The cards, ready to draw."""
    kinds = list(found.cards[0].mass)
    names = [say(KINDS[kind].title) if kind in KINDS else kind for kind in kinds]
    return HeadMap(
        tuple(name_of(found, card) for card in shown.cards),
        tuple(names),
        np.array([[card.mass[kind].value for kind in kinds] for card in shown.cards]),
        [card.spread.value for card in shown.cards],
        [card.cost for card in shown.cards],
        {name: found.even_mass.get(kind, 0.0) for name, kind in zip(names, kinds, strict=True)},
        shown.cards.index(shown.chosen),
    )


def cards_frame(found: Heads) -> pd.DataFrame:
    """One line a head, every figure with the ends of its interval."""
    rows = []
    for card in found.cards:
        row: dict[str, object] = {"layer": card.layer + 1, "head": card.head + 1}
        for name, value in {**card.mass, "spread": card.spread, "cost in nDCG@10": card.cost}.items():
            ends = value or Interval(float("nan"), float("nan"), float("nan"))
            row |= {name: ends.value, f"{name}, low": ends.low, f"{name}, high": ends.high}
        rows.append(row)
    return pd.DataFrame(rows)


def show_card(page: Page, found: Heads, card: HeadCard) -> None:
    """One head in words, and its proudest examples, each a link."""
    with st.container(border=True, gap="small", key="card"):
        st.header(name_of(found, card), anchor=False)
        for sentence in sentences(found, card):
            st.markdown(sentence)
        st.markdown(
            say("**Clearest examples**"),
            help=say("Where, among the {readers} looked at, it looks hardest at another {item}"),
        )
        for example in card.examples:
            _show_example(page, card, example)


def sentences(found: Heads, card: HeadCard) -> list[str]:
    """What a head looks at more than chance would, how widely, and what it costs to lose; markdown."""
    lift = {kind: card.mass[kind].value - found.even_mass.get(kind, 0.0) for kind in card.mass}
    beyond = {kind: card.mass[kind].low > found.even_mass.get(kind, 0.0) for kind in card.mass}
    preferred = [kind for kind in sorted(lift, key=lambda kind: -lift[kind]) if beyond[kind]][:2]
    prefers = say(" and ").join(_preference(found, card, kind) for kind in preferred)
    text = [
        say("Prefers {prefers}.", prefers=prefers)
        if prefers
        else say("Prefers nothing: it looks at each kind as often as chance would.")
    ]
    text.append(say("Spread {value}: 0 % is one {item}, 100 % all alike.", value=percent(card.spread.value)))
    if card.cost is not None:
        verdict = say("beyond noise") if card.cost.low > 0 or card.cost.high < 0 else say("within noise")
        text.append(
            say("Without it nDCG@10 changes by {change}, {verdict}.", change=_change(card.cost), verdict=verdict)
        )
    return text


def _preference(found: Heads, card: HeadCard, kind: str) -> str:
    name = say(KINDS[kind].title) if kind in KINDS else kind
    share, even = percent(card.mass[kind].value), percent(found.even_mass.get(kind, 0.0))
    return say("**{name}**, {share} (chance: {even})", name=plain(name), share=share, even=even)


def _change(cost: Interval) -> str:
    """A cost as what becomes of the metric; markdown."""
    value, low, high = (plain(signed(-end)) for end in (cost.value, cost.high, cost.low))
    return say("**{value}** ({low} to {high})", value=value, low=low, high=high)


def _show_example(page: Page, card: HeadCard, example: Example) -> None:
    query, key = titles(page.dataset, [example.query, example.key])
    with st.container(gap=None):
        st.markdown(
            say(
                "**{weight}** from {query} **to** {key}",
                weight=percent(example.weight),
                query=plain(shortened(query, 70)),
                key=plain(shortened(key, 70)),
            )
        )
        st.page_link(
            "pages/attention.py",
            label=say("See it, {reader} {user}", user=plain(shortened(example.user, 30))),
            icon=":material/grid_view:",
            query_params=example_link(page, card, example),
        )


def example_link(page: Page, card: HeadCard, example: Example) -> dict[str, str]:
    """To the very cell, where the user's history still holds both articles."""
    link = page.link(user=example.user, item=None, layer=card.layer + 1, head=card.head + 1)
    if page.dataset.find_users(example.user, 1):
        history = [item for item in page.dataset.user(example.user).history if page.dataset.index([item])[0] >= 0]
        seen = history[-page.recommender.model.config.max_history :]
        if example.query in seen and example.key in seen:
            null = int(page.recommender.model.config.null_click)
            link["cell"] = f"{null + seen.index(example.query)}.{null + seen.index(example.key)}"
    return link


def show_alike(found: Heads) -> None:
    """Heads that look at the same, and how alike the closest are."""
    st.header(say("Which are alike?"), anchor=False)
    st.markdown(
        plain(alike_finding(found)),
        help=say(
            "Mean Jensen-Shannon distance of two heads' rows: 0 is the same map, 1 never the same "
            "{item}. Up to {same} they count as alike.",
            same=SAME,
        ),
    )


def alike_finding(found: Heads) -> str:
    """Groups of heads that look at the same, or how far apart the closest are."""
    if found.groups:
        groups = "; ".join(", ".join(amid(name_of(found, found.cards[at])) for at in group) for group in found.groups)
        return say("Looking at the same: {groups}.", groups=groups)
    distance = np.array(found.distances)
    if len(distance) < 2:
        return say("There is only one head.")
    np.fill_diagonal(distance, np.inf)
    one, other = sorted(divmod(int(distance.argmin()), len(distance)))
    names = say(" and ").join(amid(name_of(found, found.cards[at])) for at in (one, other))
    return say(
        "No two heads look at the same. The closest, {names}, are {distance:.2f} apart.",
        names=names,
        distance=distance[one, other],
    )


def show_removal(page: Page, found: Heads) -> None:
    """Which heads could go, and what that costs together."""
    st.header(say("Which could be removed?"), anchor=False)
    if found.accuracy is None:
        st.caption(say("Not known: the dataset has no labelled dev split to rank."))
        return
    places = {name_of(found, card): (card.layer, card.head) for card in found.cards}
    chosen = st.pills(
        say("Heads off"),
        list(places),
        default=[name_of(found, card) for card in cheapest(found)],
        selection_mode="multi",
        format_func=lambda name: name.removeprefix(say("Head ")),
        key="off",
        help=say("At first: the cheaper half of the heads whose loss alone is within noise. Choose others to try."),
    )
    off = tuple(sorted(places[name] for name in chosen))
    if not off:
        st.caption(say("Choose heads to switch off together."))
        return
    cost = _cost_without(page.model_run.run, (page.dataset_name, page.dataset.fingerprint), off, found.seed)
    if cost is not None:
        st.markdown(removal_finding(list(chosen), cost))
    if found.cost_of_all is not None:
        st.caption(
            say(
                "All heads off at once: {change}. What is left is each {item}'s own text and how much it counts.",
                change=_change(found.cost_of_all),
            )
        )


def cheapest(found: Heads) -> list[HeadCard]:
    """Heads that ranking does without, as far as intervals can tell; the cheaper half of all heads at most."""
    spare = [card for card in found.cards if card.cost is not None and card.cost.low <= 0]
    spare.sort(key=lambda card: card.cost.value if card.cost else 0.0)
    return sorted(spare[: max(1, len(found.cards) // 2)], key=lambda card: (card.layer, card.head))


def removal_finding(names: list[str], cost: Interval) -> str:
    """What it costs to switch heads off together; markdown."""
    worst = say("That is within noise; up to {high} may be lost.", high=figure(max(cost.high, 0.0)))
    beyond = worst if cost.low <= 0 else say("Ranking needs them.")
    listed = ", ".join(name.removeprefix(say("Head ")) for name in names)
    without = (
        say("Without head {listed}", listed=listed) if len(names) == 1 else say("Without heads {listed}", listed=listed)
    )
    return say("{without} nDCG@10 changes by {change}. {beyond}", without=without, change=_change(cost), beyond=beyond)


@st.cache_data(max_entries=64, show_spinner=Later("Ranking without these heads …"))
def _cost_without(run: str, key: loads.Key, off: tuple[tuple[int, int], ...], seed: int) -> Interval | None:
    return cost_without(loads.recommender(run, key[0]), off, seed)
