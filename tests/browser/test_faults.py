"""What must survive in a browser: a killed server, and texts that want to be markup."""

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recattn.data import import_mind
from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training, start_training
from recattn.jobs.worker import perform
from tests.jobs.conftest import eventually
from tests.jobs.tiny import tiny_config, write_tiny_mind

from .conftest import Site
from .tabs import opened, settled

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)><b>Rates</b> & $x^2$ **up** :red[hot] [a](javascript:alert(2)) `c` &amp;"


def test_training_outlives_the_server_and_the_open_tab_goes_on(site: Site, page: Page) -> None:
    run = start_training("tiny", tiny_config(site.encoder, epochs=1000), "default")
    opened(page, f"{site.url}/admin")
    expect(page.get_by_text("Learning from clicks")).to_be_visible(timeout=60_000)
    site.server.stop(signal.SIGKILL)
    done = Registry().run(run).done
    eventually(lambda: Registry().run(run).done > done)
    site.server.start()
    expect(page.locator("[data-testid=stApp][data-test-connection-state=CONNECTED]")).to_be_visible(timeout=60_000)
    settled(page)
    before = page.get_by_text("Learning from clicks").inner_text()
    expect(page.get_by_text("Learning from clicks")).not_to_have_text(before)  # the open tab goes on by itself
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="At work")).to_have_count(0, timeout=30_000)
    assert Registry().run(run).state == "cancelled"
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def hostile_mind(folder: Path) -> Path:
    """The tiny world with a title, a category and an abstract that want to be markup, read by everybody."""
    write_tiny_mind(folder)
    news = (folder / "news.tsv").read_text().splitlines()
    lines = [line.split("\t") for line in news]
    lines = [[cells[0], HOSTILE, HOSTILE, f"{HOSTILE} {cells[3]}", HOSTILE, *cells[5:]] for cells in lines]
    (folder / "news.tsv").write_text("".join("\t".join(cells) + "\n" for cells in lines))
    return folder


def test_texts_are_shown_and_never_obeyed(site: Site, page: Page, tmp_path: Path) -> None:
    import_mind("hostile", hostile_mind(tmp_path / "train"), dev=hostile_mind(tmp_path / "dev"))
    assert perform(queue_training("hostile", tiny_config(site.encoder, epochs=1), "default")).state == "finished"
    page.on("dialog", lambda dialog: pytest.fail(f"a text was run: {dialog.message}"))
    paths = ("", "recommendations", "data", "data?part=charts", "data?part=impressions", "admin", "what_if?edit=-1")
    asked = ("what+would+take+it+out", "which+two+work+together", "all+methods", "why+above+another")
    paths += tuple(f"explanation?click=1&words=true&ask={one}" for one in asked)
    for path in (*paths, "attention?level=title+words", "attention?cell=1.2"):
        opened(page, f"{site.url}/{path}")
        assert page.locator("img[src=x], a[href^='javascript'], .katex, [data-testid=stMain] b").count() == 0, path
    shown = page.locator(".st-key-cell").inner_text().replace("\u2060", "")  # the invisible sign that parts marks
    assert shown.startswith(HOSTILE)
    label = page.locator(".st-key-large .ytick text").last  # the newest article
    assert re.sub(r"\s+", " ", label.text_content() or "").startswith("<img src=x")
