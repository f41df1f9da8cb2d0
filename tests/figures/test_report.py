import re
from html.parser import HTMLParser

import numpy as np
import pytest

from recattn.figures.bars import Bars
from recattn.figures.report import Section, Sheet, report

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='x'>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "</style><b>",
    "&amp; é 漢字 \u202e",
)


class Reading(HTMLParser):
    """Tags, attributes and the cells of tables of an HTML file."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def sheet(text: str = "Storm", weights: tuple[float, ...] = (1.25, -0.5, 0.25), signed: bool = True) -> Sheet:
    bars = Bars(
        labels=tuple(f"{text} {part}" for part in range(len(weights))),
        marks=tuple(str(part) for part in range(len(weights))),
        weights=np.array(weights),
        order=np.arange(len(weights)),
        others=(("Nothing read", 0.5),) if signed else (),
        signed=signed,
    )
    return Sheet(
        title=text,
        subtitle=text,
        facts=(("Reader", text),),
        notes=(text,),
        sections=(Section(text, (text,), bars), Section("All methods", table=(("Method", text), (text, text)))),
        made=text,
    )


def numbers(html: str) -> list[float]:
    """The numbers of the bars and, last, their sum."""
    found = re.findall(r'<td class="number">([+−]?[\d.]+)', html)
    return [float(text.replace("−", "-")) for text in found]


def test_the_bars_and_the_rest_are_the_sum_that_is_written() -> None:
    *bars, total = numbers(report(sheet()))
    assert bars == [1.25, -0.5, 0.25, 0.5]
    assert total == pytest.approx(sum(bars))


def test_bars_start_at_the_zero_and_have_the_length_of_their_weight() -> None:
    html = report(sheet())
    zero = float(re.search(r'<b style="left:([\d.]+)%"', html)[1])
    drawn = [(kind, float(left), float(width)) for kind, left, width in re.findall(
        r'<i class="(\w+)" style="left:([\d.]+)%;width:([\d.]+)%"', html
    )]  # fmt: skip
    assert zero == pytest.approx(0.5 / 1.75 * 100, abs=0.01)
    for (kind, left, width), weight in zip(drawn, (1.25, -0.5, 0.25, 0.5), strict=True):
        assert kind == ("adds" if weight > 0 else "takes")
        assert width == pytest.approx(abs(weight) / 1.75 * 100, abs=0.01)
        assert left == pytest.approx(zero if weight > 0 else zero - width, abs=0.02)


@pytest.mark.parametrize("text", NASTY)
def test_any_text_is_shown_and_never_acts(text: str) -> None:
    plain, nasty = Reading(report(sheet("Storm"))), Reading(report(sheet(text)))
    assert nasty.tags == plain.tags
    assert [name for name, _ in nasty.attributes] == [name for name, _ in plain.attributes]
    assert text in "".join(nasty.text)


def test_nothing_is_loaded_from_anywhere() -> None:
    html = report(sheet())
    reading = Reading(html)
    assert not {"script", "link", "img", "iframe", "object", "a", "base", "form"} & set(reading.tags)
    assert not {"src", "href", "srcset", "action", "onload"} & {name for name, _ in reading.attributes}
    assert not re.search(r"https?:|url\(|@import|//\w", html)
    assert "default-src 'none'" in html


def test_it_is_light_and_dark_and_readable_without_the_picture() -> None:
    html = report(sheet())
    assert "prefers-color-scheme: dark" in html
    assert "The longest of 3 bars" in html
    assert html.count('aria-hidden="true"') == 4
    assert '<html lang="en">' in html


def test_bars_without_sign_have_no_sum_and_no_key() -> None:
    html = report(sheet(weights=(0.5, 0.3), signed=False))
    assert "Together" not in html
    assert "takes away</span>" not in html
    assert numbers(html) == [0.5, 0.3]
