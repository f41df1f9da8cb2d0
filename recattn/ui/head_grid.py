"""All heads of all layers at once, small: a canvas for each, one colour scale, a click chooses one."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from jaxtyping import Float

from recattn.types import Array

KEY = "heads"
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "recattn_heads",
    html='<div class="heads" role="group"></div>',
    css=(_HERE / "head_grid.css").read_text(),
    js=(_HERE / "head_grid.js").read_text(),
)


@dataclass(frozen=True)
class Tile:
    """One head as it is drawn: where it is, what is written under it, its hint, its cells in the order shown."""

    layer: int
    head: int
    name: str
    hint: str
    cells: Float[Array, "query key"]
    limit: float
    chosen: bool


def show_heads(
    tiles: list[Tile],
    columns: int,
    signed: bool,
    label: str,
    on_pick: Callable[[int, int], None],
    key: str = KEY,
) -> None:
    """Draw the tiles; ``on_pick`` hears of the layer and head that were clicked, both from 1. One key, one grid."""

    def picked() -> None:
        layer, head = _numbers(st.session_state[key].get("picked"))
        if any((tile.layer, tile.head) == (layer, head) for tile in tiles):
            on_pick(layer, head)

    data = {
        "tiles": [_as_data(tile, signed) for tile in tiles],
        "size": len(tiles[0].cells) if tiles else 0,
        "columns": columns,
        "signed": signed,
        "label": label,
    }
    _component(key=key, data=data, on_picked_change=picked)


def _numbers(picked: object) -> tuple[int, int]:
    """Layer and head out of "2.7"; what a browser sends is checked, whatever it is."""
    parts = str(picked).split(".")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return int(parts[0]), int(parts[1])
    return 0, 0


def _as_data(tile: Tile, signed: bool) -> dict[str, object]:
    cells = base64.b64encode(shades(tile.cells, tile.limit, signed).tobytes()).decode()
    return {
        "id": f"{tile.layer}.{tile.head}",
        "name": tile.name,
        "hint": tile.hint,
        "cells": cells,
        "chosen": tile.chosen,
    }


def shades(cells: Float[Array, "query key"], limit: float, signed: bool) -> np.ndarray:
    """Each cell's place on a scale of 256 colours: from 0 to the limit, or from -limit to +limit.

    >>> shades(np.array([[0.0, 0.5], [1.0, 2.0]]), 1.0, signed=False).tolist()
    [[0, 128], [255, 255]]
    >>> shades(np.array([[-1.0, 0.0], [0.5, 1.0]]), 1.0, signed=True).tolist()
    [[0, 128], [191, 255]]
    """
    share = cells / (limit or 1.0)
    place = (share + 1) / 2 if signed else share
    return np.clip(np.round(place * 255), 0, 255).astype(np.uint8)
