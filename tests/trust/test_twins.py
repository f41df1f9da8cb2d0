import json
import shutil
from pathlib import Path

import pytest

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.evaluation.metrics import impression_metrics
from recattn.recommender import Recommender
from recattn.trust.records import TWINS, Twin, read_twins, write_record
from recattn.trust.twins import compare_twins, twins_of, verdict
from recattn.types import Interval


def test_twins_are_trained_alike_but_for_where_they_look(recommender: Recommender) -> None:
    assert {folder.name: attention for folder, attention in twins_of(recommender.folder).items()} == {
        "uniform": "uniform",
        "permuted": "permuted",
    }


def test_a_run_with_another_seed_or_of_other_data_or_unfinished_is_no_twin(
    recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(runs_folder(), tmp_path / "runs")
    monkeypatch.setenv("RECATTN_HOME", str(tmp_path))
    runs = tmp_path / "runs"
    assert len(twins_of(runs / "learned")) == 2
    told = json.loads((runs / "uniform/training.json").read_text())
    for changed in (
        {**told, "settings": {**told["settings"], "seed": 1}},
        {**told, "dataset_fingerprint": "other"},
    ):
        (runs / "uniform/training.json").write_text(json.dumps(changed))
        assert [folder.name for folder in twins_of(runs / "learned")] == ["permuted"]
    before = json.loads((runs / "permuted/training.json").read_text())
    del before["settings"]["popularity"]  # a run begun before that setting was there
    (runs / "permuted/training.json").write_text(json.dumps(before))
    assert [folder.name for folder in twins_of(runs / "learned")] == ["permuted"]
    (runs / "permuted/README.md").unlink()
    assert twins_of(runs / "learned") == {}


def test_the_difference_is_that_of_the_metrics_on_the_same_impressions(recommender: Recommender) -> None:
    found = compare_twins(recommender)
    impressions = recommender.dataset.impressions("dev")
    assert impressions.labels is not None and found.impressions == len(impressions)
    for twin in found.twins:
        other = Recommender.load(runs_folder() / twin.run, Dataset.open("tiny"))
        means = [
            impression_metrics(model.score_impressions(impressions), impressions.labels, impressions.candidate_offsets)[
                "auc"
            ].mean()
            for model in (recommender, other)
        ]
        assert twin.difference["auc"].value == pytest.approx(means[0] - means[1])
        assert set(twin.difference) == {"auc", "ndcg@10"}
    write_record(recommender.folder / TWINS, found)
    assert read_twins(recommender.folder) == found


@pytest.mark.parametrize(
    "interval, says",
    [
        (Interval(0.01, 0.002, 0.02), "where it looks matters for accuracy"),
        (Interval(0.001, -0.002, 0.004), "the maps explain nothing about accuracy"),
        (Interval(-0.01, -0.02, -0.002), "even ranks better"),
    ],
)
def test_the_verdict_follows_from_the_interval(interval: Interval, says: str) -> None:
    assert says in verdict("learned", [Twin("r", "uniform", {"ndcg@10": interval})])


def test_without_twins_or_without_learned_attention_the_verdict_says_so() -> None:
    assert "attention=uniform" in verdict("learned", [])
    assert "by construction" in verdict("permuted", [])
