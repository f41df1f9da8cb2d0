"""The sample's files: MIND's own layout, the truth, and what a reader should know."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from string import Template

import pyarrow as pa
import pyarrow.parquet as pq

from recattn.data.sample.clicks import BAIT, Shown
from recattn.data.sample.grammar import Mention
from recattn.data.sample.readers import COLD, LAST_DAY
from recattn.data.sample.rules import AFFINITY, IDLE
from recattn.data.sample.stories import MINUTES, Article
from recattn.data.sample.world import TEXT

_DAY_0 = datetime(2026, 11, 1)
_TRUTH = pa.schema(
    [
        pa.field("impression_id", pa.string(), nullable=False),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("causes", pa.list_(pa.field("element", pa.string(), nullable=False)), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
    ]
)


def item_id(row: int) -> str:
    """The id of an article."""
    return f"N{row + 1001}"


def write_split(folder: Path, articles: Sequence[Article], shown: Sequence[tuple[int, Shown]]) -> None:
    """One split as MIND has it: ``news.tsv`` with the articles that occur, ``behaviors.tsv``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = sorted({row for _, one in shown for row in (*one.history, *one.candidates)})
    _write(folder / "news.tsv", (_news_line(row, articles[row]) for row in rows))
    _write(folder / "behaviors.tsv", (_behaviors_line(number, one) for number, one in shown))


def split_of(shown: Shown) -> str:
    """Train, or dev for the last day."""
    return "dev" if shown.minute >= LAST_DAY * MINUTES else "train"


def write_truth(file: Path, shown: Sequence[tuple[int, Shown]]) -> None:
    """One row a click: which clicks of the history caused it, and through which rule."""
    rows = [
        {
            "impression_id": str(number),
            "user_id": one.reader,
            "item_id": item_id(click.article),
            "causes": [item_id(cause) for cause in click.causes],
            "rule": click.rule,
        }
        for number, one in shown
        for click in one.clicks
    ]
    table = pa.Table.from_pylist(rows, schema=_TRUTH)
    pq.write_table(table, file, compression="zstd", compression_level=19, version="2.6", write_statistics=False)


def write_documents(folder: Path, articles: Sequence[Article], shown: Sequence[tuple[int, Shown]]) -> None:
    """README with this sample's own counts, and the licence."""
    train, dev = ([one for _, one in shown if split_of(one) == split] for split in ("train", "dev"))
    known = {one.reader for one in train}
    new = [one for one in dev if one.reader not in known]
    rules = Counter(click.rule for _, one in shown for click in one.clicks)
    affinities = "".join(f"| {source} | {target} |\n" for source, target in AFFINITY.items())
    figures = {
        "articles": len({row for _, one in shown for row in (*one.history, *one.candidates)}),
        "categories": len({article.category for article in articles}),
        "topics": len({article.topic for article in articles}),
        "readers": len(known | {one.reader for one in new}),
        "impressions": len(shown),
        "train": len(train),
        "dev": len(dev),
        "new_impressions": len(new),
        "new_readers": len({one.reader for one in new}),
    }
    shares = {rule: f"{100 * count / rules.total():.0f}" for rule, count in rules.items()}
    text = Template((TEXT / "README.md").read_text(encoding="utf-8")).substitute(
        {name: f"{figure:,}" for name, figure in figures.items()},
        **shares,
        cold=COLD,
        bait=BAIT,
        idle=", ".join(f"`{topic}`" for topic in sorted(IDLE)),
        affinities="| readers of | turn to |\n|---|---|\n" + affinities.rstrip(),
    )
    (folder / "README.md").write_bytes(text.encode())
    (folder / "LICENSE").write_bytes((TEXT / "LICENSE").read_bytes())


def _news_line(row: int, article: Article) -> str:
    url = f"https://sample.example/{item_id(row)}"
    fields = [item_id(row), article.category, article.subcategory, article.title, article.abstract, url]
    return "\t".join([*fields, _entities(article.title_mentions), _entities(article.abstract_mentions)])


def _entities(mentions: Iterable[Mention]) -> str:
    """MIND's entity JSON."""
    return json.dumps(
        [
            {
                "Label": entity.label,
                "Type": entity.type,
                "WikidataId": entity.wikidata_id,
                "Confidence": 1.0 if entity.label in surfaces else 0.95,
                "OccurrenceOffsets": list(offsets),
                "SurfaceForms": list(surfaces),
            }
            for entity, offsets, surfaces in mentions
        ],
        ensure_ascii=False,
    )


def _behaviors_line(number: int, shown: Shown) -> str:
    clicked = {click.article for click in shown.clicks}
    candidates = " ".join(f"{item_id(row)}-{int(row in clicked)}" for row in shown.candidates)
    history = " ".join(item_id(row) for row in shown.history)
    return f"{number}\t{shown.reader}\t{_time(shown.minute)}\t{history}\t{candidates}"


def _time(minute: int) -> str:
    """As MIND writes it.

    >>> _time(8 * 24 * 60 + 13 * 60 + 5)
    '11/9/2026 1:05:00 PM'
    """
    moment = _DAY_0 + timedelta(minutes=minute)
    hour, half = moment.hour % 12 or 12, "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment.minute:02}:{moment.second:02} {half}"


def _write(file: Path, lines: Iterable[str]) -> None:
    file.write_bytes("".join(line + "\n" for line in lines).encode())
