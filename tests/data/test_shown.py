import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recattn.cli import main
from recattn.data import Dataset
from recattn.data.interactions import Rule
from recattn.data.shown import CollectingShown, Shown, impressions_shown
from recattn.data.tables import import_interactions
from recattn.errors import DataError
from recattn.evaluation.metrics import impression_metrics
from recattn.types import Impressions

Row = tuple[str, int, int, bool, str | None]


def collected(rows: list[Row]) -> Shown:
    collecting = CollectingShown()
    for row in rows:
        collecting.add(*row)
    return collecting.shown()


def listed(one: Impressions, row: int) -> tuple[str, list[int], list[tuple[int, int]]]:
    shown = slice(*one.candidate_offsets[row : row + 2])
    candidates = list(zip(one.candidates[shown].tolist(), np.asarray(one.labels)[shown].tolist(), strict=True))
    return one.user_id[row], one.history[slice(*one.history_offsets[row : row + 2])].tolist(), candidates


ROWS: list[Row] = [
    ("b", 9, 40, False, None),
    ("a", 1, 10, True, None),
    ("a", 2, 10, False, None),
    ("b", 1, 10, True, None),  # at the same time, but shown to somebody else
    ("a", 2, 30, True, None),
    ("a", 1, 30, False, None),
    ("a", 2, 20, False, None),
    ("a", 1, 20, True, None),
    ("a", 1, 20, False, None),  # twice in one list
    ("a", 3, 50, False, None),
]


def test_what_was_shown_together_is_an_impression_after_the_clicks_before_it() -> None:
    splits, notes = impressions_shown(collected(ROWS), Rule())
    train, dev = splits["train"], splits["dev"]
    assert [listed(train, row) for row in range(len(train))] == [
        ("a", [], [(1, 1), (2, 0)]),
        ("b", [], [(1, 1)]),
        ("a", [1], [(2, 0), (1, 1)]),
        ("b", [1], [(9, 0)]),
    ]
    assert [listed(dev, row) for row in range(len(dev))] == [
        ("a", [1], [(2, 1), (1, 0)]),  # the last with a click, and what came later
        ("a", [1, 2], [(3, 0)]),
    ]
    assert notes[0] == "2 of 6 impressions have no click."


def test_an_impression_id_keeps_lists_of_one_moment_apart_and_times_may_be_unknown() -> None:
    nothing = int(np.iinfo(np.int64).min)
    rows: list[Row] = [("a", item, nothing, item % 2 == 0, name) for item, name in ((2, "x"), (1, "y"), (3, "x"))]
    train = impressions_shown(collected(rows), Rule())[0]["train"]
    assert [listed(train, row) for row in range(2)] == [("a", [], [(2, 1), (3, 0)]), ("a", [2], [(1, 0)])]


def test_held_out_by_time_is_the_latest_tenth() -> None:
    splits, _ = impressions_shown(collected([("a", item, item, True, None) for item in range(20)]), Rule(None, "time"))
    assert [listed(splits["dev"], row)[2] for row in range(2)] == [[(18, 1)], [(19, 1)]]


ROW = st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.integers(0, 6), st.booleans(), st.none())


@given(st.lists(ROW, min_size=1, max_size=40))
def test_every_shown_pair_is_there_once_and_histories_hold_earlier_clicks_only(rows: list[Row]) -> None:
    splits, _ = impressions_shown(collected(rows), Rule())
    found = set()
    for one in splits.values():
        for row in range(len(one)):
            user, history, candidates = listed(one, row)
            moment = int(one.time[row].astype(np.int64))
            found |= {(user, moment, item, clicked) for item, clicked in candidates}
            earlier = {item for who, item, when, clicked, _ in rows if who == user and clicked and when < moment}
            assert set(history) == earlier and len(history) == len(earlier)
    clicked = {(user, when, item) for user, item, when, clicked, _ in rows if clicked}
    assert found == {(user, when, item, int((user, when, item) in clicked)) for user, item, when, _, _ in rows}


ADS = """who,ad,at,clicked,campaign,place
u1,a,2024-05-01T10:00:00,1,shoes,top
u1,b,2024-05-01T10:00:00,0,hats,side
u1,b,2024-05-01T11:00:00,0,hats,top
u1,a,2024-05-01T11:00:00,1,shoes,top
u2,a,2024-05-01T11:00:00,0,shoes,side
u2,c,2024-05-01T11:00:00,1,,side
"""


def test_ads_are_read_with_their_context_and_can_be_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ads.csv").write_text(ADS)
    command = ["import", "interactions", str(tmp_path / "ads.csv"), "--name", "ads", "--json"]
    columns = ["--columns", "user=who,item=ad,time=at", "--label", "clicked", "--context", "campaign,place"]
    assert main([*command, *columns]) == 0
    assert json.loads(capsys.readouterr().out)["impressions"] == 3
    dataset = Dataset.open("ads")
    items = dataset.items().set_index("item_id")
    assert dataset.info.domain == "ads" and items["category"].to_dict() == {"a": "shoes", "b": "hats", "c": ""}
    assert json.loads(items["attributes"]["a"]) == {"campaign": "shoes", "place": "top"}
    assert "2 items stand with more than one place; they have the most frequent." in dataset.info.notes
    train = dataset.impressions("train")
    scores = np.array([1.0 if item == 0 else 0.0 for item in train.candidates])
    assert np.asarray(train.labels).tolist() == [1, 0, 0, 1, 0, 1] and not train.positives_only
    auc = impression_metrics(scores, np.asarray(train.labels), train.candidate_offsets)["auc"]
    assert auc.tolist() == [1.0, 1.0, 0.0]


def test_labels_that_are_none_and_choices_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "ads.jsonl"
    good = [{"who": f"u{number}", "ad": "a", "at": 1, "clicked": True} for number in range(200)]
    file.write_text("".join(json.dumps(row) + "\n" for row in [*good, good[0] | {"clicked": "maybe"}]))
    roles = {"user": "who", "item": "ad", "time": "at", "label": "clicked"}
    info = import_interactions("ads", file, roles)
    assert info.rejected == {"labels other than 0 and 1": 1} and info.rejected_rows[0]["line"] == 201
    with pytest.raises(DataError, match="Labels need a time or an impression"):
        import_interactions("other", file, {"user": "who", "item": "ad", "label": "clicked"})
    with pytest.raises(DataError, match="core was given with labels"):
        import_interactions("other", file, roles, core=5)
