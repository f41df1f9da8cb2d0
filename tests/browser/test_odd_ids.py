"""Ids of every kind in the address and in the search of a real browser."""

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from recattn.figures.text import shortened
from tests.pages.odd_world import ODD, make_odd

from .conftest import Site
from .tabs import opened, settled
from .test_hostile_names import check_literal, watched, written

__all__ = ["watched"]  # a fixture

pytestmark = pytest.mark.browser

PAGES = ("recommendations", "attention", "explanation", "what_if")


def test_every_id_is_in_the_address_and_on_the_page(watched: Page, site: Site, tmp_path: Path) -> None:
    make_odd(tmp_path)
    ids = list(ODD.values())
    for turn, one in enumerate(ids):
        path = PAGES[turn % len(PAGES)]
        opened(watched, f"{site.url}/{path}?user={quote(one)}&item={quote(ids[turn - 6])}")
        check_literal(watched, f"{path} of {one[:40]!r}")
        assert f"Reader {shortened(one, 40).rstrip('…')}" in written(watched), one[:40]
    for one in (ODD["markup"], ODD["markdown"], ODD["quotes"], ODD["long"]):
        opened(watched, f"{site.url}/recommendations")
        watched.get_by_label("Find a reader").fill(one[:100])
        watched.locator("[class*='st-key-match-'] button").first.click()
        settled(watched)
        expect(watched.get_by_role("heading", name="Reader")).to_contain_text(shortened(one, 60)[:8])
        check_literal(watched, f"the search for {one[:40]!r}")
