"""Who may do what, on a fresh server that nobody has opened: with a browser, and with forged messages."""

import pytest
from playwright.sync_api import Page, expect

from recattn.jobs.audit import entries
from recattn.jobs.password import hashed
from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from tests.jobs.conftest import eventually
from tests.jobs.tiny import tiny_config

from .conftest import Site, opened, settled
from .forging import forger

pytestmark = pytest.mark.browser

PASSWORD = "four words that fit"


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be asked for before the site: the server takes its environment when it starts."""
    monkeypatch.setenv("RECATTN_ADMIN_HASH", hashed(PASSWORD))


def log_in(page: Page, password: str) -> None:
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    settled(page)


def test_a_deep_link_opens_nothing_until_one_logs_in(guarded: None, site: Site, page: Page) -> None:
    opened(page, f"{site.url}/admin")
    start = page.get_by_role("button", name="Start training")
    expect(page.get_by_text("Look, don't touch.")).to_be_visible()
    expect(start).to_be_disabled()
    expect(page.get_by_role("textbox", name="Password")).to_have_attribute("type", "password")

    log_in(page, "four words that fail")
    expect(page.get_by_text("That is not the password.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Password")).to_have_value("")
    expect(start).to_be_disabled()

    page.wait_for_timeout(1000)  # as long as one wrong try makes the next wait
    log_in(page, PASSWORD)
    expect(page.get_by_text("Logged in as admin")).to_be_visible()
    expect(page.get_by_role("textbox", name="Password")).to_have_count(0)
    start.click()
    expect(page.get_by_role("heading", name="At work")).to_be_visible()
    page.get_by_role("button", name="Cancel").first.click()
    eventually(lambda: [run.state for run in Registry().runs()] == ["cancelled"], seconds=60)
    settled(page)
    page.get_by_text("Who did what").click()
    expect(page.get_by_test_id("stDataFrame").last).to_be_visible()

    page.get_by_role("button", name="Log out").click()
    settled(page)
    expect(page.get_by_text("Look, don't touch.")).to_be_visible()
    expect(start).to_be_disabled()
    expect(page.get_by_text("Who did what")).to_have_count(0)
    done = [(entry["action"], entry["outcome"]) for entry in reversed(entries(10))]
    assert done == [("log in", "failed-login"), ("log in", "allowed"), ("train", "allowed"), ("cancel", "allowed")]


def test_forged_messages_change_nothing(guarded: None, site: Site) -> None:
    for activate in (True, False):
        run = queue_training("tiny", tiny_config(site.encoder, epochs=1), "default", activate)
        assert perform(run).state == "finished"
    before = [(run.run, run.state, run.active) for run in Registry().runs()]

    with forger(site.url, "admin") as admin, forger(site.url, "admin") as eve:
        admin.send()
        assert admin.buttons["Start training"].disabled
        admin.send({admin.fields["Password"].id: PASSWORD, admin.buttons["Log in"].id: True})
        assert not admin.buttons["Start training"].disabled
        known = {label: button.id for label, button in admin.buttons.items()}
        assert {"Start training", "Delete", "Log out"} <= known.keys()

        eve.send()
        for label, widget in known.items():  # of somebody who is inside at the same time
            eve.send({widget: True, f"$$ID-{'0' * 32}-admin-session": "x", f"$$ID-{'0' * 32}-allowed": True})
            assert [(run.run, run.state, run.active) for run in Registry().runs()] == before, label
            assert eve.buttons["Start training"].disabled, (label, eve.words)
        assert [entry["action"] for entry in entries(100) if entry["outcome"] == "allowed"] == ["log in"]

        admin.send({known["Start training"]: True})  # the same message does start it for who is inside
    assert len(Registry().runs()) == len(before) + 1
    assert entries(1)[0]["action"] == "train"
