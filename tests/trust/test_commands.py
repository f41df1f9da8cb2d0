import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from recattn.cli import main
from recattn.config import runs_folder
from recattn.evaluation.faithfulness import METRICS
from recattn.explanation.methods import METHODS
from recattn.trust.heads import read_heads
from recattn.trust.lists import DIVERSITIES, read_lists
from recattn.trust.records import read_faithfulness, read_twins


@pytest.fixture
def home(trained_world: Path, recattn_home: Path) -> Path:
    """A copy of the trained world for one test."""
    return Path(shutil.copytree(trained_world, recattn_home))


def document(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    assert main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_faithfulness_prints_the_table_and_keeps_it_beside_the_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = document(capsys, "faithfulness", "--run", "learned", "--users", "4")
    assert set(printed["methods"]) == set(METHODS)
    assert {name: note["higher_is_better"] for name, note in printed["metrics"].items()} == {
        name: metric.higher_is_better for name, metric in METRICS.items()
    }
    assert all(len(interval) == 3 for row in printed["methods"].values() for interval in row.values())
    assert printed["methods"]["attention"]["completeness_error"] == [None, None, None]
    kept, twins = read_faithfulness(runs_folder() / "learned"), read_twins(runs_folder() / "learned")
    assert kept and kept.users == printed["users"] == 4
    assert twins and {twin["attention"] for twin in printed["twins"]["twins"]} == {"uniform", "permuted"}
    assert twins.verdict == printed["twins"]["verdict"]


def test_heads_prints_a_card_a_head_and_keeps_them(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "heads", "--run", "learned", "--users", "4")
    assert len(printed["cards"]) == 2
    kept = read_heads(runs_folder() / "learned")
    assert kept and [card.cost for card in kept.cards] == [pytest.approx(card["cost"]) for card in printed["cards"]]


def test_lists_prints_every_diversity_and_keeps_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = document(capsys, "lists", "--run", "learned", "--users", "4")
    assert [one["diversity"] for one in printed["settings"]] == list(DIVERSITIES)
    assert read_lists(runs_folder() / "learned") is not None
    assert main(["lists", "--run", "learned", "--users", "4"]) == 0
    assert "cost in nDCG@10" in capsys.readouterr().out


def test_people_get_tables_with_directions_and_the_verdict(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faithfulness", "--run", "learned", "--users", "4"]) == 0
    printed = capsys.readouterr().out
    assert "deletion ↑" in printed and "pos@10 ↓" in printed and "uniform attention" in printed
    assert main(["heads", "--run", "learned", "--users", "4"]) == 0
    assert "all heads off" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["faithfulness", "heads"])
def test_without_an_active_run_they_say_so(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == 1
    assert "No run is active" in capsys.readouterr().err


def test_no_users_is_wrong_usage() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["faithfulness", "--users", "0"])
    assert ended.value.code == 2
