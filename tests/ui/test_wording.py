import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from recattn.ui.wording import counted, duration, plain

TRICKY = [
    "<script>alert(1)</script>",
    "**bold** _it_ `code` ~~gone~~",
    "[a](javascript:alert(1)) ![b](http://x.example/y.png)",
    "$x^2$ :red[hot] :material/home: :smile:",
    "# heading",
    "1. list",
    "- list",
    "> quote",
    "www.example.com a@b.example http://x.example",
    "&amp; &lt;b&gt;",
    "a | b",
    "-> <- <-> >= --",
]


@pytest.mark.parametrize("text", TRICKY)
def test_markdown_shows_exactly_the_text(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parseInline(plain(text))[0].children or []
    kinds = {token.type for token in tokens}
    assert kinds <= {"text", "text_special"}
    assert "".join(token.content for token in tokens).replace("\u2060", "") == text


@given(st.text(max_size=60))
def test_no_text_becomes_markup(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(plain(text))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}


@pytest.mark.parametrize(
    ("seconds", "said"), [(-3, "0 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (7200, "2 h 0 min")]
)
def test_durations_are_rounded_once(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_counts_know_their_plural() -> None:
    assert [counted(2, noun) for noun in ("day", "category", "head")] == ["2 days", "2 categories", "2 heads"]
