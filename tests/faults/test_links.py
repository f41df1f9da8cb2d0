"""Whatever a link says: a choice, or an explained refusal."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from recattn.data import Dataset
from recattn.errors import UnknownError
from recattn.ui.choice import LONGEST, Choice
from recattn.ui.edits import edited
from tests.jobs.tiny import import_tiny
from tests.pages.conftest import PAGES, Open, made_home, open_page, trained_home, words

__all__ = ["made_home", "open_page", "trained_home"]  # fixtures

NAMES = ["dataset", "run", "user", "item", "layer", "head", "cell", "click", "other", "edit", "method", "against", "x"]
VALUES = some.one_of(
    some.text(max_size=60),
    some.sampled_from(
        ["../../etc/passwd", "/", "\0", "' OR 1=1 --", "٣", "²", "1e9", "9" * 400, "-0", "1.1.1", ".", ""]
    ),
    some.integers(1, LONGEST + 5).map(lambda length: "x" * length),
)


@given(some.dictionaries(some.sampled_from(NAMES), VALUES, max_size=6))
def test_a_link_becomes_a_choice_that_says_the_same_or_is_refused(params: dict[str, str]) -> None:
    try:
        choice = Choice.from_params(params)
    except UnknownError as error:
        assert len(str(error)) < LONGEST + 500
        return
    assert Choice.from_params(choice.params()) == choice
    for name in (choice.dataset, choice.run, choice.against):
        assert "/" not in name and name not in (".", "..")


STEPS = some.lists(
    some.one_of(
        some.text(max_size=12),
        some.from_regex(
            r"-[0-9]{1,4}|[0-9]{1,3}>[0-9]{1,3}|h[0-9]{1,2}\.[0-9]{1,2}|\+[A-Z0-9.%~]{0,5}", fullmatch=True
        ),
    ),
    max_size=5,
).map(",".join)


def test_any_change_in_a_link_gives_known_articles_or_is_refused(tmp_path: Path) -> None:
    import_tiny(tmp_path)
    dataset = Dataset.open("tiny")
    known, taken = {f"N{number}" for number in range(24)}, 0

    @given(STEPS)
    def ask(text: str) -> None:
        nonlocal taken
        try:
            found = edited(["N1", "N2", "N3"], text, dataset, layers=1, heads=2)
        except UnknownError as error:
            assert len(str(error)) < LONGEST
            return
        taken += 1
        assert set(found.history) <= known

    ask()
    assert taken, "some changes are good ones"


NASTY = {
    "a path up": "../../etc/passwd",
    "a path from the root": "/etc/passwd",
    "a path of another system": "..\\..\\windows\\win.ini",
    "an address": "file:///etc/passwd",
    "a percent path": "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "the folder itself": ".",
    "the folder above": "..",
    "a hidden name": ".staging-tiny",
    "100 kB": "x" * 100_000,
    "100 kB of signs": "\u202e\U0001f600" * 25_000,
    "NUL": "N1\0",
    "NUL alone": "\0",
    "SQL": "' OR 1=1; DROP TABLE runs; --",
    "SQL wildcards": "%_%",
    "markup": "<script>alert(1)</script>",
    "a link": "[x](javascript:alert(1))",
    "a formula": "=1+1",
    "a line end": "a\nb\r\n",
    "a number": "-1",
    "other digits": "\u0663\u00b2",
    "a space": " ",
    "unknown": "20200101-000000-abcd",
}


TRIES = [(name, what) for what in NASTY for name in ("user", "run", "item")]


@pytest.mark.parametrize("turn", range(len(PAGES)), ids=PAGES)
def test_no_value_of_a_link_breaks_a_page_or_reaches_a_file(turn: int, trained_home: Path, open_page: Open) -> None:
    for name, what in TRIES[turn :: len(PAGES)]:  # each value under each name on one page: all on all take minutes
        app = open_page(PAGES[turn], **{name: NASTY[what]})
        said = words(app)
        assert not app.exception, f"{name}: {what}"
        assert "root:" not in said and str(trained_home) not in said, f"{name}: {what}"
        assert said and len(said) < 20_000, f"{name}: {what}"
