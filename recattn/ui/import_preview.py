"""A preview of an import, drawn: what was recognised, how it begins, and what is wrong with it."""

import pandas as pd
import streamlit as st

from recattn.data.preview import Preview, PreviewedImpression
from recattn.data.recognised import SOURCES
from recattn.language import grouped, phrase, say
from recattn.ui.tables import show_frame
from recattn.ui.wording import counted, moment, plain, reasons, shortened

SPLITS = {"train": phrase("Training"), "dev": phrase("Evaluation"), "test": phrase("Test")}
_LAYOUTS = (  # what a preview calls them
    phrase("News in MIND's layout"),
    phrase("Films in the layout of MovieLens"),
    phrase("Music in the layout of Last.fm 1K"),
    phrase("Music in the layout of Last.fm hetrec2011"),
    phrase("Products in the layout of Amazon reviews"),
)
_FAULTS = 3


def show_preview(preview: Preview) -> None:
    """Everything a person should see before saying yes."""
    _show_counts(preview)
    _show_problems(preview)
    articles, impressions, files = st.tabs([say("First articles"), say("First impressions"), say("Files")])
    with articles:
        _table(articles_frame(preview), say("The first articles of the training data"))
    with impressions:
        _table(impressions_frame(preview), say("The first impressions of the training data"))
    with files:
        _table(files_frame(preview), say("The files of this import"))


def _show_counts(preview: Preview) -> None:
    about = "" if preview.whole else "≈ "
    with st.container(horizontal=True, gap="large"):
        st.metric(say("Articles"), f"{about}{grouped(preview.n_articles)}", width="content")
        st.metric(say("Impressions"), f"{about}{grouped(preview.n_impressions)}", width="content")
        st.metric(say("Size"), _sized(sum(file.size for file in preview.files)), width="content")
    st.caption(" ".join(summary(preview)))


def summary(preview: Preview) -> list[str]:
    """What was recognised, in sentences."""
    said = [f"{say(preview.layout)}: {', '.join(say(SPLITS[split]) for split in preview.labelled)}."]
    if preview.format in SOURCES:
        said.append(say("The last one of each person with three or more will be kept aside for evaluation."))
    elif preview.held_out:
        said.append(say("No evaluation data is given, so the last day of the training data will be kept aside for it."))
    for split, labelled in preview.labelled.items():
        if not labelled:
            said.append(say("{split}: the data does not say what was clicked.", split=say(SPLITS[split])))
    if not preview.whole:
        said.append(say("Only the beginning of each file was read; the numbers are reckoned from it."))
    return said


def _show_problems(preview: Preview) -> None:
    seen = sum(file.rows_seen for file in preview.files)
    if preview.faults:
        said = [plain(shortened(fault, 600)) for fault in preview.faults[:_FAULTS]]
        end = "" if preview.whole else say(" It looks so from the beginning of the files.")
        st.error("\n\n".join([say("**This import would be refused.**{end}", end=end), *said]), icon=":material/error:")
    elif preview.rejected:
        text = say(
            "**Left out of the {seen:,} rows that were read:** {reasons}. The rest is kept.",
            seen=seen,
            reasons=plain(reasons(preview.rejected)),
        )
        st.warning(text, icon=":material/warning:")
    else:
        st.success(say("No problem in the {seen:,} rows that were read.", seen=seen), icon=":material/check:")
    if preview.problems:
        st.caption(say("The first of them, with file and line:"))
        _table(
            pd.DataFrame([dict(row) for row in preview.problems]).rename(columns=str.capitalize),
            say("The first problems"),
        )


def articles_frame(preview: Preview) -> pd.DataFrame:
    """The first articles."""
    return pd.DataFrame(
        [
            {"Title": one.title, "Category": one.category, "Abstract": shortened(one.abstract, 200)}
            for one in preview.articles
        ],
        columns=["Title", "Category", "Abstract"],
    )


def impressions_frame(preview: Preview) -> pd.DataFrame:
    """The first impressions, in titles."""
    rows = [
        {
            "Reader": one.reader,
            "Time": moment(one.time) or say("unknown"),
            "Read last": shortened(one.read[0], 80) if one.read else say("nothing"),
            "Read before": len(one.read),
            "Shown": one.shown,
            "Clicked": _clicked(one),
        }
        for one in preview.impressions
    ]
    return pd.DataFrame(rows, columns=["Reader", "Time", "Read last", "Read before", "Shown", "Clicked"])


def _clicked(one: PreviewedImpression) -> str:
    if one.clicked is None:
        return say("unknown")
    return "; ".join(shortened(title, 60) for title in one.clicked[:3]) or say("nothing")


def files_frame(preview: Preview) -> pd.DataFrame:
    """What each file is, and how much of it was read."""
    rows = [
        {
            "For": say(SPLITS[file.split]),
            "File": file.name.rpartition("/")[2],
            "Size": _sized(file.size),
            "Rows": grouped(file.rows) if file.whole else f"≈ {grouped(file.rows)}",
            "Looked at": say("all") if file.whole else say("the first {n_rows}", n_rows=counted(file.rows_seen, "row")),
        }
        for file in preview.files
    ]
    return pd.DataFrame(rows)


def _sized(count: int) -> str:
    """Bytes in the unit that suits them.

    >>> _sized(900), _sized(1_062_892), _sized(2_500_000_000)
    ('1 kB', '1.1 MB', '2.5 GB')
    """
    if count < 10**6:
        return f"{-(-count // 1000)} kB"
    return f"{count / 10**6:,.1f} MB" if count < 10**9 else f"{count / 10**9:,.1f} GB"


def _table(frame: pd.DataFrame, alt: str) -> None:
    show_frame(frame, hide_index=True, alt=alt)
