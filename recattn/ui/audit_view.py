"""Who did what: the latest lines of the audit log, for administrators only."""

from typing import Any

import pandas as pd
import streamlit as st

from recattn.errors import RecAttnError
from recattn.jobs import audit
from recattn.language import say
from recattn.ui.guard import may_act
from recattn.ui.notices import show_error
from recattn.ui.tables import show_frame
from recattn.ui.wording import moment, shortened

_COLUMNS = {"who": "Who", "where": "Through", "action": "What", "subject": "To what", "outcome": "Outcome"}


def show_audit(number: int = 50) -> None:
    """The latest actions of pages and shells, folded away."""
    if not may_act():
        return
    with st.expander(say("Who did what"), icon=":material/fact_check:"):
        try:
            found = audit.entries(number)
        except RecAttnError as error:
            show_error(error)
            return
        if not found:
            st.caption(say("Nobody has done anything yet."))
            return
        show_frame(audit_frame(found), hide_index=True, key="audit", alt=say("The latest actions, newest first"))
        st.caption(say("All of it: `python -m recattn audit -n 1000`, or `audit.jsonl` beside the data."))


def audit_frame(entries: list[dict[str, Any]]) -> pd.DataFrame:
    """One line an action, newest first."""
    rows = [
        {"When": moment(str(entry["time"]))}
        | {title: shortened(str(entry.get(name, "")), 80) for name, title in _COLUMNS.items()}
        for entry in entries
    ]
    return pd.DataFrame(rows)
