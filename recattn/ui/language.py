"""Which language a visit is in: what the link says, else what the browser prefers; and the switch in the sidebar."""

import streamlit as st

from recattn.language import LANGUAGES, Speech, say, speak

PARAMETER = "lang"
_SPEECH = "speech"  # in the session, for parts of a page that run by themselves


def language_of_visit() -> str:
    """The language of the link. An empty link leaves it to the browser; one that chose something is in English."""
    asked = st.query_params.get(PARAMETER, "")
    if asked in LANGUAGES:
        return asked
    preferred = str(st.context.locale or "").lower().split("-")[0]
    if st.query_params or preferred not in LANGUAGES or preferred == "en":
        return "en"
    st.query_params[PARAMETER] = preferred  # so that this address and the links on the page keep it
    return preferred


def speak_for_visit(domain: str) -> None:
    """From now on, texts of this page are in the visit's language and the domain's words."""
    st.session_state[_SPEECH] = speak(language_of_visit(), domain)


def speak_as_before() -> None:
    """For what runs without its page (a part that refreshes itself, a dialog): as the page spoke."""
    speak(*st.session_state.get(_SPEECH, Speech()))


def kept_language() -> dict[str, str] | None:
    """Parameters of a link that carries the language and nothing else."""
    language = language_of_visit()
    return None if language == "en" else {PARAMETER: language}


def choose_language() -> None:
    """Draw the switch, where there is more than one language."""
    if len(LANGUAGES) < 2:
        return
    now = language_of_visit()
    key = f"language-{now}"

    def changed() -> None:
        st.query_params[PARAMETER] = st.session_state[key]

    st.selectbox(
        say("Language"),
        list(LANGUAGES),
        list(LANGUAGES).index(now),
        format_func=LANGUAGES.__getitem__,
        key=key,
        on_change=changed,
    )
