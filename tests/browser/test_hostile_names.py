"""Names and messages that want to be markup: of runs, in jobs, in the audit log, in the preview of an import."""

import dataclasses
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.errors import DataError
from recattn.jobs import audit
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import read_job, write_job
from recattn.jobs.starting import queue, queue_training
from recattn.jobs.worker import perform
from recattn.recommender import Recommender
from recattn.trust.heads import HEADS, head_cards
from recattn.trust.records import write_record
from recattn.ui.shell import run_label
from tests.data.mind_files import article, shown, write_split, zipped
from tests.jobs.tiny import tiny_config

from .conftest import Site
from .tabs import opened, settled

pytestmark = pytest.mark.browser

FOREIGN = "http://foreign.example/x.png"
NAMES = (
    "<img src=x onerror=pwned=1>",
    "[a](javascript:pwned=1) <b>b</b>",
    f"![]({FOREIGN})",
    "$x^2$ $$y$$ :red[hot] **up** _it_ `c`",
    ":material/delete: :smile: 😀",
    "# Title\\n- one | two\\n> http://foreign.example",
    "&lt;b&gt; &amp; {run_label} %(x)s",
    "שלום مرحبا abc " + "W" * 40,
)
LONG = "<script>pwned=1</script>" + "W" * 10_000  # no name may be so long; a message of a job may
MARKUP = (
    "img[src='x'], img[src*='foreign'], a[href^='javascript'], a[href^='http://foreign'], .katex, "
    "[data-testid=stMain] :is(b, del, script)"
)
BEYOND = """() => [document.scrollingElement, ...document.querySelectorAll('[data-testid=stMain]')]
    .filter(one => one.scrollWidth > one.clientWidth)
    .map(one => [one.scrollWidth, ...[...one.querySelectorAll('*')]
        .filter(part => part.getBoundingClientRect().right > one.getBoundingClientRect().right)
        .map(part => `${part.tagName} ${part.dataset.testid} ${part.className}`)])"""


@pytest.fixture
def watched(page: Page, site: Site) -> Iterator[Page]:
    """The tab; a script of a text that runs, or a request to anywhere else, fails the test."""
    page.on("dialog", lambda dialog: pytest.fail(f"a text was run: {dialog.message}"))
    asked: list[str] = []

    def look(request: Request) -> None:
        if not request.url.startswith((site.url, "data:", "blob:")):
            asked.append(request.url)

    page.on("request", look)
    yield page
    assert not asked


def check_literal(page: Page, path: str) -> None:
    """Nothing on the page became markup, ran, or made the page wider than the window."""
    assert page.evaluate("window.pwned") is None, path
    assert page.locator(MARKUP).count() == 0, f"{path}: {page.locator(MARKUP).first.evaluate('e => e.outerHTML')}"
    if page.evaluate(BEYOND):
        page.wait_for_timeout(500)  # a scroll bar has come or gone, and what is drawn has not followed yet
    assert not (wide := page.evaluate(BEYOND)), f"{path}: wider than the window: {wide}"


def written(page: Page, place: str = "[data-testid=stMain]") -> str:
    """The text of a place, without the signs that keep it from being markup."""
    return " ".join(" ".join(page.locator(place).all_text_contents()).replace("\u2060", "").split())


def copied(run: str, **changes: str) -> str:
    """The run once more, under an id of its own, as one that came from elsewhere."""
    other = f"{run[:15]}-{secrets.token_hex(4)}"
    shutil.copytree(runs_folder() / run, runs_folder() / other)
    job = read_job(runs_folder() / other)
    assert job is not None
    write_job(runs_folder() / other, dataclasses.replace(job, **changes))
    return other


@pytest.fixture
def runs(site: Site) -> list[str]:
    """Finished runs, one for each name; the last came with a name and a preset that nobody here could give."""
    made = perform(queue_training("tiny", tiny_config(site.encoder, epochs=1), "default"))
    write_record(made.folder / HEADS, head_cards(Recommender.load(made.folder, Dataset.open("tiny")), users=4))
    found = [made.run, *(copied(made.run) for _ in NAMES[1:])]
    for run, name in zip(found, NAMES, strict=True):
        Registry().rename(run, name)
    return [*found, copied(made.run, title=LONG, preset=LONG)]


def test_names_of_runs_are_shown_and_never_obeyed(watched: Page, site: Site, runs: list[str]) -> None:
    pages = ("", "recommendations", "attention", "explanation", "what_if", "heads", "trust", "data", "admin")
    for turn, run in enumerate(runs):
        compared = [f"compare?against={runs[turn - 1]}"] if turn % 2 else []  # each name is seen in one pair
        for path in [pages[turn], *compared]:
            opened(watched, f"{site.url}/{path}{'&' if '?' in path else '?'}run={run}")
            check_literal(watched, path)
            assert f"Model: {run_label(Registry().run(run))}" in written(watched), path
    opened(watched, f"{site.url}/compare?run={runs[-1]}&against={runs[-2]}")
    watched.locator(".stSelectbox", has_text="Model B").get_by_role("button", name="Open").click()
    expect(watched.get_by_role("option").first).to_be_visible()
    offered = written(watched, "[role=option]")
    assert [name for name in NAMES if name not in offered] == [], offered
    check_literal(watched, "the choice of models")


def hostile_split(folder: Path, bad: int = 2) -> Path:
    """News with every name as id of a reader, title, category and abstract, and bad rows that quote them."""
    news = [article(f"N{place}", name, name, abstract=name, subcategory=name) for place, name in enumerate(NAMES)]
    rows = [shown(f"{NAMES[row % 8]} {row}", "N1-1 N2-0", "N0 N3", NAMES[row % 8]) for row in range(300)]
    rows[:bad] = [shown(NAMES[row % 8], f"N1-{NAMES[row % 8]}", time=NAMES[row % 8]) for row in range(bad)]
    return write_split(folder, news, rows)


def test_a_preview_quotes_its_files_and_never_obeys_them(watched: Page, site: Site, tmp_path: Path) -> None:
    sent = zipped(hostile_split(tmp_path / "good"), tmp_path / f"{NAMES[0]}.zip")
    refused = zipped(hostile_split(tmp_path / "bad", bad=20), tmp_path / "![](javascript:pwned=1) $x$.zip")
    opened(watched, f"{site.url}/admin")
    for turn, (file, said) in enumerate(((sent, "Left out of the"), (refused, "This import would be refused."))):
        watched.get_by_text("Import data of your own").click()  # folded away again by Discard
        settled(watched)
        watched.locator(f".st-key-upload-train-{turn} input[type=file]").set_input_files(file)
        settled(watched)
        assert f"{file.name[:7]}..." in written(watched)
        check_literal(watched, "files to be looked at")
        watched.get_by_role("button", name="Look at the data").click()
        settled(watched)
        expect(watched.get_by_text(said)).to_be_visible()
        check_literal(watched, said)
        expect(watched.locator("[data-testid=stDataFrame] td", has_text=NAMES[0]).first).to_be_attached()
        watched.get_by_role("tab", name="First impressions").click()
        settled(watched)
        check_literal(watched, "the first impressions")
        watched.get_by_role("button", name="Discard").click()
        settled(watched)


def test_jobs_and_the_audit_log_are_shown_as_text(watched: Page, site: Site, runs: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError):
        perform(queue("import", "bad", {"format": "mind", "train": str(hostile_split(tmp_path / "bad", bad=20))}))
    for kind, name in zip(("faithfulness", "heads"), (NAMES[0] + LONG, NAMES[2]), strict=True):
        Registry().end(queue(kind, "tiny", {}, subject=runs[0]), "failed", name)
    for name in (*NAMES, LONG):
        audit.record("shell", name, name, name, "allowed")
    Registry().activate(runs[2])
    Registry().activate(runs[1])
    for path in ("trust", "heads", "admin"):
        opened(watched, f"{site.url}/{path}?run={runs[0]}")
        check_literal(watched, path)
    assert f"Go back to {NAMES[2]}" in written(watched)
    for section in ("Who did what", "Earlier imports and measurements"):
        watched.get_by_text(section).click()
        settled(watched)
        check_literal(watched, section)
    assert all(name in written(watched, "[data-testid=stDataFrame] td") for name in NAMES)
    jobs = watched.get_by_label("Jobs that have ended, newest first")
    for row in range(3):
        jobs.locator(".dvn-scroller").click(position={"x": 15, "y": 52 + 35 * row})
        settled(watched)
        check_literal(watched, f"job {row + 1}")
    watched.get_by_role("button", name="Delete", exact=True).first.click()
    expect(watched.get_by_role("dialog")).to_contain_text("removed for good")
    check_literal(watched, "the question before a model is deleted")
