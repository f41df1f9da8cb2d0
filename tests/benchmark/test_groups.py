"""Contests on tiny data: equal results are checked inside, before anything is timed. No times are judged here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recattn.benchmark.evaluate import evaluate_contests
from recattn.benchmark.given import Given
from recattn.benchmark.groups import GROUPS, chosen
from recattn.benchmark.race import Outcome, race
from recattn.benchmark.recommend import recommend_contests
from recattn.benchmark.start import start_contests
from recattn.benchmark.train import train_contests
from recattn.errors import RecAttnError, UnknownError
from tests.jobs.tiny import ITEMS, import_tiny
from tests.models.conftest import write_tiny_encoder


@pytest.fixture
def given(tmp_path: Path, recattn_home: Path) -> Iterator[Given]:
    import_tiny(tmp_path / "mind")
    given = Given("tiny", texts=ITEMS, encoder=str(write_tiny_encoder(tmp_path / "encoder")))
    with given.closing:
        yield given


def held(outcomes: dict[str, Outcome], *names: str) -> dict[str, Outcome]:
    assert tuple(outcomes) == names
    for outcome in outcomes.values():
        assert set(outcome.ratio) == set(outcome.milliseconds) - {"recattn"}
        assert {"processor", "cores", "torch", "numpy", "recattn"} <= outcome.machine.keys()
    return outcomes


def test_sentence_transformers_gives_the_same_vectors_and_fewer_digits_give_others(given: Given) -> None:
    found = held(race(chosen("encode", given), repeats=1), "encode", "encode_precision")
    assert found["encode"].equal_within < 1e-4
    assert found["encode"].facts["texts"] == ITEMS
    one = found["encode_precision"]
    assert 0 < one.equal_within < 0.5, "they differ, and not wildly"
    assert one.facts["recattn: cosine, least"] == pytest.approx(1)
    assert 0.9 < float(one.facts["int8: cosine, least"]) <= 1
    assert 0.9 < float(one.facts["bf16: cosine, least"]) <= 1


def test_a_training_loses_as_much_in_each_step_as_one_that_encodes_every_text(given: Given) -> None:
    found = held(race(train_contests(given), repeats=1), "train_epoch", "train_steps")
    epoch = found["train_epoch"]
    assert float(epoch.facts["reuse"]) == pytest.approx(int(epoch.facts["texts in all steps"]) / ITEMS, abs=0.1)
    steps = int(epoch.facts["steps"])
    assert epoch.extrapolated == {"every text of every impression": min(2, steps) / steps}


def test_a_split_scored_at_once_has_the_scores_and_metrics_of_single_runs(given: Given) -> None:
    found = held(race(evaluate_contests(given), repeats=1), "evaluate", "evaluate_from_texts")
    assert found["evaluate"].facts == {"impressions": 30, "candidates": 180}


def test_the_best_of_a_catalogue_are_those_of_a_plain_product() -> None:
    found = held(race(recommend_contests([200, 3_000]), repeats=1), "recommend_200", "recommend_3000")
    assert found["recommend_3000"].facts["items"] == 3_000


def test_processes_that_fail_are_not_timed(given: Given) -> None:
    found = race(start_contests(given, ["start_import", "start_help"]), repeats=1)
    assert set(held(found, "start_import", "start_help")["start_help"].ratio) == {"import torch"}
    with pytest.raises(RecAttnError, match=r"recommend --user .* failed: No run is active"):
        race(start_contests(given, ["start_recommend"]), repeats=1)


def test_a_contest_can_be_asked_for_by_its_name_and_by_its_group(given: Given) -> None:
    assert [contest.name for contest in chosen("explain", given)] == list(GROUPS["explain"].names)
    assert [contest.name for contest in chosen("train_steps", given)] == ["train_steps"]
    with pytest.raises(UnknownError, match="Allowed are the groups explain, encode"):
        chosen("luck", given)
