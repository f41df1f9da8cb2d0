"""From a deep link on a fresh server to a model of one's own, as a visitor does it."""

import re

import pytest
from playwright.sync_api import Page, expect

from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from tests.jobs.tiny import tiny_config

from .conftest import Site
from .tabs import opened, settled

pytestmark = pytest.mark.browser


def train_first(site: Site) -> str:
    run = queue_training("tiny", tiny_config(site.encoder, epochs=1), "default")
    assert perform(run).state == "finished"
    return run


def test_from_a_deep_link_to_a_model_of_ones_own(site: Site, page: Page) -> None:
    first = train_first(site)

    opened(page, f"{site.url}/recommendations?user=U3")  # nobody ran app.py on this server
    expect(page.get_by_role("heading", name="Reader U3")).to_be_visible()
    pick_reader(page, "U1")
    see_what_the_heads_look_at(page)
    choose_head_with_the_keyboard(page)
    click_a_cell(page)
    see_the_sum(page)
    train_one(page, site)

    active = Registry().active()
    assert active is not None
    assert active.run != first
    page.get_by_role("link", name="Attention").click()
    settled(page)
    expect(page.get_by_text(re.compile("^Model: ")).first).to_contain_text("Dataset: tiny")


def pick_reader(page: Page, user: str) -> None:
    page.get_by_label("Find a reader").fill(user)
    page.locator(f".st-key-match-{user} button").click()
    settled(page)
    expect(page.get_by_role("heading", name=f"Reader {user}")).to_be_visible()
    assert f"user={user}" in page.url


def see_what_the_heads_look_at(page: Page) -> None:
    page.get_by_role("link", name="See what each head looks at").click()
    settled(page)
    expect(page.get_by_role("heading", name="Attention")).to_be_visible()
    assert "item=" in page.url and "user=U1" in page.url
    expect(page.locator(".st-key-heads button")).to_have_count(2)


def choose_head_with_the_keyboard(page: Page) -> None:
    chosen = page.locator(".st-key-heads button[aria-pressed=true]")
    was = chosen.inner_text()
    chosen.focus()
    page.keyboard.press("ArrowRight" if was == "1" else "ArrowLeft")
    page.keyboard.press("Enter")
    settled(page)
    now = "2" if was == "1" else "1"
    expect(chosen).to_have_text(now)
    assert f"head={now}" in page.url


def click_a_cell(page: Page) -> None:
    grid = page.locator(".st-key-large .nsewdrag").first.bounding_box()
    assert grid is not None
    page.mouse.click(grid["x"] + grid["width"] * 0.3, grid["y"] + grid["height"] * 0.5)
    cell = page.locator(".st-key-cell")
    expect(cell).to_contain_text(re.compile(r"looks at [\d.]+ %, the \d+(st|nd|rd|th) of \d+ in its row"))
    settled(page)
    assert "cell=" in page.url


def see_the_sum(page: Page) -> None:
    page.locator(".st-key-view").get_by_text("adds", exact=True).click()
    settled(page)
    said = page.get_by_text("add up to the score").inner_text()
    one, other = re.findall(r"[−-]?\d+\.\d{3}", said)
    assert one == other
    assert page.locator(".st-key-cell").count() == 1  # the switch keeps the selection


def train_one(page: Page, site: Site) -> None:
    page.get_by_role("link", name="Admin").click()
    settled(page)
    page.get_by_text("Change settings").click()
    settled(page)
    page.get_by_label("encoder", exact=True).fill(str(site.encoder))
    page.get_by_role("tab", name="Model").click()
    for label, value in (("dim", "8"), ("heads", "2")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("heading", name="At work")).to_be_visible()
    expect(page.get_by_role("heading", name="At work")).to_have_count(0, timeout=90_000)
    settled(page)
    assert [run.state for run in Registry().runs()] == ["finished", "finished"]
    expect(page.get_by_text(re.compile("^default, .* is trained"))).to_be_visible()


def test_a_training_that_fails_says_why_where_it_was_started(site: Site, page: Page) -> None:
    opened(page, f"{site.url}/admin")
    page.get_by_text("Change settings").click()
    settled(page)
    encoder = page.get_by_label("encoder", exact=True)
    encoder.fill(f"{site.encoder}-gone")
    encoder.press("Enter")
    settled(page)
    assert Registry().runs() == []  # Enter ends the field and starts nothing
    page.get_by_role("button", name="Start training").click()
    told = page.get_by_test_id("stAlert").filter(has_text="was not trained to its end")
    expect(told).to_contain_text("was not found as a folder", timeout=90_000)
    assert [run.state for run in Registry().runs()] == ["failed"]
