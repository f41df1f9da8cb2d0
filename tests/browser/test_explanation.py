"""From a recommendation to its explanation, to another item, to the fewest articles it hangs on, to a file on disk."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Site
from .tabs import new_tab, opened, settled
from .test_main_job import train_first

pytestmark = pytest.mark.browser


def test_from_an_item_to_its_explanation_and_a_report_without_network(
    site: Site, page: Page, chromium: Browser, tmp_path: Path
) -> None:
    train_first(site)
    opened(page, f"{site.url}/recommendations?user=U1")
    page.get_by_role("link", name="Why this article?").click()
    settled(page)
    expect(page.get_by_role("heading", name="Explanation")).to_be_visible()
    assert "item=" in page.url

    switch_method(page)
    click_a_bar(page)
    compare_with_another(page)
    find_the_smallest_set(page)
    read_the_report(page, chromium, tmp_path)
    another_visitor_sees_their_own(page, chromium, site)


def switch_method(page: Page) -> None:
    said = page.get_by_text("All bars together").inner_text()
    one, other = re.findall(r"[−-]?\d+\.\d{3}", said)
    assert one == other
    page.get_by_label("Method", exact=True).click()
    page.get_by_role("option", name="Leave one out").click()
    settled(page)
    assert "method=leave_one_out" in page.url
    expect(page.locator(".st-key-badge")).to_contain_text("This is the experiment itself")
    page.locator(".st-key-order").get_by_text("time", exact=True).click()
    settled(page)
    names = page.locator(".st-key-bars .ytick text")
    places = [(names.nth(place).bounding_box() or {})["y"] for place in range(names.count())]
    highest = names.nth(places.index(min(places))).text_content() or ""
    assert highest.split()[-1] == "1"  # the most recent


def click_a_bar(page: Page) -> None:
    figure = page.locator(".st-key-bars .nsewdrag").first.bounding_box()
    assert figure
    page.mouse.click(figure["x"] + figure["width"] * 0.9, figure["y"] + 40)  # beside the second bar: the row counts
    settled(page)
    assert "click=" in page.url
    expect(page.locator(".st-key-click")).to_contain_text("Never read (deleted): the score")
    page.locator(".st-key-words label").click()
    settled(page)
    expect(page.get_by_text("The words of")).to_be_visible()


def compare_with_another(page: Page) -> None:
    page.get_by_label("Above which article?").click()
    page.get_by_role("option").nth(2).click()
    settled(page)
    assert "other=" in page.url
    for figure in ("articles", "heads"):
        expect(page.locator(f".st-key-contrast-{figure} .bars").first).to_be_visible()


def find_the_smallest_set(page: Page) -> None:
    page.locator(".st-key-ask").get_by_text("what would take it out").click()
    settled(page)
    expect(page.get_by_text(re.compile("smaller set|Found greedily|greedy search found nothing"))).to_be_visible()


def read_the_report(page: Page, chromium: Browser, folder: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    reader = new_tab(chromium, offline=True, color_scheme="dark", java_script_enabled=False)
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(file.as_uri())
    expect(reader.get_by_role("heading", level=1)).to_contain_text("Why “")
    expect(reader.get_by_role("heading", name="By article: Leave one out")).to_be_visible()
    expect(reader.get_by_text("This is the experiment itself")).to_be_visible()
    assert asked == [file.as_uri()]
    reader.context.close()


def another_visitor_sees_their_own(page: Page, chromium: Browser, site: Site) -> None:
    other = new_tab(chromium)
    opened(other, f"{site.url}/what_if?user=U2&edit=-1")
    expect(other.get_by_text("Reader U2")).to_be_visible()
    expect(other.get_by_text("1 change", exact=True)).to_be_visible()
    page.reload()
    settled(page)
    expect(page.get_by_text("Reader U1")).to_be_visible()
    expect(page.get_by_text("Reader U2")).to_have_count(0)
    other.get_by_role("button", name="Undo").click()
    settled(other)
    expect(other.get_by_text("Nothing changed yet")).to_be_visible()
    assert "edit=" not in other.url
    other.context.close()
