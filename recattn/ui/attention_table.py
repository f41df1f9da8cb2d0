"""The numbers of one head as a table, and as a file."""

import numpy as np
import pandas as pd
import streamlit as st

from recattn.language import say
from recattn.ui.attention_view import Shown
from recattn.ui.export import offer_csv
from recattn.ui.subject import Subject
from recattn.ui.tables import show_frame


def cells_frame(subject: Subject, shown: Shown) -> pd.DataFrame:
    """The numbers of the large figure, row by row in the order shown."""
    weight = subject.attention[shown.layer, shown.head]
    rows, columns = (side.ravel() for side in np.meshgrid(shown.order, shown.order, indexing="ij"))
    labels = np.array(subject.labels, dtype=object)
    frame = pd.DataFrame({"From": labels[rows], "To": labels[columns], "Looks at": weight[rows, columns]})
    frame["Rank in row"] = (
        frame.groupby(np.repeat(np.arange(len(labels)), len(labels)))["Looks at"]
        .rank(ascending=False, method="min")
        .astype(int)
    )
    if subject.cells is not None and shown.layer == subject.layers - 1:
        frame["Adds"] = subject.cells[shown.head][rows, columns]
    if subject.effects is not None and shown.layer == subject.layers - 1:
        frame["Effect"] = subject.effects[shown.head][rows, columns]
    return frame


def show_table(subject: Subject, shown: Shown) -> None:
    """The same numbers as a table, and as a file."""
    table = st.expander(say("The same numbers as a table"), icon=":material/table:", key="table", on_change="rerun")
    if not table.open:
        return
    with table:
        frame = cells_frame(subject, shown)
        show_frame(
            frame,
            hide_index=True,
            height=360,
            column_config={
                "From": st.column_config.TextColumn(say("From (row)"), width="large"),
                "To": st.column_config.TextColumn(say("To (column)"), width="large"),
                "Looks at": st.column_config.NumberColumn(
                    format="percent", width=90, help=say("Share of the row's attention")
                ),
                "Rank in row": st.column_config.NumberColumn(width=90, help=say("1 is what this row looks at most")),
                "Adds": st.column_config.NumberColumn(format="%+.4f", width=90, help=say("Exact part of the score")),
                "Effect": st.column_config.NumberColumn(
                    format="%+.4f", width=90, help=say("By how much the score falls when this one look is blocked")
                ),
            },
            alt=say("Every cell of the figure: from which {item}, to which, weight, rank, what it adds"),
        )
        offer_csv(frame, f"head-{shown.layer + 1}-{shown.head + 1}")
