"""What else is known of items: see ``recattn.data.items.Item``. Absent is empty."""

import json
from collections.abc import Mapping
from typing import Any


def attributes(text: str) -> Mapping[str, Any]:
    """What an item's column of attributes says.

    >>> attributes('{"year": "1995"}'), attributes("")
    ({'year': '1995'}, {})
    """
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def genres(text: str) -> tuple[str, ...]:
    """All genres in a column of attributes.

    >>> genres('{"genres": ["Drama", "War"]}'), genres("")
    (('Drama', 'War'), ())
    """
    return tuple(attributes(text).get("genres", ()))


def year(text: str) -> str:
    """The year in a column of attributes.

    >>> year('{"year": "1995"}'), year("")
    ('1995', '')
    """
    return str(attributes(text).get("year", ""))


def with_year(title: str, text: str) -> str:
    """A title that names the year too, where one is known and the title doesn't yet.

    >>> with_year("Heat", '{"year": "1995"}'), with_year("Heat (1995)", '{"year": "1995"}'), with_year("Heat", "")
    ('Heat (1995)', 'Heat (1995)', 'Heat')
    """
    known = year(text)
    return f"{title} ({known})" if title and known and known not in title else title
