"""How names, numbers and times are written for people, and how foreign text is kept from acting as markup."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from recattn.figures.text import figure, percent, shortened, signed, visible
from recattn.language import counted, grouped, phrase, say
from recattn.types import Interval

__all__ = [
    "ago",
    "counted",
    "duration",
    "figure",
    "interval",
    "moment",
    "percent",
    "plain",
    "reasons",
    "shortened",
    "signed",
]

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&^=\"'@:.-])")
_JOINER = "\u2060"  # invisible and without width: keeps two signs from being read as one mark
_PAIRS = re.compile(r"(?<=:)(?=\S)|(?<=www)(?=\.)|(?<=\S)(?=@)|(?<=[<>=~-])(?=[<>=~-])", re.IGNORECASE)


STATES = {  # of a job
    "queued": phrase("waiting"),
    "running": phrase("running"),
    "cancelling": phrase("stopping"),
    "cancelled": phrase("cancelled"),
    "failed": phrase("failed"),
    "interrupted": phrase("interrupted"),
    "finished": phrase("finished"),
}


def plain(text: str) -> str:
    """The text as markdown that shows exactly these characters: no link, formula, emoji, colour or tag.

    Escapes cover what markdown itself reads; the invisible joiner covers what Streamlit and GitHub's dialect look for
    afterwards (``:icon:``, ``->``, ``www.``, ``a@b.c``).

    >>> print(plain("*<b>* $x$"))
    \\*\\<b\\>\\* \\$x\\$
    """
    return _MARKUP.sub(r"\\\1", _PAIRS.sub(_JOINER, visible(text)))


def interval(value: Interval) -> str:
    """A metric with its 95 % interval.

    >>> interval(Interval(0.6712, 0.6601, 0.6822))
    '0.671 (0.660 to 0.682)'
    """
    return say("{value:.3f} ({low:.3f} to {high:.3f})", value=value.value, low=value.low, high=value.high)


def moment(text_or_time: str | datetime | None) -> str:
    """A time as people write it, that of this machine where its zone is known; empty when there is none.

    >>> moment(datetime(2026, 3, 2, 9, 5))
    '2 Mar 2026, 09:05'
    """
    time = _time(text_or_time)
    if time is None:
        return ""
    local = time.astimezone() if time.tzinfo else time
    return say("{local.day} {local:%b %Y, %H:%M}", local=local)


def _time(value: str | datetime | None) -> datetime | None:
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def duration(seconds: float) -> str:
    """A time span in the unit that suits it.

    >>> duration(8), duration(95), duration(4000)
    ('8 s', '1 min 35 s', '1 h 6 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def ago(when: str | datetime | None, now: datetime | None = None) -> str:
    """How long since a moment, roughly; empty when it is not known.

    >>> ago("2026-03-02T09:05:00+00:00", datetime(2026, 3, 2, 11, 6, tzinfo=UTC))
    '2 hours ago'
    """
    time = _time(when)
    if time is None:
        return ""
    zone = UTC if time.tzinfo else None
    seconds = ((now or datetime.now(zone)) - time).total_seconds()
    for size, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return say("{count} ago", count=counted(int(seconds // size), noun))
    return say("just now")


def reasons(rejected: Mapping[str, int]) -> str:
    """Counts by reason in one line, most frequent first."""
    ordered = sorted(rejected.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{grouped(count)} {reason}" for reason, count in ordered)
