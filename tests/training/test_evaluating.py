import json
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import ndcg_score, roc_auc_score

from recattn.data import Dataset, import_mind
from recattn.errors import DataError, UnknownError
from recattn.evaluation.baselines import BASELINES
from recattn.evaluation.parts import PARTS, is_among
from recattn.recommender import Recommender
from recattn.training.evaluating import evaluate, evaluations
from recattn.training.training import train
from tests.jobs.tiny import tiny_config, write_tiny_mind


@pytest.fixture
def run(tiny: Dataset, encoder: Path, tmp_path: Path) -> Path:
    train(tiny, tiny_config(encoder, 1), tmp_path / "run")
    return tmp_path / "run"


def test_the_figures_are_those_of_the_recommender_impression_by_impression(tiny: Dataset, run: Path) -> None:
    model, shown = Recommender.load(run, tiny), tiny.impressions("dev")
    ids = tiny.items()["item_id"].to_numpy()
    aucs, ndcgs = [], []
    for row in range(len(shown)):
        history = ids[shown.history[shown.history_offsets[row] : shown.history_offsets[row + 1]]]
        part = slice(shown.candidate_offsets[row], shown.candidate_offsets[row + 1])
        found = model.recommend(history.tolist(), candidates=ids[shown.candidates[part]].tolist())
        scores = {one.item_id: one.score for one in found}
        labels, ordered = np.asarray(shown.labels)[part], [scores[item] for item in ids[shown.candidates[part]]]
        if labels.sum() > 0:
            ndcgs.append(ndcg_score([labels], [ordered], k=5))
            if labels.sum() < len(labels):
                aucs.append(roc_auc_score(labels, ordered))
    found = evaluate(run, tiny)
    assert found.model["auc"].value == pytest.approx(np.mean(aucs), abs=1e-5)
    assert found.model["ndcg@5"].value == pytest.approx(np.mean(ndcgs), abs=1e-5)
    assert (found.impressions, found.users) == (30, 12)


def test_every_baseline_stands_on_the_same_impressions_with_intervals(tiny: Dataset, run: Path) -> None:
    found = evaluate(run, tiny)
    assert set(found.baselines) == set(BASELINES)
    for metrics in (found.model, *found.baselines.values()):
        assert set(metrics) == {"auc", "mrr", "ndcg@5", "ndcg@10"}
        assert all(value.low <= value.value <= value.high and value.low < value.high for value in metrics.values())


def test_known_and_new_users_and_new_items_are_told_apart(encoder: Path, tmp_path: Path) -> None:
    dev = write_tiny_mind(tmp_path / "dev", 30, day=10, seed=1)
    behaviors = (dev / "behaviors.tsv").read_text().replace("\tU1\t", "\tstranger\t").replace("\tU2\t", "\tsomebody\t")
    (dev / "behaviors.tsv").write_text(behaviors)
    with (dev / "news.tsv").open("a") as news:
        news.write("N99\tsports\tall\tnobody saw this before\t\thttps://news.example/99\t[]\t[]\n")
    with (dev / "behaviors.tsv").open("a") as file:
        file.write("99\tU3\t11/10/2019 9:00:00 PM\tN1\tN99-1 N2-0 N3-0\n")
    import_mind("tiny", write_tiny_mind(tmp_path / "train"), dev=dev)
    dataset = Dataset.open("tiny")
    train(dataset, tiny_config(encoder, 1), tmp_path / "run")
    found = evaluations(tmp_path / "run", dataset)
    people = {name: entry.users for name, entry in found.items()}
    assert people == {"all": 12, "known": 10, "new": 2, "new_items": 1, "later": 12}
    alone = found["new_items"]
    assert alone.impressions == 1 and alone.baselines["popularity"]["auc"].value == 0 < alone.model["mrr"].value
    assert found["known"].impressions + found["new"].impressions == found["all"].impressions
    assert found["new"] == evaluate(tmp_path / "run", dataset, part="new")
    assert set(json.loads((tmp_path / "run" / "evaluation.json").read_text())) == set(PARTS)
    assert "new items (all that was clicked is unknown to training)" in (tmp_path / "run" / "README.md").read_text()


def test_what_can_not_be_evaluated_is_refused(encoder: Path, tmp_path: Path, tiny: Dataset, run: Path) -> None:
    with pytest.raises(UnknownError, match="no part 'old'"):
        evaluate(run, tiny, part="old")
    with pytest.raises(DataError, match="nothing in the part 'new'"):
        evaluate(run, tiny, part="new")
    with pytest.raises(UnknownError):
        evaluate(run, tiny, split="nowhere")
    test = write_tiny_mind(tmp_path / "test", 10, day=12)
    unlabelled = (test / "behaviors.tsv").read_text().replace("-0", "").replace("-1", "")
    (test / "behaviors.tsv").write_text(unlabelled)
    import_mind("with-test", tmp_path / "mind" / "train", dev=tmp_path / "mind" / "dev", test=test)
    with pytest.raises(DataError, match="has no labels"):
        evaluate(run, Dataset.open("with-test"), split="test")


def test_known_users_of_a_large_dataset_are_found_without_comparing_each_with_each() -> None:
    people = np.array([f"U{number}" for number in range(60_000)], object)
    started = time.process_time()
    assert is_among(people, people[::2]).sum() == 30_000
    assert time.process_time() - started < 3  # each with each takes a minute
