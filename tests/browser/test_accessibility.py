"""Access for all: what axe finds on every page in light and dark, and the way to an explanation by keys alone."""

from importlib.resources import files
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import Site
from .tabs import new_tab, opened, settled
from .test_login import PASSWORD, guarded, log_in
from .test_main_job import train_first

__all__ = ["guarded"]

pytestmark = pytest.mark.browser

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
ROOT = Path(__file__).parents[2]
PAGES = ("", *sorted(file.stem for file in (ROOT / "pages").glob("*.py")))
GRAVE = """axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations
    .filter(fault => ["serious", "critical"].includes(fault.impact) || fault.id == "heading-order")
    .map(fault => fault.id + ": " + fault.nodes.map(node => node.html.slice(0, 150)).join("  ")))"""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
STEPS = 60  # presses of Tab after which a thing counts as out of reach


def grave_faults(page: Page) -> list[str]:
    page.evaluate(AXE)
    return [str(fault) for fault in page.evaluate(GRAVE)]


def test_axe_finds_nothing_grave_on_any_page(guarded: None, site: Site, chromium: Browser) -> None:
    train_first(site)
    found: dict[tuple[str, str], list[str]] = {}
    for scheme in SCHEMES:
        page = new_tab(chromium, color_scheme=scheme)
        for name in PAGES:
            opened(page, f"{site.url}/{name}")
            if name == "admin":
                found[scheme, "log-in"] = grave_faults(page)
                log_in(page, PASSWORD)
                expect(page.get_by_text("Logged in as admin")).to_be_visible()
            found[scheme, name] = grave_faults(page)
        page.context.close()
    assert len(found) == 2 * (len(PAGES) + 1)
    assert {where: faults for where, faults in found.items() if faults} == {}


def test_axe_would_say_so(site: Site, page: Page) -> None:
    opened(page, site.url)
    pale = '<p style="color: #ccc !important; background: #fff">pale</p><h5>deep</h5>'
    main = page.get_by_test_id("stMainBlockContainer")
    main.evaluate("(it, html) => it.insertAdjacentHTML('beforeend', html)", f'{pale}<img src="none.png">')
    faults = grave_faults(page)
    assert any(fault.startswith("color-contrast") for fault in faults), faults
    assert any(fault.startswith("image-alt") for fault in faults), faults
    assert any(fault.startswith("heading-order") for fault in faults), faults


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the wanted thing has the focus; then stay a moment, as people do.

    A table tells half a moment late that its marked row or cell has changed: pressed before, Enter would be lost.
    """
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        if wanted.evaluate("it => it === document.activeElement || it.contains(document.activeElement)"):
            page.wait_for_timeout(500)
            settled(page)
            return
    raise AssertionError(f"{wanted} is not reached with {STEPS} presses of Tab")


def test_the_way_to_an_explanation_needs_no_mouse(site: Site, page: Page) -> None:
    train_first(site)
    opened(page, site.url)
    tab_to(page, page.get_by_role("link", name="1. See what a reader gets"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recommendations")).to_be_visible()
    settled(page)

    why = page.get_by_role("main").get_by_role("link", name="Why this article?")
    best = why.get_attribute("href") or ""
    tab_to(page, table_of(page, "Recommended articles"))
    for key in ("ArrowDown", "ArrowDown", "Shift+Space"):
        page.keyboard.press(key)
        settled(page)
    expect(why).not_to_have_attribute("href", best)
    settled(page)
    chosen = item_of(why.get_attribute("href"))
    assert chosen != item_of(best)
    tab_to(page, why)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Explanation")).to_be_visible()
    settled(page)
    assert chosen and item_of(page.url) == chosen


def test_a_history_is_changed_without_a_mouse(site: Site, page: Page) -> None:
    train_first(site)
    opened(page, f"{site.url}/what_if?user=U3")
    tab_to(page, table_of(page, "What was read after the changes"))
    for key in ("ArrowDown", "Shift+Space"):
        page.keyboard.press(key)
        settled(page)
    tab_to(page, page.get_by_role("button", name="Remove"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 change", exact=True)).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["edit"] == ["-2"]


def table_of(page: Page, name: str) -> Locator:
    """The part of a table that takes keys."""
    return page.get_by_test_id("stDataFrame").filter(has=page.get_by_label(name)).get_by_test_id("data-grid-canvas")


def item_of(link: str | None) -> str:
    """The item that a link asks for, if it does."""
    return "".join(parse_qs(urlsplit(link or "").query).get("item", []))
