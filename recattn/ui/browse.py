"""Looking through a dataset: tables a page at a time, searched on the server, and what the import made of its files."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pandas as pd
import streamlit as st

from recattn.data.attributes import genres, year
from recattn.data.store import Dataset
from recattn.language import grouped, say
from recattn.types import DatasetInfo
from recattn.ui.details import kinds_of, picture_of
from recattn.ui.export import offer_csv, offer_json
from recattn.ui.reading import titles
from recattn.ui.tables import fitting, show_frame
from recattn.ui.wording import counted, moment, plain, shortened

ROWS = 25
_LISTED = 3  # titles named in a cell of a history

Fetch = Callable[[str, int, int], tuple[pd.DataFrame, int]]


def show_items(dataset: Dataset) -> None:
    """Articles, with search."""
    found = _choose_rows("items", "article", say("Title, {category} or text …"), dataset.page_items)
    table = items_frame(dataset, found)
    _show(
        "items",
        table,
        {
            "Picture": st.column_config.ImageColumn(width=60),
            "Title": st.column_config.TextColumn(width="large"),
            "Year": st.column_config.TextColumn(width=55),
            "Category": st.column_config.TextColumn(width=fitting(table["Category"], 170)),
            "Subcategory": st.column_config.TextColumn(width=120),
            "Abstract": st.column_config.TextColumn(width="large"),
            "Item_id": st.column_config.TextColumn(say("Id"), width=90),
        },
    )


def items_frame(dataset: Dataset, found: pd.DataFrame) -> pd.DataFrame:
    """Rows of items as people read them; who has a list of genres has them all in one column."""
    table = pd.DataFrame(
        {
            "Picture": [picture_of(address) for address in found["image_url"]],
            "Title": found["title"],
            "Year": found["attributes"].map(year),
            "Category": kinds_of(dataset, found["item_id"].tolist()),
            "Subcategory": found["subcategory"],
            "Abstract": found["abstract"],
            "Item_id": found["item_id"],
        }
    )
    return table.drop(columns="Subcategory") if found["attributes"].map(genres).any() else table


def show_users(dataset: Dataset) -> None:
    """Readers, with search."""
    found = _choose_rows("users", "reader", say("Part of an id …"), dataset.page_users)
    table = pd.DataFrame(
        {
            "Reader": found["user_id"],
            "Articles read": found["history_length"],
            "Clicks seen": found["n_clicks"],
            "First seen": found["first_time"],
            "Last seen": found["last_time"],
            "Read last": [_some(dataset, list(history)[::-1]) for history in found["history"]],
        }
    )
    _show(
        "users",
        table.dropna(axis="columns", how="all"),
        {
            "Reader": st.column_config.TextColumn(width=110),
            "Articles read": st.column_config.NumberColumn(
                width=100, help=say("Length of the history, all that is known")
            ),
            "Clicks seen": st.column_config.NumberColumn(width=95, help=say("Clicks in the impressions of all splits")),
            "First seen": _time_column(),
            "Last seen": _time_column(),
            "Read last": st.column_config.TextColumn(width="large", help=say("Newest first")),
        },
    )


def show_impressions(dataset: Dataset) -> None:
    """What was shown to whom, with search."""
    found = _choose_rows(
        "impressions", "impression", say("Part of {reader:a}'s or an impression's id …"), dataset.page_impressions
    )
    table = pd.DataFrame(
        {
            "Impression": found["impression_id"],
            "Split": found["split"],
            "Reader": found["user_id"],
            "Time": found["time"],
            "Read before": [len(history) for history in found["history"]],
            "Shown": [len(candidates) for candidates in found["candidates"]],
            "Clicked": [_clicked(dataset, clicked) for clicked in found["clicked"]],
        }
    )
    _show(
        "impressions",
        table.dropna(axis="columns", how="all"),
        {
            "Impression": st.column_config.TextColumn(width=95),
            "Split": st.column_config.TextColumn(width=60),
            "Reader": st.column_config.TextColumn(width=95),
            "Time": _time_column(),
            "Read before": st.column_config.NumberColumn(width=95, help=say("{Items} in the history at that moment")),
            "Shown": st.column_config.NumberColumn(width=65, help=say("Candidates that were shown")),
            "Clicked": st.column_config.TextColumn(width="large"),
        },
    )


def _choose_rows(name: str, noun: str, placeholder: str, fetch: Fetch) -> pd.DataFrame:
    """The search field and the pages; returns the rows of this page only."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            say("Search"), key=f"search-{name}", type="search", live="300ms", max_chars=100, placeholder=placeholder
        )
        text = (text or "").strip()
        _, total = fetch(text, 0, 1)
        pages = max(1, -(-total // ROWS))
        number = st.pagination(pages, key=f"page-{name}-{pages}-{text}") if pages > 1 else 1
    st.caption(f"{counted(total, noun)}" + (say(" with “{text}”", text=plain(shortened(text, 40))) if text else ""))
    return fetch(text, (number - 1) * ROWS, ROWS)[0]


def _show(name: str, table: pd.DataFrame, columns: dict[str, Any]) -> None:
    table = table.loc[:, [name for name in table if not table[name].isin(["", None]).all()]] if len(table) else table
    height = 37 + 35 * max(1, len(table))
    show_frame(
        table,
        hide_index=True,
        height=height,
        column_config=columns,
        alt=say("One page of {name}", name=name),
    )
    offer_csv(table, name)


def _time_column() -> Any:
    return st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width=130)


def _some(dataset: Dataset, item_ids: list[str]) -> str:
    """The first few titles in one line, and how many more there are."""
    named = "; ".join(shortened(title, 50) for title in titles(dataset, item_ids[:_LISTED]))
    more = len(item_ids) - _LISTED
    return say("{named} and {more:,} more", named=named, more=more) if more > 0 else named


def _clicked(dataset: Dataset, clicked: Any) -> str:
    if clicked is None or isinstance(clicked, float):
        return say("unknown")
    return _some(dataset, list(clicked)) or say("nothing")


def show_report(info: DatasetInfo) -> None:
    """What the import read, kept and left out, with line numbers."""
    st.markdown(
        say(
            "Made {created} from **{source}**: kept {n_items}, {n_readers}, {n_impressions} ({the_items}).",
            created=plain(moment(info.created)),
            source=plain(info.source),
            n_items=counted(info.items, "article"),
            n_readers=counted(info.users, "reader"),
            n_impressions=counted(info.impressions, "impression"),
            the_items=", ".join(f"{plain(split)} {grouped(count)}" for split, count in info.splits.items()),
        )
    )
    for note in info.notes:
        st.caption(plain(note))
    files = pd.DataFrame({"File": list(info.checksums), "sha256": list(info.checksums.values())})
    files.insert(1, say("Rows read"), [info.rows_read.get(name) for name in info.checksums])
    show_frame(
        files,
        hide_index=True,
        width="content",
        column_config={"Rows read": st.column_config.NumberColumn(format="localized")},
        alt=say("Files that were read, with rows and checksums"),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(say("The whole report:"), width="content")
        offer_json(asdict(info), "import-report")
        offer_csv(report_frame(info), "import-report")
    if not info.rejected:
        st.success(say("Every row was kept."), icon=":material/check:")
        return
    reasons = pd.DataFrame({"Left out because of": list(info.rejected), "Rows": list(info.rejected.values())})
    show_frame(reasons, hide_index=True, width="content", alt=say("Rows left out, by reason"))
    st.caption(say("The first of each, with file and line:"))
    rows = pd.DataFrame([dict(row) for row in info.rejected_rows])
    show_frame(rows, hide_index=True, alt=say("The first rows left out, with file, line, reason and text"))
    offer_csv(rows, "left-out")


def report_frame(info: DatasetInfo) -> pd.DataFrame:
    """The counts of an import report, one a row, for a spreadsheet."""
    kept = {"articles": info.items, "readers": info.users, "impressions": info.impressions}
    parts = {
        "kept": kept,
        "kept, by split": info.splits,
        "rows read": info.rows_read,
        "left out": info.rejected,
        "sha256": info.checksums,
    }
    rows = [(what, name, str(value)) for what, values in parts.items() for name, value in values.items()]
    return pd.DataFrame(rows, columns=["What", "Of", "Value"])
