"""Files in MIND's layout of any size: random words; lengths, popularity and numbers follow what was published."""

import json
from pathlib import Path

import numpy as np


def write_mind(folder: Path, news: range, impressions: int, users: int, day: int = 9) -> Path:
    """Write ``news.tsv`` and ``behaviors.tsv``, the same bytes for the same arguments."""
    folder.mkdir(parents=True, exist_ok=True)
    write_news(folder / "news.tsv", news)
    rng = np.random.default_rng(day)
    ids = np.array([f"N{row}" for row in news], object)
    chance = np.cumsum(1 / np.arange(1, len(news) + 1) ** 0.7)
    chance /= chance[-1]
    with (folder / "behaviors.tsv").open("w", encoding="utf-8", newline="") as file:
        for row in range(impressions):
            n_history, n_shown = min(rng.geometric(1 / 33) - 1, 500), min(rng.geometric(1 / 37) + 1, 300)
            drawn = ids[np.searchsorted(chance, rng.random(n_history + n_shown))]
            history, shown = drawn[:n_history].tolist(), drawn[n_history:].tolist()
            clicked = int(rng.integers(n_shown))
            candidates = " ".join(f"{item}-{int(at == clicked)}" for at, item in enumerate(shown))
            second = row * 6 * 86_400 // impressions
            moment = f"11/{day + second // 86_400}/2019 {_clock(second % 86_400)}"
            file.write(f"{row + 1}\tU{rng.integers(users)}\t{moment}\t{' '.join(history)}\t{candidates}\n")
    return folder


def write_news(path: Path, news: range) -> None:
    """Articles with a title, an abstract of forty words, and two entities as published; a number has one text."""
    rng = np.random.default_rng(0)
    words = np.array(["".join(map(chr, rng.integers(97, 123, rng.integers(2, 11)))) for _ in range(20_000)], object)
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in range(news.stop):
            text = words[rng.integers(0, len(words), 52)].tolist()
            title, abstract = " ".join(text[:11]).capitalize(), " ".join(text[11:])
            kind = row * 7919 % 17
            if row not in news:
                continue
            entities = json.dumps([_entity(text[0]), _entity(text[1])])
            url = f"https://assets.example/news/{row}.html"
            file.write(f"N{row}\tkind{kind}\tsub{kind}_{row % 9}\t{title}\t{abstract}\t{url}\t{entities}\t[]\n")


def _entity(word: str) -> dict[str, object]:
    return {
        "Label": word.capitalize(),
        "Type": "P",
        "WikidataId": "Q1",
        "Confidence": 1.0,
        "OccurrenceOffsets": [0],
        "SurfaceForms": [word],
    }


def _clock(second: int) -> str:
    hour, minute = divmod(second // 60, 60)
    return f"{(hour + 11) % 12 + 1}:{minute:02}:{second % 60:02} {'AM' if hour < 12 else 'PM'}"
