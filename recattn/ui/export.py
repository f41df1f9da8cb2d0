"""Tables as CSV that a spreadsheet shows as text and never runs, and records as JSON."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from recattn.language import say

_ACTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The table as CSV for spreadsheets: UTF-8 with a mark, and no cell or heading that could act as a formula.

    >>> csv_bytes(pd.DataFrame({"title": ["=1+1", "Storm"], "score": [-0.5, 1.0]})).decode("utf-8-sig").split()
    ['title,score', "'=1+1,-0.5", 'Storm,1.0']
    """
    texts = {
        str(name): column.map(_inert)
        for name, column in frame.items()
        if not pd.api.types.is_numeric_dtype(column.dtype)
    }
    return frame.assign(**texts).rename(columns=_inert).to_csv(index=False).encode("utf-8-sig")


def _inert(value: object) -> object:
    return "'" + value if isinstance(value, str) and value.lstrip(" ").startswith(_ACTS) else value


def offer_csv(frame: pd.DataFrame, name: str) -> None:
    """A small button that saves the table that is shown."""
    st.download_button(
        "CSV",
        lambda: csv_bytes(frame),
        f"{name}.csv",
        "text/csv",
        key=f"csv-{name}",
        help=say("Save this table. Cells that a spreadsheet would run as a formula begin with an apostrophe."),
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def offer_json(record: Mapping[str, Any], name: str) -> None:
    """A small button that saves what is shown, all of it, as other programs read it."""
    st.download_button(
        "JSON",
        lambda: json.dumps(record, indent=2, ensure_ascii=False).encode(),
        f"{name}.json",
        "application/json",
        key=f"json-{name}",
        help=say("Save all of this for other programs."),
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
