"""From a zip on one's own disk to a dataset and its report, as an administrator at this machine does it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recattn.config import uploads_folder
from recattn.data import Dataset
from tests.data.mind_files import small_split, zipped

from .conftest import Site
from .tabs import opened, settled

pytestmark = pytest.mark.browser


def test_a_zip_becomes_a_dataset_with_a_report(site: Site, page: Page, tmp_path: Path) -> None:
    sent = zipped(small_split(tmp_path / "mine", behaviors="x\tU1\tnoon\t\tN1-1"), tmp_path / "own-news.zip")
    opened(page, f"{site.url}/admin")
    section(page)
    page.locator(".st-key-upload-train-0 input[type=file]").set_input_files(sent)
    settled(page)
    page.get_by_role("button", name="Look at the data").click()
    settled(page)
    expect(page.get_by_text("1 times not like 11/15/2019")).to_be_visible()
    expect(page.get_by_label("Name of the dataset")).to_have_value("own-news")
    page.get_by_role("button", name="Import", exact=True).click()
    report = page.get_by_role("link", name="See the import report")
    expect(report).to_be_visible()
    assert Dataset.open("own-news").info.items == 10
    assert not [path for path in uploads_folder().glob("*") if path.is_dir()]

    report.click()
    settled(page)
    expect(page.get_by_text(re.compile("kept 10 articles"))).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="JSON").click()
    assert '"name": "own-news"' in saved.value.path().read_text()


def section(page: Page) -> None:
    """Open the section of the import."""
    page.get_by_text("Import data of your own").click()
    settled(page)
    expect(page.get_by_text("Training data", exact=True)).to_be_visible()
