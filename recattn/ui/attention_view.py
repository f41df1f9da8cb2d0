"""The attention page's parts: switches, all heads small, one head large, a cell in words, the sum check."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from jaxtyping import Int

from recattn.errors import UnknownError
from recattn.figures.grids import Grid, row_ranks
from recattn.figures.heatmap import finding, head_figure
from recattn.language import ordinal, phrase, say
from recattn.types import Array
from recattn.ui.head_grid import Tile, show_heads
from recattn.ui.shell import Page
from recattn.ui.subject import Subject, unit_order
from recattn.ui.views import VIEWS, View, available, head_cells, head_hint, large_grid, limit_of
from recattn.ui.wording import counted, figure, percent, plain, signed

BY_NUMBER, BY_SPREAD, BY_ADDS = phrase("number"), phrase("spread"), phrase("adds")
_LARGE = "large"
_PER_ROW = 3  # heads beside each other where there is one layer; with more, a column is a layer


@dataclass(frozen=True)
class Shown:
    """What the switches say, and which head is large; layer and head count from 0."""

    view: View
    order: Int[Array, " unit"]
    sort: str
    own_scale: bool
    layer: int
    head: int


def choose_view(page: Page, subject: Subject) -> Shown:
    """Draw the switches above the figures."""
    layer, head = _chosen_head(page, subject)
    names = available(subject)
    view = (
        names[0]
        if len(names) == 1
        else st.segmented_control(
            say("Show what a head"),
            names,
            default=names[0],
            required=True,
            format_func=say,
            key="view",
            bind="query-params",
            help=say(
                "**Looks at**: its attention. **Adds**: its exact part of the score, with attention and "
                "pooling held at the values they took. **Effect**: the experiment. One look is blocked and "
                "the rest follows; the bars below leave the whole {item} out."
            ),
        )
    )
    order = st.segmented_control(
        say("Order by"),
        subject.orders,
        default=subject.orders[0],
        required=True,
        format_func=say,
        key="order",
        bind="query-params",
        help=say(
            "**Time**: newest first. **{Category}**: most {read} first. **Weight**: what this head looks at most first."
        ),
    )
    sorts = [BY_NUMBER, BY_SPREAD] + [BY_ADDS] * (subject.adds is not None)
    sort = st.segmented_control(
        say("Heads by"),
        sorts,
        default=BY_NUMBER,
        required=True,
        format_func=say,
        key="sort",
        bind="query-params",
        help=say("**Spread**: heads that look at few {items} first. **Adds**: heads that move the score most first."),
    )
    own_scale = st.toggle(
        say("Own scale"),
        key="own",
        bind="query-params",
        help=say(
            "Off: one colour scale for all heads, so that they can be compared. On: each head by itself, "
            "so that faint heads can be read; its scale ends at its strongest cell."
        ),
    )
    units = unit_order(subject, order or subject.orders[0], layer, head)
    return Shown(VIEWS[view or names[0]], units, sort or BY_NUMBER, own_scale, layer, head)


def _chosen_head(page: Page, subject: Subject) -> tuple[int, int]:
    """The head of the link; without one, the head that moves the score most, or looks at least at once."""
    layer, head = page.choice.layer or 1, page.choice.head
    if layer > subject.layers or (head or 1) > subject.heads:
        raise UnknownError(
            f"The link asks for head {head or 1} of layer {layer}.",
            f"There are {counted(subject.layers, 'layer')} with {counted(subject.heads, 'head')} each.",
            "Choose one of the heads shown.",
        )
    if head is None:
        strongest = subject.spreads[layer - 1].argmin() if subject.adds is None else np.abs(subject.adds).argmax()
        return layer - 1, int(strongest)
    return layer - 1, head - 1


def show_all_heads(page: Page, subject: Subject, shown: Shown) -> None:
    """All heads small; a click makes one large."""
    drawn = _ordered(subject, shown.sort)
    grids = {pair: _cells(subject, shown, *pair) for pair in drawn}
    limit = max(map(limit_of, grids.values()))
    tiles = [
        Tile(
            layer + 1,
            head + 1,
            f"{head + 1}" if subject.layers == 1 else f"{layer + 1}·{head + 1}",
            head_hint(subject, layer, head),
            cells,
            limit_of(cells) if shown.own_scale else limit,
            (layer, head) == (shown.layer, shown.head),
        )
        for (layer, head), cells in grids.items()
    ]
    columns = subject.layers if subject.layers > 1 else _PER_ROW
    label = say("All {n_heads}; choose one to see it large", n_heads=counted(len(tiles), "head"))
    show_heads(tiles, columns, shown.view.signed, label, lambda layer, head: page.choose(layer=layer, head=head))
    layers = say("A column is a layer, 1 to {layers}. ", layers=subject.layers) if subject.layers > 1 else ""
    st.caption(layers + _scale_note(shown, limit))


def _ordered(subject: Subject, sort: str) -> list[tuple[int, int]]:
    """Heads as they stand in the grid, row by row; with several layers each column is sorted by itself."""
    ranks = [_sorted_heads(subject, layer, sort) for layer in range(subject.layers)]
    return [(layer, ranks[layer][row]) for row in range(subject.heads) for layer in range(subject.layers)]


def _sorted_heads(subject: Subject, layer: int, sort: str) -> list[int]:
    if sort == BY_SPREAD:
        keys = subject.spreads[layer]
    elif sort == BY_ADDS and subject.adds is not None:
        keys = -np.abs(subject.adds)
    else:
        keys = np.arange(subject.heads)
    return np.argsort(keys, kind="stable").tolist()


def _cells(subject: Subject, shown: Shown, layer: int, head: int) -> Array:
    cells = head_cells(subject, shown.view, layer, head)
    drawn = np.zeros_like(subject.attention[layer, head]) if cells is None else cells
    return drawn[np.ix_(shown.order, shown.order)]


def _scale_note(shown: Shown, limit: float) -> str:
    if shown.own_scale:
        return say("Each head on its own colour scale: compare cells within a head, not heads with each other.")
    end = signed(limit) if shown.view.signed else percent(limit)
    return say("One colour scale for all heads, up to {end}.", end=end)


def show_head(page: Page, subject: Subject, shown: Shown) -> None:
    """One head large, the sum check, and the cell that was clicked."""
    selected = _selected(page, subject)
    limit = _limit(subject, shown)
    grid = large_grid(subject, shown.view, shown.layer, shown.head, shown.order, limit, selected)
    st.caption(
        f"**{plain(head_hint(subject, shown.layer, shown.head))}.** {say(shown.view.sentence, unit=say(subject.unit))}"
    )
    st.plotly_chart(
        head_figure(grid, say(shown.view.rows_title), say(shown.view.columns_title)),
        key=_LARGE,
        on_select=lambda: _remember_cell(page),
        selection_mode="points",
        config={"displayModeBar": "hover", "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]},
        alt=finding(grid),
    )
    show_cell(grid)
    if shown.view.name == BY_ADDS:
        show_sum(subject, shown.head)


def _limit(subject: Subject, shown: Shown) -> float:
    """Where the colour scale ends: at the strongest cell of all heads, or of this one."""
    if shown.own_scale:
        return limit_of(_cells(subject, shown, shown.layer, shown.head))
    return max(limit_of(_cells(subject, shown, *pair)) for pair in _ordered(subject, BY_NUMBER))


def _selected(page: Page, subject: Subject) -> tuple[int, int] | None:
    cell = page.choice.cell
    return cell if cell is not None and max(cell) < len(subject.labels) else None


def _remember_cell(page: Page) -> None:
    """Put the clicked cell into the link; a redrawn figure reports an empty selection, which changes nothing."""
    points = st.session_state[_LARGE].selection.points
    hint = points[0].get("customdata") if points else None
    if isinstance(hint, list | tuple) and len(hint) >= 2 and all(str(unit).isdigit() for unit in hint[:2]):
        page.choose(cell=f"{hint[0]}.{hint[1]}")


def show_cell(grid: Grid) -> None:
    """The selected cell in words: both titles whole, weight, rank in its row, what it adds."""
    if grid.selected is None:
        st.caption(say("Click a cell for its numbers and titles in full."))
        return
    query, key = grid.selected
    weight = grid.cells if grid.weight is None else grid.weight
    rank = say(
        "the {ordinal} of {labels} in its row",
        ordinal=ordinal(int(row_ranks(weight)[query, key])),
        labels=len(grid.labels),
    )
    adds = (
        ""
        if grid.adds is None
        else say(" It adds **{adds}** to the score.", adds=plain(signed(float(grid.adds[query, key]))))
    )
    worth = "" if grid.effects is None else _worth(float(grid.effects[query, key]))
    text = say("looks at **{weight}**, {rank}, at", weight=percent(float(weight[query, key])), rank=rank)
    with st.container(border=True, key="cell"):
        st.markdown(f"{_named(grid, query)}  \n{text}  \n{_named(grid, key)}  \n{adds}{worth}")


def _worth(effect: float) -> str:
    way = say("falls") if effect >= 0 else say("rises")
    return say(
        " Were this one look blocked, the score {way} by **{effect}**.", way=way, effect=plain(figure(abs(effect)))
    )


def _named(grid: Grid, unit: int) -> str:
    return f"**{plain(grid.labels[unit])}** ({plain(grid.marks[unit])})"


def show_sum(subject: Subject, head: int) -> None:
    """The proof that nothing is left out: all parts beside the model's own score."""
    check = subject.check(head)
    if check is None:
        return
    parts = ", ".join(map(signed, (check.cells, check.other_heads, check.itself)))
    if check.popularity:
        parts = say("{parts}, popularity and age {adds}", parts=parts, adds=signed(check.popularity))
        sentence = phrase("Cells, bars below them, popularity and age add up to the score: {total:.3f} = {score:.3f}")
    else:
        sentence = phrase("The cells and the bars below them add up to the score: {total:.3f} = {score:.3f}")
    st.markdown(
        plain(say(sentence, total=check.total, score=check.score)),
        help=say(
            "Cells of this head, other heads, the {items} themselves: {parts}. Attention and pooling are "
            "held at the values they took. Difference: {gap:.1e}.",
            parts=plain(parts),
            gap=check.gap,
        ),
    )
