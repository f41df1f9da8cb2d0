import json
from pathlib import Path

import pandas as pd

from recattn.data.sample.clicks import Shown
from recattn.data.sample.grammar import Mention
from recattn.data.sample.rules import Click
from recattn.data.sample.stories import MINUTES, Article
from recattn.data.sample.world import Entity
from recattn.data.sample.writing import split_of, write_split, write_truth

LYS = Entity("Lys", "G", "Q900000001")
ARTICLES = [
    Article(
        'In Lys, "snow"',
        "Lys.",
        "travel",
        "tips",
        0,
        9,
        1,
        (Mention(LYS, (3,), ("Lys",)),),
        (Mention(LYS, (0,), ("Lys",)),),
    ),
    Article("Another", "Text.", "travel", "tips", 1, 9, 1, (), ()),
    Article("Unseen", "Text.", "travel", "tips", 2, 9, 1, (), ()),
]
SHOWN = Shown("U1", 8 * MINUTES, (0,), (1, 0), (Click(1, (0,), "interest"),))


def test_a_split_has_minds_own_lines(tmp_path: Path) -> None:
    write_split(tmp_path, ARTICLES, [(5, SHOWN)])
    assert (tmp_path / "behaviors.tsv").read_text() == "5\tU1\t11/9/2026 12:00:00 AM\tN1001\tN1002-1 N1001-0\n"
    first, second = (tmp_path / "news.tsv").read_text().splitlines()
    *plain, title_entities, _ = first.split("\t")
    assert plain == ["N1001", "travel", "tips", 'In Lys, "snow"', "Lys.", "https://sample.example/N1001"]
    (entity,) = json.loads(title_entities)
    assert entity == {
        "Label": "Lys",
        "Type": "G",
        "WikidataId": "Q900000001",
        "Confidence": 1.0,
        "OccurrenceOffsets": [3],
        "SurfaceForms": ["Lys"],
    }
    assert second.split("\t")[6:] == ["[]", "[]"]


def test_the_last_day_is_dev() -> None:
    assert split_of(SHOWN) == "train"
    assert split_of(Shown("U1", 14 * MINUTES, (), (1,), ())) == "dev"


def test_the_truth_is_written_a_row_a_click(tmp_path: Path) -> None:
    write_truth(tmp_path / "truth.parquet", [(5, SHOWN)])
    (row,) = pd.read_parquet(tmp_path / "truth.parquet").to_dict("records")
    assert {**row, "causes": list(row["causes"])} == {
        "impression_id": "5",
        "user_id": "U1",
        "item_id": "N1002",
        "causes": ["N1001"],
        "rule": "interest",
    }
