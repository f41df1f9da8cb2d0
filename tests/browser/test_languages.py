"""Every page in every language: it opens, its frame is translated, and no English sentence of ours is left on it."""

import gettext
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from recattn.language import LOCALE
from recattn.ui.shell import PAGES
from tests.test_texts import CATALOGUES, kept

from .conftest import Site
from .tabs import opened
from .test_main_job import train_first

pytestmark = pytest.mark.browser


def english(language: str) -> dict[str, str]:
    """Texts without places that are different in that language, with what they are there."""
    there = {str(message.id): str(message.string) for message in kept(language) if message.id}
    return {text: said for text, said in there.items() if "{" not in text and text.lower() != said.lower()}


def left_in_english(shown: str, language: str) -> list[str]:
    """Our English on a page: whole sentences anywhere in it, single words where they are a label of their own."""
    texts, lines = english(language), {line.strip() for line in shown.splitlines()}
    said = "\n".join(texts.values())
    sentences = [text for text in texts if text.count(" ") > 2 and text in shown and text not in said]
    return sentences + [text for text in texts if text in lines and text not in said]


def test_every_page_is_in_the_language_of_its_link(site: Site, page: Page) -> None:
    assert CATALOGUES
    train_first(site)
    for language in CATALOGUES:
        say = gettext.translation("recattn", LOCALE, [language]).gettext
        for name, entry in PAGES.items():
            address = "" if name == "home" else name
            opened(page, f"{site.url}/{address}?{urlencode({'lang': language})}")
            expect(page.locator("[data-testid=stHeading] h1").first).to_have_text(say(entry.title))
            for other in PAGES.values():
                expect(page.locator("[data-testid=stSidebar]")).to_contain_text(say(other.title))
            assert not left_in_english(page.locator("[data-testid=stApp]").inner_text(), language), (
                f"{name}: {language}"
            )
        opened(page, f"{site.url}/explanation?{urlencode({'lang': language})}")
        with page.expect_download() as saved:
            page.locator(".st-key-report button").first.click()
        assert say("Can this view be believed?") in Path(saved.value.path()).read_text(), language
