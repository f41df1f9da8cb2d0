"""What commands print: tables for people, JSON for programs, progress and notes on stderr."""

import json
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tqdm import tqdm

from recattn.types import Interval


def note(text: str) -> None:
    """Something for the person at the terminal; never on stdout."""
    print(_printable(text), file=sys.stderr, flush=True)


def as_json(document: Any) -> str:
    """One JSON document; figures that do not exist are null.

    >>> as_json({"auc": float("nan")})
    '{"auc": null}'
    """
    return json.dumps(_finite(document), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table(rows: Sequence[Mapping[str, Any]], empty: str) -> str:
    """Rows under their headings, numbers to the right; ``empty`` when there are none.

    >>> print(table([{"dataset": "news", "items": 1234}], ""))
    dataset  items
    news     1,234
    """
    if not rows:
        return empty
    cells = [[_cell(value) for value in row.values()] for row in rows]
    right = [isinstance(value, int | float) and not isinstance(value, bool) for value in rows[0].values()]
    lines = [list(rows[0]), *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else _printable(str(value))


def _printable(text: str) -> str:
    """Foreign text can't move the cursor or colour the terminal."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)


def with_interval(value: Interval) -> str:
    """A metric with its 95 % interval.

    >>> with_interval(Interval(0.6712, 0.6601, 0.6822))
    '0.671 [0.660, 0.682]'
    """
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


class Bar:
    """A report that draws a progress bar a phase on stderr, when that is a terminal."""

    def __init__(self) -> None:
        self._phase, self._bar = "", tqdm(disable=True)
        self._terminal = sys.stderr.isatty()

    def __call__(self, phase: str, done: int, total: int, **figures: float) -> None:
        """Show how far the work is."""
        if phase != self._phase:
            self.close()
            if phase == "wait":
                note("All slots are taken: waiting for another training to end.")
            self._phase = phase
            columns, lines = shutil.get_terminal_size()  # 80 x 24 where the terminal says it has none
            hidden = not (self._terminal and total)
            self._bar = tqdm(
                total=total, initial=done, desc=phase, disable=hidden, ncols=columns, nrows=lines, leave=True
            )
        self._bar.total = total
        self._bar.set_postfix({name: f"{value:.4g}" for name, value in figures.items()}, refresh=False)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()
