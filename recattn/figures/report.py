"""One explanation as one HTML file that opens anywhere: nothing is loaded, no script, light and dark.

Jinja2 writes it, because its escaping is on by default and has been tested by far more people than ours would be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from recattn.figures.bars import Bars, bars_finding
from recattn.figures.colours import ADDS, DARK, LIGHT, NEUTRAL, TAKES_AWAY
from recattn.figures.text import shortened, signed
from recattn.language import say, spoken

_TEMPLATE = Path(__file__).parent / "report.html"
_TITLE = 160  # characters of a title


@dataclass(frozen=True)
class Section:
    """One part of the report: sentences, then bars, a table (its first row are headings), or neither."""

    title: str
    text: tuple[str, ...] = ()
    bars: Bars | None = None
    heading: str = ""
    table: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Sheet:
    """All that a report says. Every text is shown as it is, never read as markup."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    made: str


@dataclass(frozen=True)
class _Row:
    label: str
    written: str
    kind: str
    left: float
    width: float
    other: bool


@dataclass(frozen=True)
class _Drawn:
    """Bars as the template draws them; places are percentages of the width."""

    finding: str
    heading: str
    signed: bool
    rows: tuple[_Row, ...]
    zero: float
    sum: str


def report(sheet: Sheet) -> str:
    """The HTML of a sheet."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    template = environment.from_string(_TEMPLATE.read_text("utf-8"))
    colours = {"light": LIGHT, "dark": DARK, "adds": ADDS, "takes": TAKES_AWAY, "neutral": NEUTRAL}
    return template.render(sheet=sheet, drawn=_drawn, say=say, language=spoken().language, **colours)


def _drawn(bars: Bars, heading: str) -> _Drawn:
    values = [*bars.weights[bars.order].tolist(), *(value for _, value in bars.others)]
    low, high = min([0.0, *values]), max([0.0, *values])
    width = high - low or 1.0
    zero = -low / width * 100
    total = signed(bars.total) if bars.signed and bars.others else ""
    return _Drawn(
        bars_finding(bars),
        heading or say("{Item}"),
        bars.signed,
        tuple(_rows(bars, zero, width)),
        round(zero, 2),
        total,
    )


def _rows(bars: Bars, zero: float, width: float) -> Iterator[_Row]:
    parts = [(_label(bars, part), bars.number(part), float(bars.weights[part]), False) for part in bars.order.tolist()]
    others = [(name, bars.written(value), value, True) for name, value in bars.others]
    for label, written, value, other in parts + others:
        length = abs(value) / width * 100
        kind = "none" if not bars.signed else "adds" if value >= 0 else "takes"
        left = zero if value >= 0 else zero - length
        yield _Row(label, written, kind, round(left, 2), round(length, 2), other)


def _label(bars: Bars, part: int) -> str:
    title, mark = shortened(bars.labels[part], _TITLE), bars.marks[part]
    return say("{title} ({mark} back)", title=title, mark=mark) if mark else title
