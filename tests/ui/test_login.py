"""Logging in and out on the real Admin page, with a real argon2 hash; each test has a server's memory of its own."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recattn.config import audit_file
from recattn.errors import RecAttnError
from recattn.jobs.audit import entries
from recattn.jobs.password import hashed
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import folder_of, new_run, write_job
from recattn.jobs.starting import delete
from recattn.logs import log_file
from recattn.ui import login
from recattn.ui.access import rules_now
from recattn.ui.admin_sessions import SESSION_SECONDS, AdminSessions
from recattn.ui.jobs_list import jobs_frame
from recattn.ui.tries import LOCK_SECONDS, LOCKED_AFTER, LONGEST_DELAY, Tries, delay
from tests.jobs.conftest import queued_run
from tests.pages.conftest import Open, words

PASSWORD, ADMIN = "four words that fit", "pages/admin.py"
UNSEEN = "unknown"  # what the test client's address counts as


@pytest.fixture(scope="module")
def made_hash() -> str:
    return hashed(PASSWORD)


@pytest.fixture
def password_set(made_hash: str, trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RECATTN_ADMIN_HASH", made_hash)
    monkeypatch.setattr(login, "TRIES", Tries())
    monkeypatch.setattr(login, "SESSIONS", AdminSessions())
    return made_hash


def enter(app: AppTest, password: str) -> AppTest:
    next(field for field in app.text_input if field.label == "Password").set_value(password)
    next(button for button in app.button if button.label == "Log in").click()
    return app.run()


def wrong_tries(number: int, latest: float) -> None:
    """As many as that, each as early as it may come, the last at that time of the monotonic clock."""
    for done in range(number):
        assert login.TRIES.begin(UNSEEN, latest - sum(map(delay, range(done + 1, number)))) == 0


def inside(app: AppTest) -> bool:
    assert not app.exception
    return "log-out" in {button.key for button in app.button}


def may_train(app: AppTest) -> bool:
    return not next(button for button in app.button if button.label == "Start training").disabled


def test_a_visitor_is_asked_and_the_right_password_opens(password_set: str, open_page: Open) -> None:
    app = open_page(ADMIN)
    assert not inside(app) and not may_train(app)
    assert "Look, don't touch" in words(app) and "Who did what" not in [one.label for one in app.expander]
    enter(app, PASSWORD)
    assert inside(app) and may_train(app)
    assert "Logged in as admin" in words(app) and "Who did what" in [one.label for one in app.expander]
    (line,) = entries(10)
    assert (line["who"], line["action"], line["outcome"], line["where"]) == ("admin", "log in", "allowed", "page")


def test_logging_out_shuts_again(password_set: str, open_page: Open) -> None:
    app = enter(open_page(ADMIN), PASSWORD)
    token = app.session_state["admin-session"]
    app.button(key="log-out").click().run()
    assert not inside(app) and not may_train(app)
    app.session_state["admin-session"] = token  # a copy kept elsewhere is worth nothing now
    assert not inside(app.run())


def test_a_wrong_password_is_told_and_leaves_a_line(password_set: str, open_page: Open) -> None:
    app = enter(open_page(ADMIN), "four words that fail")
    assert not inside(app)
    assert "That is not the password" in words(app)
    (line,) = entries(10)
    assert (line["who"], line["outcome"]) == ("visitor", "failed-login")
    assert "locked" not in line["subject"]


def test_tries_that_come_too_early_are_refused_at_once_even_when_right(password_set: str, open_page: Open) -> None:
    wrong_tries(6, time.monotonic())
    app = open_page(ADMIN)
    begun_at = time.monotonic()
    enter(app, PASSWORD)
    assert not inside(app)
    assert re.search(r"Try again in \d+ s", words(app))
    assert time.monotonic() - begun_at < 20, "no thread sleeps"
    assert entries(10) == []


def test_the_tenth_wrong_one_locks_and_the_line_says_so(password_set: str, open_page: Open) -> None:
    wrong_tries(LOCKED_AFTER - 1, time.monotonic() - LONGEST_DELAY)
    app = enter(open_page(ADMIN), "one too many now")
    assert "locked for 15 min" in entries(1)[0]["subject"]
    enter(app, PASSWORD)
    assert not inside(app)
    assert re.search(r"Try again in (14 min|15 min)", words(app))
    assert login.TRIES.begin(UNSEEN, time.monotonic() + LOCK_SECONDS) == 0


def test_a_session_ends_after_twelve_hours_without_an_action(password_set: str, open_page: Open) -> None:
    app = enter(open_page(ADMIN), PASSWORD)
    token = app.session_state["admin-session"]
    login.SESSIONS.acted(token, time.time() - SESSION_SECONDS + 60)
    assert inside(app.run()), "a minute is left, and looking does not add to it"
    login.SESSIONS.acted(token, time.time() - SESSION_SECONDS - 1)
    assert not inside(app.run()) and not may_train(app)


def test_one_session_does_not_open_another(password_set: str, open_page: Open) -> None:
    inner, outer = enter(open_page(ADMIN), PASSWORD), open_page(ADMIN)
    assert inside(inner) and not inside(outer)
    inner.button(key="log-out").click().run()
    assert not inside(inner) and not inside(outer.run())


def test_a_new_password_ends_what_the_old_one_opened(
    password_set: str, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = enter(open_page(ADMIN), PASSWORD)
    monkeypatch.setenv("RECATTN_ADMIN_HASH", hashed("four other words here"))
    assert not inside(app.run())


FORGED = (True, 1, "admin", "x" * 43, {"who": "admin"}, ["admin"])


@pytest.mark.parametrize("value", FORGED, ids=str)
def test_forged_state_opens_nothing(value: object, password_set: str, open_page: Open) -> None:
    app = enter(open_page(ADMIN), PASSWORD)  # somebody else is inside meanwhile
    assert inside(app)
    forger = open_page(ADMIN)
    for key in ("admin-session", "log-in-answer", "admin", "who", "allowed", "role"):
        forger.session_state[key] = value
    assert not inside(forger.run()) and not may_train(forger)


def session_state_of(app: AppTest) -> list[object]:
    """All that the server holds for a session, also what its pages can't see."""
    held = app.session_state._state._state
    widgets = [held._new_widget_state[widget] for widget in held._new_widget_state]
    return [held._old_state, held._new_session_state, widgets]


def test_the_password_is_kept_nowhere(
    password_set: str, open_page: Open, recattn_home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = open_page(ADMIN)
    for password in ("wrong-secret-phrase", PASSWORD):
        enter(app, password)
        login.TRIES.succeed(UNSEEN, 0)
        assert password not in repr(session_state_of(app))
        assert password not in words(app)
        for file in recattn_home.rglob("*.jsonl*"):
            assert password not in file.read_text("utf-8", "replace"), file
    assert inside(app)
    printed = capfd.readouterr()
    assert "secret-phrase" not in printed.out + printed.err and PASSWORD not in printed.out + printed.err


@pytest.mark.parametrize("broken", ["not a hash", "=19=65536,t=3,p=4"])
def test_a_broken_hash_lets_nobody_in_rather_than_everybody(
    broken: str, password_set: str, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECATTN_ADMIN_HASH", broken)
    app = enter(open_page(ADMIN), PASSWORD)
    assert not inside(app)
    assert "no argon2 hash" in words(app)


def test_without_room_for_the_line_nobody_gets_in(password_set: str, open_page: Open) -> None:
    audit_file().mkdir()
    app = enter(open_page(ADMIN), PASSWORD)
    assert not inside(app)
    assert "Nothing was done" in words(app)


def test_without_a_password_the_local_demo_says_so(
    trained_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECATTN_ADMIN_HASH", raising=False)
    app = open_page(ADMIN)  # the test client comes from nowhere, so not from this machine
    assert not may_train(app)
    assert "No password is configured" in words(app)
    assert "Password" not in [field.label for field in app.text_input]


def test_secrets_that_can_not_be_read_shut_the_door(
    trained_home: Path, open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recattn.ui.access import rules_now

    broken = tmp_path / "secrets.toml"
    broken.write_text('admin_hash = "$argon2id$ without an end\n')
    former = st.get_option("secrets.files")
    st.config.set_option("secrets.files", [str(broken)])
    try:
        assert rules_now().mode == "closed"
        broken.write_bytes(b"\xff\xfe")
        assert rules_now().mode == "closed"
        broken.unlink()
        assert rules_now().mode == "local"
    finally:
        st.config.set_option("secrets.files", former)


def test_what_a_failed_job_said_is_for_administrators_and_no_visitor_learns_where_files_lie(
    password_set: str, run_id: str, recattn_home: Path, open_page: Open
) -> None:
    delete(run_id, even_active=True)
    for job in (queued_run("tiny"), new_run("encode", "", "tiny", {}, False)):
        (folder_of(job.run) / "log.txt").write_text("Traceback: KeyError: 'reader U7'\n")
        message = f"A file of {folder_of(job.run)} could not be read."
        write_job(folder_of(job.run), replace(job, state="failed", message=message))
    visitors, admins = open_page(ADMIN), enter(open_page(ADMIN), PASSWORD)
    for app in (visitors, admins):
        assert not app.exception
        assert "RECATTN_HOME/runs" in words(app) and str(recattn_home) not in words(app)
    assert not visitors.code and any("reader U7" in code.value for code in admins.code)
    assert "RECATTN_HOME/jobs" in jobs_frame(Registry().jobs())["What came of it"].str.cat()


def test_the_log_of_a_job_at_work_is_for_administrators(password_set: str, open_page: Open) -> None:
    job = queued_run("tiny")
    (folder_of(job.run) / "log.txt").write_text("reader U7\n")
    visitors, admins = open_page(ADMIN), enter(open_page(ADMIN), PASSWORD)
    assert "At work" in words(visitors) and not visitors.code
    assert any("reader U7" in code.value for code in admins.code)


def test_a_thousand_tries_that_come_too_early_leave_a_few_lines(password_set: str) -> None:
    now = time.monotonic()
    login.TRIES.begin("203.0.113.9", now)
    for _ in range(1000):
        with pytest.raises(RecAttnError, match="Too many wrong passwords"):
            login.log_in("a guess of mine", rules_now(), "203.0.113.9", now)
    assert 1 <= log_file().read_text().count("log-in came too early") <= 60
