"""A visitor without rights tries every action there is, from a page that still shows the buttons: all are refused."""

import ast
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from streamlit.testing.v1 import AppTest

from recattn.data.store import dataset_infos
from recattn.errors import RecAttnError
from recattn.jobs.audit import entries
from recattn.jobs.liveness import this_process
from recattn.jobs.password import hashed
from recattn.jobs.registry import Registry
from recattn.ui import login, runs_table
from recattn.ui.admin_sessions import AdminSessions
from recattn.ui.guard import Asking
from tests.jobs.conftest import eventually, queued_run, start_worker
from tests.pages.conftest import Open, words

__all__ = ["start_worker"]

ROOT = Path(__file__).parents[2]
CHANGING = ("recattn.jobs.starting", "recattn.jobs.archive", "recattn.data.importing", "recattn.data.writing")
OF_THE_REGISTRY = {"activate", "rename", "delete", "cancel", "requeue", "claim", "end"}
UNASKED = {("first_start.py", "train_sample_once")}  # the very first model, once, whoever comes first


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    made = hashed("four words that fit")
    monkeypatch.setenv("RECATTN_ADMIN_HASH", made)
    monkeypatch.setattr(login, "SESSIONS", AdminSessions())
    return made


def state() -> list[object]:
    """What an action could have changed."""
    jobs = [(job.run, job.state, job.active, job.title) for job in Registry().jobs()]
    return [jobs, sorted(info.name for info in dataset_infos())]


def forgetful() -> None:
    """The sections of the Admin page as if it had forgotten to lock them; each action must ask for itself."""
    from recattn.errors import RecAttnError
    from recattn.jobs.registry import Registry
    from recattn.ui.jobs_list import show_busy_jobs, show_ended_jobs
    from recattn.ui.notices import show_error
    from recattn.ui.runs_table import choose_run, show_run
    from recattn.ui.training_form import choose_training

    try:
        show_busy_jobs(True)
        show_run(choose_run(Registry().runs()), True)
        show_ended_jobs(True)
        choose_training("tiny", disabled=False)
    except RecAttnError as error:
        show_error(error)


def press_all(opened: Callable[[], AppTest]) -> set[str]:
    """Press every button, and those that appear in answer; returns the actions that were refused."""
    before, number = state(), 0
    while number < len((app := opened()).button):
        keys = [button.key for button in app.button]
        app.button[number].proto.disabled = False  # what is grey in a browser can be sent all the same
        app.button[number].click().run()
        assert not app.exception
        for position, button in enumerate(app.button):
            if button.key and button.key not in keys:  # a question whether to do it really
                app.button[position].click().run()
                assert not app.exception
        assert state() == before, f"{keys[number]} changed something"
        number += 1
    assert all(entry["outcome"] == "refused" and entry["who"].startswith("visitor from") for entry in entries(1000))
    return {entry["action"] for entry in entries(1000)}


def unlocked() -> AppTest:
    app = AppTest.from_function(forgetful, default_timeout=60)
    app.session_state["admin-session"] = "forged"
    return app.run()


def nothing_active() -> None:
    trained = Registry().active()
    assert trained is not None
    other = queued_run().run
    shutil.copytree(trained.folder, Registry().run(other).folder, ignore=lambda *_: ["job.json"], dirs_exist_ok=True)
    assert Registry().claim(other, this_process()) == "running"
    Registry().end(other, "finished", "")
    Registry().delete(other, even_active=True)
    assert Registry().active() is None


def test_a_finished_model_can_not_be_touched(password: str, run_id: str) -> None:
    nothing_active()
    assert {"train", "activate"} <= press_all(unlocked)


def test_a_failed_training_can_not_be_touched(password: str, run_id: str) -> None:
    nothing_active()
    failed = queued_run()
    assert Registry().claim(failed.run, this_process()) == "running"
    Registry().end(failed.run, "failed", "for the test")
    assert {"train", "resume"} <= press_all(unlocked)


def test_a_running_training_can_not_be_touched(
    password: str, run_id: str, start_worker: Callable[[str], "Popen[str]"]
) -> None:
    run = queued_run().run
    start_worker(run)
    eventually(lambda: Registry().run(run).state == "running")
    assert {"train", "cancel"} <= press_all(unlocked)


@pytest.mark.parametrize("page", ["pages/admin.py", "pages/trust.py", "pages/heads.py", "app.py"])
def test_no_button_of_a_page_that_was_left_open_works(page: str, password: str, run_id: str, open_page: Open) -> None:
    nothing_active()

    def left_open() -> AppTest:
        """Of somebody who was logged in, whose session has just ended: all buttons are still there."""
        app = open_page(page)
        token = login.SESSIONS.begin(password, time.time())
        app.session_state["admin-session"] = token
        app.run()
        login.SESSIONS.end(token)
        return app

    press_all(left_open)


def test_nothing_can_be_imported_into_an_empty_home(password: str, open_page: Open) -> None:
    press_all(lambda: open_page("app.py"))
    assert dataset_infos() == []


def measured(run: str, what: str) -> None:
    from recattn.ui import measurement

    measurement._start(run, what)


def loaded(run: str, what: str) -> None:
    from recattn.ui import first_start

    first_start._load_and_train()


def activated(run: str, what: str) -> None:
    from recattn.ui import runs_table

    runs_table._activate(run)


@pytest.mark.parametrize(
    ("action", "what"), [(measured, "heads"), (measured, "faithfulness"), (loaded, "import"), (activated, "activate")]
)
def test_what_a_button_calls_is_refused_without_the_button(
    action: Callable[[str, str], None], what: str, password: str, run_id: str
) -> None:
    nothing_active()
    before = state()
    app = AppTest.from_function(action, args=(run_id, what))
    app.session_state["admin-session"] = "forged"
    app.run(timeout=60)
    assert not app.exception
    assert "You may not do that" in words(app)
    assert state() == before
    (line,) = entries(10)
    assert (line["action"], line["outcome"]) == (what, "refused")


@pytest.mark.parametrize("page", ["pages/admin.py", "pages/trust.py", "pages/heads.py"])
def test_a_fresh_visitor_is_not_even_shown_them(page: str, password: str, run_id: str, open_page: Open) -> None:
    app = open_page(page)
    shown = {button.label for button in app.button if not button.disabled}
    assert not {"Delete", "Resume", "Cancel", "Start training", "Let this model answer", "Measure it"} & shown


def test_an_action_without_a_line_is_not_done(password: str, run_id: str, open_page: Open, recattn_home: Path) -> None:
    nothing_active()
    before = state()
    app = open_page("pages/admin.py")
    app.session_state["admin-session"] = login.SESSIONS.begin(password, time.time())
    app.run()
    (recattn_home / "audit.jsonl").mkdir()
    app.button(key="activate").click().run()
    assert "Nothing was done" in words(app)
    assert state() == before
    (recattn_home / "audit.jsonl").rmdir()
    app.button(key="activate").click().run()
    active, line = Registry().active(), entries(1)[0]
    assert active is not None and active.run == run_id
    assert (line["who"], line["where"], line["action"], line["subject"]) == ("admin", "page", "activate", run_id)


def test_a_file_that_is_made_after_its_page_asks_for_whom_it_was_offered(password: str, run_id: str) -> None:
    token = login.SESSIONS.begin(password, time.time())
    assert runs_table._zipped(run_id, Asking(None, {}, {}, token))
    login.SESSIONS.end(token)
    for late in (
        Asking(None, {}, {}, token),
        Asking(None, {}, {}, "forged"),
        Asking(None, {}, {"is_logged_in": True}, None),
    ):
        with pytest.raises(RecAttnError, match="You may not do that"):
            runs_table._zipped(run_id, late)
    assert [entry["outcome"] for entry in entries(10)] == ["refused"] * 3 + ["allowed"]


def changing_calls() -> Iterator[tuple[str, str, bool]]:
    """Each place of the pages that changes something: file, function, whether it asks first who may."""
    for file in sorted([*(ROOT / "recattn/ui").glob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]):
        tree = ast.parse(file.read_text())
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module in CHANGING]
        names = {alias.asname or alias.name for node in imports for alias in node.names if alias.name.islower()}
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                yield from ((file.name, function.name, asked) for asked in _asked(function, names))


def _asked(function: ast.FunctionDef, names: set[str]) -> Iterator[bool]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    checks = [call.lineno for call in calls if getattr(call.func, "id", "") == "check_may_act" and len(call.args) == 2]
    for call in calls:
        of_the_registry = (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in OF_THE_REGISTRY
            and ast.unparse(call.func.value) == "Registry()"
        )
        if of_the_registry or getattr(call.func, "id", "") in names:
            yield any(line < call.lineno for line in checks)


def test_every_place_that_changes_something_asks_first_who_may() -> None:
    found = list(changing_calls())
    unasked = {(file, function) for file, function, asked in found if not asked}
    assert unasked == UNASKED
    assert len(found) >= 8, "the search finds them"
