"""A tiny world whose readers and articles have ids of every kind, half of the articles without a title."""

from pathlib import Path

from recattn.data import import_mind
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from tests.data.mind_files import article, shown, write_split
from tests.jobs.tiny import tiny_config
from tests.models.conftest import WORDS, write_tiny_encoder

ODD = {
    "long": "x" * 10_000,
    "emoji": "🦊📰",
    "right to left": "שלום",
    "quotes": "a'b\"c",
    "like an option": "-1",
    "like a label": "N-0",
    "wildcards": "%_\\",
    "markup": "<script>window.pwned=1</script>",
    "formula": "=1+1",
    "NUL": "\x00",
    "line separator": "\u2028",
    "carriage return": "a\rb",
    "markdown": "**![](http://foreign.example/x.png)**$x$:red[y]",
}
ITEMS = [*ODD.values(), *(f"N{number}" for number in range(10, 20))]


def write_odd(folder: Path) -> Path:
    """Each reader read an article with the same id, the next odd one, and two plain ones."""
    odd = list(ODD.values())
    news = [
        article(
            one, "" if at % 2 and at < len(odd) else " ".join(WORDS[at % 7 : at % 7 + 4]), ("news", "sports")[at % 2]
        )
        for at, one in enumerate(ITEMS)
    ]
    rows = [
        shown(
            row,
            f"{odd[(row + 5) % 13]}-1 N1{row % 10}-0",
            f"N10 N11 {odd[(row + 1) % 13]} {odd[row % 13]}",
            odd[row % 13],
        )
        for row in range(52)
    ]
    return write_split(folder, news, rows)


def make_odd(folder: Path) -> None:
    """The dataset "odd", and a model that answers on it, in the home of RECATTN_HOME."""
    import_mind("odd", write_odd(folder / "odd"))
    perform(queue_training("odd", tiny_config(write_tiny_encoder(folder / "odd-encoder"), epochs=1), "default"))
