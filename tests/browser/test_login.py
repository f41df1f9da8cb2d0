"""Who may do what, on a fresh server that nobody has opened: with a browser, and with forged messages."""

import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recattn.config import home
from recattn.jobs.archive import add_run
from recattn.jobs.audit import entries
from recattn.jobs.password import hashed
from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from tests.jobs.conftest import eventually
from tests.jobs.tiny import import_tiny, tiny_config

from .conftest import Server, Site, free_port
from .forging import forger
from .identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from .tabs import opened, settled

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
    settled(page)
    expect(page.get_by_test_id("stDataFrame").last).to_be_visible()

    page.get_by_role("button", name="Log out").click()
    settled(page)
    expect(page.get_by_text("Look, don't touch.")).to_be_visible()
    expect(page.get_by_text("Who did what")).to_have_count(0)
    expect(start).to_have_count(1)  # what was drawn before goes when the page is drawn
    expect(start).to_be_disabled()
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


def test_of_many_guesses_at_once_few_are_compared_and_the_others_are_told_to_wait(guarded: None, site: Site) -> None:
    go, answers = threading.Barrier(8), []

    def guess(number: int) -> None:
        with forger(site.url, "admin") as eve:
            eve.send()
            go.wait(60)
            eve.send({eve.fields["Password"].id: f"my guess is {number}", eve.buttons["Log in"].id: True})
            answers.append(eve.words)

    guesses = [threading.Thread(target=guess, args=(number,)) for number in range(8)]
    for one in guesses:
        one.start()
    for one in guesses:
        one.join()
    compared = sum("That is not the password" in words for words in answers)
    assert compared in (1, 2)  # the second when this machine is so busy that a second passes between them
    assert sum("Try again in" in words for words in answers) == 8 - compared
    assert [entry["outcome"] for entry in entries(100)] == ["failed-login"] * compared
    assert not [file for file in recattn_files() if b"my guess is" in file.read_bytes()]


def recattn_files() -> list[Path]:
    return [file for file in home().rglob("*") if file.is_file()]


@dataclass(frozen=True)
class OpenId:
    """A server that trusts an identity provider, and the file that says so."""

    server: Server
    provider: IdentityProvider
    secrets: Path

    def name(self, admin: str) -> None:
        self.secrets.write_text(
            f'admin_emails = ["{admin}"]\n'
            f'admin_hash = "{hashed(PASSWORD)}"\n'  # has no say beside OpenID Connect
            "[auth]\n"
            f'redirect_uri = "{self.server.url}/oauth2callback"\n'
            'cookie_secret = "0123456789abcdef0123456789abcdef"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            f'server_metadata_url = "{self.provider.url}/.well-known/openid-configuration"\n'
        )


@pytest.fixture
def open_id(tmp_path: Path, recattn_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenId]:
    import_tiny(tmp_path / "news")
    monkeypatch.setenv("STREAMLIT_SECRETS_FILES", str(tmp_path / "secrets.toml"))
    with identity_provider() as provider:
        made = OpenId(Server(free_port(), tmp_path / "server.log"), provider, tmp_path / "secrets.toml")
        made.name("ada@news.example")
        made.server.start()
        yield made
        made.server.stop()
    assert "Traceback" not in made.server.log.read_text(), made.server.log.read_text()


def come_as(page: Page, open_id: OpenId, **claims: object) -> None:
    """To the Admin page, by way of the provider, which says this of the visitor."""
    open_id.provider.claims = claims
    opened(page, f"{open_id.server.url}/admin")
    expect(page.get_by_text("Look, don't touch.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Password")).to_have_count(0)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{open_id.server.url}/")
    settled(page)
    page.get_by_role("link", name="Admin", exact=True).click()
    settled(page)


def refused(page: Page, reason: str) -> None:
    expect(page.get_by_text(reason)).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()


def log_out(page: Page, open_id: OpenId) -> None:
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{open_id.server.url}/")
    settled(page)


def test_openid_connect_lets_in_whom_the_list_names_as_long_as_it_does(open_id: OpenId, page: Page) -> None:
    come_as(page, open_id, email="eve@news.example", email_verified=True)
    refused(page, "not as an administrator")
    log_out(page, open_id)
    come_as(page, open_id, email="ada@news.example", iat=int(time.time()) - 13 * 3600)
    refused(page, "older than 12 hours")
    log_out(page, open_id)
    come_as(page, open_id, email="Ada@news.example", email_verified=True)
    expect(page.get_by_text("Logged in as ada")).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()

    open_id.name("bob@news.example")
    page.wait_for_timeout(5000)  # the server looks at the file every few seconds
    page.get_by_role("button", name="Start training").click()  # still drawn, from before
    settled(page)
    refused(page, "not as an administrator")
    assert Registry().runs() == []


def test_a_model_is_saved_by_who_is_logged_in(guarded: None, site: Site, page: Page) -> None:
    run = perform(queue_training("tiny", tiny_config(site.encoder, epochs=1), "default")).run
    opened(page, f"{site.url}/admin")
    log_in(page, PASSWORD)
    page.get_by_role("button", name="More", exact=False).last.click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a file").click()
    assert saved.value.suggested_filename == f"{run}.zip" and zipfile.is_zipfile(saved.value.path())
    assert [(entry["who"], entry["outcome"]) for entry in entries(1)] == [("admin", "allowed")]
    assert add_run(Path(saved.value.path())).state == "finished"
