"""A reader with 5,000 clicks in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recattn.data import import_mind
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from tests.jobs.tiny import tiny_config
from tests.pages.test_sizes import write_sizes

from .conftest import Site
from .tabs import opened
from .test_hostile_names import check_literal

pytestmark = pytest.mark.browser


def test_five_thousand_clicks_are_cut_to_what_the_model_reads(site: Site, page: Page, tmp_path: Path) -> None:
    import_mind("sizes", write_sizes(tmp_path / "sizes", same=False))
    made = perform(queue_training("sizes", tiny_config(site.encoder, epochs=1), "default"))
    for path in ("recommendations", "attention", "explanation", "what_if"):
        opened(page, f"{site.url}/{path}?run={made.run}&user=many")
        expect(page.get_by_text("The model reads only the last 50 of 5,000")).to_be_visible()
        check_literal(page, path)
        if path == "recommendations":
            expect(page.get_by_text("the newest 200 of 5,000")).to_be_visible()
        if path == "explanation":
            assert page.locator(".st-key-bars .ytick text, .js-plotly-plot .ytick text").count() < 60
