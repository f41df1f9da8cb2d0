"""Tables for people: headings in the language spoken, while the code and the files keep theirs in English."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from recattn.explanation.methods import METHODS
from recattn.figures.text import shortened
from recattn.language import phrase, say

_TALL_ROW = 66  # pixels; beyond 64 long texts wrap
_HEADING = 37  # pixels
_THREE_LINES = {"Title": 60, "What adds most": 50}  # characters of a text that has three lines of a tall row
BY_KEYS = phrase("A row is chosen by its box; by keys, arrows move and Shift + Space chooses.")
_HEADINGS = {  # what a column is called in the code -> what is read above it
    "A less B": phrase("A less B"),
    "Abstract": phrase("Abstract"),
    "Adds": phrase("Adds"),
    "After": phrase("After"),
    "All": phrase("All"),
    "Answers": phrase("Answers"),
    "Articles read": phrase("{Items} {read}"),
    "Asks the model": phrase("Asks the model"),
    "Back": phrase("Back"),
    "Before": phrase("Before"),
    "Begun": phrase("Begun"),
    "Better is": phrase("Better is"),
    "Beyond noise": phrase("Beyond noise"),
    "Both at once": phrase("Both at once"),
    "By itself": phrase("By itself"),
    "Category": phrase("{Category}"),
    "Clicked": phrase("Clicked"),
    "Clicks seen": phrase("Clicks seen"),
    "Dataset": phrase("Dataset"),
    "Each alone, summed": phrase("Each alone, summed"),
    "Effect": phrase("Effect"),
    "File": phrase("File"),
    "First seen": phrase("First seen"),
    "For": phrase("For"),
    "From": phrase("From"),
    "Genre": phrase("Genre"),
    "History adds": phrase("History"),
    "Impression": phrase("Impression"),
    "In A": phrase("In A"),
    "In B": phrase("In B"),
    "Last seen": phrase("Last seen"),
    "Left out because of": phrase("Left out because of"),
    "Line": phrase("Line"),
    "Looked at": phrase("Looked at"),
    "Looks at": phrase("Looks at"),
    "Made": phrase("Made"),
    "Method": phrase("Method"),
    "Metric": phrase("Metric"),
    "Model": phrase("Model"),
    "Of the lists": phrase("Of the lists"),
    "One": phrase("One"),
    "Other": phrase("Other"),
    "Outcome": phrase("Outcome"),
    "Picture": phrase("Picture"),
    "Puts first": phrase("Puts first"),
    "Rank": phrase("Rank"),
    "Rank in row": phrase("Rank in row"),
    "Ranking by": phrase("Ranking by"),
    "Read": phrase("{Read}"),
    "Read before": phrase("{Read} before"),
    "Read last": phrase("{Read} last"),
    "Reader": phrase("{Reader}"),
    "Reason": phrase("Reason"),
    "Rows": phrase("Rows"),
    "Rows read": phrase("Rows read"),
    "Same order": phrase("Same order"),
    "Same top 3": phrase("Same top 3"),
    "Score": phrase("Score"),
    "Setting": phrase("Setting"),
    "Shown": phrase("Shown"),
    "Size": phrase("Size"),
    "Split": phrase("Split"),
    "State": phrase("State"),
    "Subcategory": phrase("Subcategory"),
    "Text": phrase("Text"),
    "Through": phrase("Through"),
    "Time": phrase("Time"),
    "Title": phrase("Title"),
    "To": phrase("To"),
    "To what": phrase("To what"),
    "Together": phrase("Together"),
    "What": phrase("What"),
    "What adds most": phrase("What adds most"),
    "What came of it": phrase("What came of it"),
    "What it asks": phrase("What it asks"),
    "What it claims": phrase("What it claims"),
    "What it is": phrase("What it is"),
    "What it means": phrase("What it means"),
    "What it says": phrase("What it says"),
    "When": phrase("When"),
    "Which means": phrase("Which means"),
    "Who": phrase("Who"),
    "Work": phrase("Work"),
    "Year": phrase("Year"),
    "file": phrase("File"),
    "line": phrase("Line"),
    "reason": phrase("Reason"),
    "text": phrase("Text"),
} | {method.title: method.title for method in METHODS.values()}


def heading(column: str) -> str:
    """What is read above a column; a column whose name is data keeps it."""
    return say(_HEADINGS[column]) if column in _HEADINGS else column


def fitting(texts: Iterable[str], most: int = 118) -> int:
    """Pixels in which short texts like categories stand whole; what longer ones may take at most.

    >>> fitting(["sports", "news"]), fitting(["Documentary"]), fitting(["Children's Science Fiction"])
    (68, 89, 118)
    """
    return min(most, max(68, round(5.9 * max(map(len, texts), default=0)) + 24))


def show_frame(
    frame: pd.DataFrame, *, column_config: Mapping[str, Any] | None = None, tall: bool = False, **options: Any
) -> Any:
    """Draw a table as ``st.dataframe`` does, with headings for people; a label in its configuration comes first.

    What is not known stays empty.

    Args:
        frame: what is shown.
        column_config: as of ``st.dataframe``.
        tall: up to ten rows of three lines each, in which most titles stand whole where the window is narrow.
        options: as of ``st.dataframe``.
    """
    if tall:
        cut = {
            name: [shortened(text, most) for text in frame[name]]
            for name, most in _THREE_LINES.items()
            if name in frame
        }
        frame = frame.assign(**cut)
        options |= {"row_height": _TALL_ROW, "height": _HEADING + _TALL_ROW * max(1, min(10, len(frame)))}
    given = column_config or {}
    labels = {column: heading(column) for column in frame.columns if isinstance(column, str)}
    config: dict[str, Any] = {
        column: {**given.get(column, {}), "label": given.get(column, {}).get("label") or label}
        for column, label in labels.items()
        if column
    }
    return st.dataframe(frame, column_config={**given, **config}, placeholder="", **options)


def choose_in_frame(frame: pd.DataFrame, *, key: str, first: int | None = None, **options: Any) -> int | None:
    """Draw a table of which one row can be chosen; returns its number.

    By mouse a row is chosen with its box. Keys need a cell to start from, which the table itself gives to clicks only:
    so one is marked from the beginning, the arrows move from there, and Shift + Space chooses its row.

    Args:
        frame: what is shown.
        key: of the widget.
        first: the row chosen at first, and whenever none is; None: none has to be.
        options: as of ``show_frame``.
    """
    cells = [(first or 0, next(name for name in frame if name))] if len(frame) else []
    state = show_frame(
        frame,
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode=["single-row" if first is None else "single-row-required", "single-cell"],
        selection_default={"selection": {"rows": [] if first is None or not len(frame) else [first], "cells": cells}},
        **options,
    )
    rows = [row for row in state.selection.rows if row < len(frame)]
    return rows[0] if rows else first
