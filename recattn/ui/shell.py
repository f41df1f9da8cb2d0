"""What every page has around it: the sidebar, the active model and dataset, friendly words when a thing is missing.

Every page runs alone: the first visitor of a fresh server may open any link, so nothing here relies on ``app.py``
having run before.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import streamlit as st

from recattn.config import home
from recattn.data.schema import DOMAINS
from recattn.data.store import Dataset, dataset_infos
from recattn.errors import RecAttnError, UnknownError
from recattn.jobs.registry import TITLE_LENGTH, Registry, Run
from recattn.jobs.run_folder import trained_on
from recattn.language import phrase, say
from recattn.types import User
from recattn.ui import loads
from recattn.ui.abandoned import release_abandoned_uploads
from recattn.ui.choice import Choice
from recattn.ui.first_start import show_training
from recattn.ui.language import choose_language, kept_language, language_of_visit, speak_for_visit
from recattn.ui.notices import show_error, show_next_step
from recattn.ui.wording import moment, plain, shortened

if TYPE_CHECKING:
    from recattn.recommender import Recommender

_SIDEBAR = 230  # pixels
_CHOSEN, _LATE_SECONDS = "last-choice", 3.0
_HERE = Path(__file__).parent

Needs = Literal["nothing", "dataset", "model"]


@dataclass(frozen=True)
class Entry:
    """One page of the app: where it is, what it is called, which question it answers, what it cannot do without."""

    path: str
    title: str
    icon: str
    question: str
    needs: Needs = "nothing"


PAGES = {
    "home": Entry(
        "app.py", phrase("Start"), ":material/home:", phrase("See why {kind:a} recommender picks what it picks.")
    ),
    "recommendations": Entry(
        "pages/recommendations.py",
        phrase("Recommendations"),
        ":material/recommend:",
        phrase("What does this person get, and roughly why?"),
        "model",
    ),
    "attention": Entry(
        "pages/attention.py",
        phrase("Attention"),
        ":material/grid_view:",
        phrase("What does each head look at?"),
        "model",
    ),
    "explanation": Entry(
        "pages/explanation.py",
        phrase("Explanation"),
        ":material/balance:",
        phrase("Why this item, and why above that one?"),
        "model",
    ),
    "what_if": Entry(
        "pages/what_if.py",
        phrase("What if"),
        ":material/edit_note:",
        phrase("What if they had {read} something else?"),
        "model",
    ),
    "heads": Entry("pages/heads.py", phrase("Heads"), ":material/hub:", phrase("What is each head for?"), "model"),
    "trust": Entry(
        "pages/trust.py", phrase("Trust"), ":material/verified:", phrase("Can I believe these pictures?"), "model"
    ),
    "compare": Entry(
        "pages/compare.py",
        phrase("Compare"),
        ":material/compare_arrows:",
        phrase("Which model, and what changed?"),
        "model",
    ),
    "data": Entry(
        "pages/data.py", phrase("Data"), ":material/database:", phrase("What is in here, and is it sound?"), "dataset"
    ),
    "admin": Entry("pages/admin.py", phrase("Admin"), ":material/settings:", phrase("Make and run models.")),
}


@dataclass(frozen=True)
class Page:
    """What a page gets from the shell: what the link chose, and what is there to show it with."""

    name: str
    choice: Choice
    run: Run | None
    dataset_name: str

    @property
    def dataset(self) -> Dataset:
        """The dataset that is shown, open."""
        return loads.dataset(self.dataset_name)

    @property
    def model_run(self) -> Run:
        """The run that answers.

        Raises:
            UnknownError: when there is none; pages that need a model never get here.
        """
        if self.run is None:
            raise UnknownError("There is no trained model.", remedy="Train one on the Admin page.")
        return self.run

    @property
    def recommender(self) -> "Recommender":
        """The model of the run, loaded once for all visitors."""
        return loads.recommender(self.model_run.run, self.dataset_name)

    @property
    def user(self) -> User:
        """The user of the link; without one, somebody worth opening on."""
        if self.choice.user:
            return self.dataset.user(self.choice.user)
        return self.dataset.user(loads.showcase(self.model_run.run, self.dataset_name)[0])

    def link(self, **changes: str | int | None) -> dict[str, str]:
        """Parameters of a link that keeps what was chosen, with some things changed."""
        return self.choice.params(**changes)

    def choose(self, **changes: str | int | None) -> None:
        """Put a choice into the address of this page. For callbacks of widgets."""
        before = st.query_params.to_dict()
        for name, value in changes.items():
            if value in (None, ""):
                st.query_params.pop(name, None)
            else:
                st.query_params[name] = str(value)
        st.session_state[_CHOSEN] = (before, st.query_params.to_dict(), time.monotonic())


def _keep_choice() -> None:
    """Put the last choice back into the address when a message that left before the browser knew it came after it.

    A browser sends its address with each message; a table's selection for instance is sent a moment late, with the
    address of before, and would take back what was chosen in between.
    """
    before, chosen, when = st.session_state.get(_CHOSEN, ({}, {}, 0.0))
    if time.monotonic() - when < _LATE_SECONDS and st.query_params.to_dict() == before != chosen:
        st.query_params.from_dict(chosen)
        del st.session_state[_CHOSEN]  # who goes back twice means it


@contextmanager
def open_page(name: str) -> Iterator[Page]:
    """Draw the frame of a page and hand over what its link chose; say so kindly when something is missing.

    The first call of every page, as ``with open_page("attention") as page:``.
    """
    entry = PAGES[name]
    loads.sweep_once(str(home()))
    release_abandoned_uploads()
    _keep_choice()
    language_of_visit()  # puts it into the address, from which the page reads its choices
    page, problem = _page(name)
    speak_for_visit(_domain(page))
    st.set_page_config(f"{say(entry.title)} · RecAttn", _HERE / "icon.svg", "wide", initial_sidebar_state=_SIDEBAR)
    st.html(_HERE / "page.css")
    _draw_sidebar(page)
    _draw_heading(page, entry)
    if problem:
        _show_problem(entry, problem)
        st.stop()
    _stop_without(entry.needs, page)
    if entry.needs == "model":
        _tell_of_changed_data(page)
    try:
        yield page
    except RecAttnError as error:
        _show_problem(entry, error)


def _show_problem(entry: Entry, error: RecAttnError) -> None:
    show_error(error)
    if st.query_params:
        st.page_link(
            entry.path,
            label=say("Open this page without the link's choices"),
            icon=":material/restart_alt:",
            query_params=kept_language(),
        )


def _page(name: str) -> tuple[Page, RecAttnError | None]:
    """The page as its link asks for; with a problem, an empty one that can still be framed."""
    choice = Choice()
    try:
        choice = Choice.from_params(st.query_params.to_dict())
        run = Registry().run(choice.run) if choice.run else Registry().active()
        return Page(name, choice, run, _dataset_name(PAGES[name].needs, choice, run)), None
    except RecAttnError as error:
        return Page(name, Choice(), None, ""), error


def _domain(page: Page) -> str:
    """What the dataset's items are; news where there is none, or it can't be opened: that is told later."""
    try:
        return page.dataset.info.domain if page.dataset_name else DOMAINS[0]
    except RecAttnError:
        return DOMAINS[0]


def _dataset_name(needs: Needs, choice: Choice, run: Run | None) -> str:
    """A model answers on its own dataset; other pages may look at any, and start with the model's."""
    if run and (needs == "model" or not choice.dataset):
        return run.dataset
    names = [info.name for info in dataset_infos()]
    return choice.dataset or (names[0] if names else "")


def _draw_sidebar(page: Page) -> None:
    st.logo(_HERE / "logo.svg", size="large", icon_image=_HERE / "icon.svg")
    with st.sidebar:
        for entry in PAGES.values():
            st.page_link(entry.path, label=say(entry.title), icon=entry.icon, query_params=page.link(cell=None) or None)
        choose_language()


def _draw_heading(page: Page, entry: Entry) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        with st.container(horizontal=True, vertical_alignment="bottom", width="content"):
            st.title(say(entry.title), anchor=False, width="content")
            st.caption(say(entry.question), width="content")
        st.caption(about(page), width="content")


def about(page: Page) -> str:
    """The model and the dataset that are shown, in one quiet line of markdown."""
    model = plain(run_label(page.run)) if page.run else say("none yet")
    return say(
        "Model: {model}  ·  Dataset: {dataset_name}",
        model=model,
        dataset_name=plain(page.dataset_name) or say("none yet"),
    )


def run_label(run: Run) -> str:
    """A run's name for people: the one it was given, or what was trained and when; not its id."""
    made = f"{run.preset}, {moment(run.created)}"
    return shortened(run.title, TITLE_LENGTH) or shortened(made, TITLE_LENGTH)  # a file may bring longer ones


def _tell_of_changed_data(page: Page) -> None:
    """Say so when the model was trained on other data than the dataset holds now. One that is gone is told later."""
    then = trained_on(page.model_run.folder)
    try:
        now = page.dataset.fingerprint
    except RecAttnError:
        return
    if then not in ("", now):
        st.warning(
            say(
                "**The dataset {dataset_name} has changed since this model was trained.** What the model "
                "says is about the data as it is now; its figures were measured on the former data. Evaluate "
                "it again, or train a new one, on the Admin page.",
                dataset_name=plain(page.dataset_name),
            ),
            icon=":material/sync_problem:",
        )


def _stop_without(needs: Needs, page: Page) -> None:
    """Say what to do next, and end the page, when what it needs is not there."""
    if needs == "nothing" or (page.dataset_name and (page.run or needs == "dataset")):
        return
    if not page.dataset_name:
        text = say(
            "Nothing has been imported. The start page loads the sample, a small world of made-up news, with one click."
        )
        show_next_step(say("No data yet"), text, "app.py", say("Go to the start page"))
    elif not show_training():
        text = say("There is data but no finished model. Train one on the Admin page; the sample takes about a minute.")
        show_next_step(say("No trained model yet"), text, "pages/admin.py", say("Go to Admin"))
    st.stop()
