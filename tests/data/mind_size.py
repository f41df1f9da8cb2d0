"""Files of MIND-small's size in MIND's layout, and what importing them costs: ``python -m tests.data.mind_size``.

The words are random; lengths, popularity and the number of rows follow the published files (51,282 and 42,416 news,
65,238 together; 156,965 and 73,152 impressions; about 33 clicks a history and 37 candidates an impression).
"""

import argparse
import json
import os
import resource
import tempfile
import time
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


def main() -> None:
    """Generate, import in this process, print seconds and the peak of resident memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shrink", type=int, default=1, help="divide all numbers of rows by this")
    shrink = parser.parse_args().shrink
    with tempfile.TemporaryDirectory() as folder:
        if os.fork() == 0:  # so that generating does not count towards the peak
            write_mind(Path(folder, "train"), range(51_282 // shrink), 156_965 // shrink, 50_000 // shrink)
            news = range(22_822 // shrink, 65_238 // shrink)
            write_mind(Path(folder, "dev"), news, 73_152 // shrink, 90_000 // shrink, day=15)
            os._exit(0)
        os.wait()
        os.environ["RECATTN_HOME"] = str(Path(folder, "home"))
        from recattn.data import import_mind

        before, started = _peak(), time.perf_counter()
        info = import_mind("mind-small", Path(folder, "train"), Path(folder, "dev"))
        seconds = time.perf_counter() - started
        megabytes = sum(info.sizes.values()) / 1e6
    print(
        f"{info.items:,} items, {info.users:,} users, {info.impressions:,} impressions, rejected {dict(info.rejected)}"
    )
    print(f"{seconds:.1f} s, peak {_peak():,.0f} MB ({before:,.0f} MB of it libraries), {megabytes:.0f} MB on disk")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
