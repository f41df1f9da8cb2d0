"""What a page says when something is missing or wrong: what it is, and what to do next. Never a traceback."""

import streamlit as st

from recattn.config import home
from recattn.errors import RecAttnError
from recattn.language import say, spoken
from recattn.ui.language import kept_language
from recattn.ui.wording import plain, shortened


def show_error(error: RecAttnError) -> None:
    """The error in three parts: what was given, what is allowed, what to do."""
    parts = (error.given, error.allowed, error.remedy) if error.given else (str(error),)
    first, *rest = [plain(shortened(without_home(part), 400)) for part in parts if part]
    told = [] if spoken().language == "en" else [say("This did not work. The program says, in English:")]
    st.error("\n\n".join([*told, f"**{first}**", *rest]), icon=":material/error:")


def without_home(text: str) -> str:
    """Words that may name files of ours, for visitors: the same without the place where these lie."""
    return text.replace(str(home()), "RECATTN_HOME")


def show_next_step(title: str, text: str, page: str, label: str, icon: str = ":material/arrow_forward:") -> None:
    """An empty state: what is missing in one sentence, and the one link that leads on."""
    with st.container(border=True, gap="small"):
        st.header(title, anchor=False)
        st.write(text)
        st.page_link(page, label=label, icon=icon, query_params=kept_language())
