import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recattn.cli import COMMANDS, main
from recattn.config import runs_folder
from recattn.errors import RecAttnError
from recattn.jobs.liveness import this_process
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import new_run
from recattn.training.config import PRESETS, TrainingConfig
from tests.jobs.conftest import eventually
from tests.jobs.tiny import IMPRESSIONS, ITEMS, USERS, tiny_settings, write_tiny_mind
from tests.models.conftest import write_tiny_encoder

ROOT = Path(__file__).parents[1]
METRICS = ["auc", "mrr", "ndcg@5", "ndcg@10"]
BASELINES = {"random", "popularity", "recent_popularity", "cosine_mean", "cosine_max"}


class Shell:
    """Commands in this process, and what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def json(self, *argv: str) -> Any:
        """The one document of a command that must succeed."""
        assert main([*argv, "--json"]) == 0
        return json.loads(self.capsys.readouterr().out)

    def text(self, *argv: str) -> str:
        assert main(argv) == 0
        return self.capsys.readouterr().out

    def error(self, *argv: str, code: int = 1) -> str:
        """The message of a command that must be refused, in both kinds of output."""
        for given in (argv, (*argv, "--json")):
            assert main(given) == code
            out, message = self.capsys.readouterr()
            assert out == "" and "Traceback" not in message
        return message


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture(scope="module")
def mind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mind")
    write_tiny_mind(folder / "train")
    write_tiny_mind(folder / "dev", 30, day=10, seed=1)
    write_tiny_encoder(folder / "encoder")
    return folder


def training(mind: Path, epochs: int = 1) -> list[str]:
    settings = tiny_settings(mind / "encoder", epochs)
    return ["train", "--dataset", "tiny", *(f"--set={name}={value}" for name, value in settings.items())]


def importing(mind: Path) -> list[str]:
    return ["import", "mind", "--name", "tiny", "--train", str(mind / "train"), "--dev", str(mind / "dev")]


@pytest.fixture(scope="module")
def trained_home(mind: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the tiny dataset and one trained run, made through the command line."""
    home = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(home))
        assert main(importing(mind)) == 0
        assert main(training(mind)) == 0
    yield home


@pytest.fixture
def trained(trained_home: Path, recattn_home: Path) -> str:
    """A copy of that home for one test; the run's id."""
    shutil.copytree(trained_home, recattn_home)
    active = Registry().active()
    assert active
    return active.run


def test_help_is_quick_and_names_every_command() -> None:
    code = "import sys; from recattn.cli import main\ntry: main(['--help'])\nfinally: print('torch' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout
    assert printed.endswith("False\n"), "torch takes seconds"
    for command in COMMANDS:
        assert command.name.split()[0] in printed


def test_the_help_of_train_explains_every_preset_and_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    printed = capsys.readouterr().out
    for name in PRESETS:
        assert name in printed
    for entry in dataclasses.fields(TrainingConfig):
        assert f"  {entry.name}=" in printed and entry.metadata["help"] in printed


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["train"],
        ["train", "--dataset", "x", "--set", "heads"],
        ["import", "mind", "--name", "x"],
        ["recommend", "--user", "U1", "-n", "0"],
        ["evaluate", "--users", "some"],
    ],
)
def test_wrong_usage_is_two(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m recattn")


def test_an_empty_home_lists_nothing_and_says_what_to_do(shell: Shell) -> None:
    assert shell.json("datasets") == []
    assert shell.json("runs") == []
    assert "python -m recattn sample" in shell.text("datasets")
    assert "python -m recattn train" in shell.text("runs")
    assert "No run is active" in shell.error("evaluate")
    assert "No run is active" in shell.error("recommend", "--user", "U1")
    assert "There is no run 'x'. There are no runs yet" in shell.error("activate", "x")


def test_import_says_what_it_made_and_datasets_lists_it(shell: Shell, mind: Path) -> None:
    document = shell.json(*importing(mind))
    assert document == {
        "dataset": "tiny",
        "items": ITEMS,
        "users": USERS,
        "impressions": IMPRESSIONS + 30,
        "rejected": {},
    }
    assert shell.json("datasets") == [
        {
            "name": "tiny",
            "items": ITEMS,
            "users": USERS,
            "impressions": IMPRESSIONS + 30,
            "splits": {"train": IMPRESSIONS, "dev": 30},
        }
    ]
    assert "train 60, dev 30" in shell.text("datasets")
    assert "There is a dataset 'tiny' already" in shell.error(*importing(mind))
    assert shell.json(*importing(mind), "--replace") == document


def test_import_counts_and_shows_rejected_rows(
    shell: Shell, mind: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "spoilt"
    shutil.copytree(mind / "train", folder)
    with (folder / "behaviors.tsv").open("a") as behaviors:
        behaviors.writelines(f"{number}\tU1\t11/2/2019 1:01:00 AM\tN1\tN2-1 N3-0\n" for number in range(1000, 1100))
        behaviors.write("cut short\n")
    assert main(["import", "mind", "--name", "spoilt", "--train", str(folder), "--json"]) == 0
    out, messages = capsys.readouterr()
    assert list(json.loads(out)["rejected"].values()) == [1]
    assert "train/behaviors.tsv, line 161" in messages and "held out" in messages
    assert "does not exist" in shell.error("import", "mind", "--name", "x", "--train", str(tmp_path / "nowhere"))
    assert "can't be a dataset name" in shell.error("import", "mind", "--name", "../x", "--train", str(folder))


def test_train_makes_an_active_run_that_runs_lists(shell: Shell, trained: str, mind: Path) -> None:
    listed = shell.json("runs")
    assert [list(run) for run in listed] == [["run", "state", "dataset", "active", "metrics"]]
    assert (listed[0]["run"], listed[0]["state"], listed[0]["dataset"], listed[0]["active"]) == (
        trained,
        "finished",
        "tiny",
        True,
    )
    second = shell.json(*training(mind), "--no-activate", "--set", "seed=1")
    assert list(second) == ["run", "state", "metrics"] and second["state"] == "finished"
    assert list(second["metrics"]) == METRICS
    assert {run["run"]: run["active"] for run in shell.json("runs")} == {trained: True, second["run"]: False}
    assert shell.json("activate", second["run"])["active"]
    assert {run["run"]: run["active"] for run in shell.json("runs")} == {trained: False, second["run"]: True}
    assert "is the active one" in shell.error("delete", second["run"])
    assert shell.json("delete", trained) == {"run": trained, "state": "deleted"}
    assert not (runs_folder() / trained).exists()
    shell.text("delete", second["run"], "--even-active")
    assert shell.json("runs") == []


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--dataset", "nonsense"], "Dataset 'nonsense' was not found. Known: tiny"),
        (["--preset", "nonsense"], "There is no preset 'nonsense'. Allowed are default, "),
        (["--set", "heds=2"], "There is no setting 'heds'"),
        (["--set", "heads=3"], "can't be split over 3 heads"),
        (["--set", "encoder=/nowhere"], "'/nowhere' was not found as a folder"),
    ],
)
def test_a_training_that_can_not_be_is_refused_with_what_is_allowed(
    shell: Shell, trained: str, mind: Path, extra: list[str], message: str
) -> None:
    assert message in shell.error(*training(mind), *extra)


def test_what_a_run_can_not_do_is_refused_with_the_reason(shell: Shell, trained: str) -> None:
    assert f"The run {trained} is finished. Only a queued or running one" in shell.error("cancel", trained)
    assert "Only a cancelled, failed or interrupted run can be resumed" in shell.error("resume", trained)
    waiting = new_run("train", "default", "tiny", {}, True).run
    assert "Only a finished run can be activated" in shell.error("activate", waiting)
    assert "Only a finished run can answer" in shell.error("evaluate", "--run", waiting)
    assert "Cancel it first" in shell.error("delete", waiting)
    assert shell.json("cancel", waiting)["state"] == "cancelling"
    assert "can't be a run name" in shell.error("activate", "../etc")


def test_evaluate_sets_the_model_beside_the_baselines(shell: Shell, trained: str) -> None:
    document = shell.json("evaluate")
    assert list(document) == ["run", "dataset", "split", "impressions", "users", "model", "baselines"]
    assert (document["run"], document["dataset"], document["split"]) == (trained, "tiny", "dev")
    assert (document["impressions"], document["users"]) == (30, USERS)
    assert list(document["model"]) == METRICS
    assert document["baselines"].keys() == BASELINES
    for metrics in (document["model"], *document["baselines"].values()):
        for value, low, high in metrics.values():
            assert 0 <= low <= value <= high <= 1
    assert shell.json("evaluate", "--run", trained, "--users", "known") == document, "all users of dev are in train"
    assert document["model"]["auc"][0] == shell.json("runs")[0]["metrics"]["auc"]
    assert "cosine_mean" in shell.text("evaluate")
    assert shell.json("evaluate", "--split", "train")["impressions"] == IMPRESSIONS
    assert "Allowed are train, dev" in shell.error("evaluate", "--split", "nonsense")
    assert "nothing in the part 'new'" in shell.error("evaluate", "--users", "new")
    assert shell.json("evaluate", "--part", "later") == document, "dev begins after the last day of train"


def test_recommend_ranks_what_was_not_read(shell: Shell, trained: str) -> None:
    rows = shell.json("recommend", "--user", "U3", "-n", "5")
    assert [list(row) for row in rows] == [["rank", "item_id", "title", "category", "score"]] * 5
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    from recattn.data import Dataset

    assert not {row["item_id"] for row in rows} & set(Dataset.open("tiny").user("U3").history)
    assert shell.json("recommend", "--user", "U3", "-n", "5", "--run", trained) == rows
    assert len(shell.json("recommend", "--user", "U3")) == 10
    assert rows[0]["title"] in shell.text("recommend", "--user", "U3")
    assert "There is no user" in shell.error("recommend", "--user", "nobody")


def test_explain_weighs_the_clicks_and_its_contributions_sum_to_the_score(shell: Shell, trained: str) -> None:
    from recattn.data import Dataset

    history = Dataset.open("tiny").user("U3").history
    asked = ["explain", "--user", "U3", "--item", "N0"]
    document = shell.json(*asked)
    assert list(document) == ["user", "item", "score", "rank", "constant", "popularity", "methods", "agreement"]
    assert (document["user"], document["item"]) == ("U3", "N0")
    method = document["methods"]["contribution"]
    assert list(method) == ["clicks", "sum", "signed", "complete"] and method["signed"] and method["complete"]
    assert [click["item_id"] for click in method["clicks"]] == list(history)
    assert method["sum"] == pytest.approx(sum(click["weight"] for click in method["clicks"]))
    assert method["sum"] + document["constant"] == pytest.approx(document["score"], abs=1e-4)
    every = shell.json(*asked, "--method", "all")
    assert every["agreement"].keys() == every["methods"].keys() and len(every["methods"]) > 10
    assert every["agreement"]["leave_one_out"] == {"spearman_loo": pytest.approx(1.0), "top3_loo": 1.0}
    assert every["methods"]["contribution"] == method and every["rank"] == document["rank"]
    ranked = shell.json("recommend", "--user", "U3", "-n", str(ITEMS))
    scores = {row["item_id"]: (row["rank"], row["score"]) for row in ranked}
    if "N0" in scores:
        assert scores["N0"] == (document["rank"], pytest.approx(document["score"], abs=1e-5))
    assert "The method 'guess' is not there. Allowed for this model are attention" in shell.error(
        *asked, "--method", "guess"
    )
    assert "There is no item 'N99'" in shell.error("explain", "--user", "U3", "--item", "N99")
    assert method["clicks"][0]["title"] in shell.text(*asked)


def test_someone_who_read_nothing_gets_what_is_popular_and_is_told_so(
    trained: str, mind: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(mind / "dev", tmp_path / "dev")
    with (tmp_path / "dev" / "behaviors.tsv").open("a") as behaviors:
        behaviors.write("999\tNEW\t11/12/2019 1:01:00 AM\t\tN2-0 N3-0\n")
    argv = [*importing(mind)[:-1], str(tmp_path / "dev"), "--replace"]
    assert main(argv) == 0
    capsys.readouterr()
    assert main(["recommend", "--user", "NEW", "-n", "3", "--json"]) == 0
    out, messages = capsys.readouterr()
    assert len(json.loads(out)) == 3
    assert "has not read anything yet" in messages and "has changed since" in messages
    assert main(["explain", "--user", "NEW", "--item", "N1", "--method", "all", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert all(method["clicks"] == [] for method in document["methods"].values())
    assert document["score"] == pytest.approx(document["constant"], abs=1e-5), "nothing else is there"


def test_the_benchmark_finds_equal_results_and_says_how_many_times_as_long_others_take(shell: Shell) -> None:
    document = shell.json("benchmark", "integrated_gradients", "--repeats", "1")
    assert list(document) == ["integrated_gradients"]
    assert {"ratio", "equal_within", "machine"} <= document["integrated_gradients"].keys()
    assert document["integrated_gradients"]["equal_within"] < 1e-3
    assert [len(ratio) for ratio in document["integrated_gradients"]["ratio"].values()] == [3]
    assert "Allowed are the groups explain, encode" in shell.error("benchmark", "nonsense")


def test_progress_is_drawn_on_a_terminal_and_never_on_stdout(mind: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "recattn", *importing(mind), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, text=True)
    assert json.loads(done.stdout)["items"] == ITEMS
    assert "read" in os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)


def test_foreign_text_does_not_reach_the_terminal_as_control(capsys: pytest.CaptureFixture[str]) -> None:
    from recattn.cli.output import note, table

    note("\x1b[31mred")
    print(table([{"title": "\x1b]0;owned\x07 news"}], ""))
    out, messages = capsys.readouterr()
    assert "\x1b" not in out + messages and "\x07" not in out


def test_an_interrupted_training_stops_with_a_checkpoint_and_resume_ends_it(
    trained: str, mind: Path, shell: Shell
) -> None:
    command = [sys.executable, "-m", "recattn", *training(mind, 15), "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    eventually(lambda: any(run.phase == "train" and run.done > 20 for run in Registry().runs()), 60)
    process.send_signal(signal.SIGINT)
    out, messages = process.communicate(timeout=30)
    document = json.loads(out)
    assert process.returncode == 1
    assert document["state"] == "cancelled"
    assert f"python -m recattn resume {document['run']}" in messages and "Traceback" not in messages
    assert (runs_folder() / document["run"] / "checkpoints").is_dir()
    resumed = shell.json("resume", document["run"])
    assert resumed == {"run": document["run"], "state": "finished", "metrics": shell.json("runs")[0]["metrics"]}
    assert [run["active"] for run in shell.json("runs")] == [True, False]


def test_a_failed_training_is_one_message_and_a_failed_run(shell: Shell, trained: str, mind: Path) -> None:
    assert "was not found" in shell.error(*training(mind), "--set", "encoder=/nowhere")
    failed = [run for run in Registry().runs() if run.run != trained]
    assert [run.state for run in failed] == ["failed", "failed"]
    assert all("was not found" in run.message for run in failed)
    assert Registry().run(trained).active


def test_a_wrong_number_of_slots_makes_no_run(
    shell: Shell, trained: str, mind: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECATTN_SLOTS", "x")
    assert "RECATTN_SLOTS is 'x'" in shell.error(*training(mind))
    assert [run.run for run in Registry().runs()] == [trained]


def test_a_full_reader_is_no_error_of_ours(trained: str) -> None:
    command = f"{sys.executable} -m recattn runs | true"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "Error" not in done.stderr


def test_the_registry_of_a_home_is_the_same_for_page_and_shell(shell: Shell, trained: str) -> None:
    waiting = new_run("train", "default", "tiny", {}, True).run
    assert Registry().claim(waiting, this_process()) == "running"
    assert {run["run"]: run["state"] for run in shell.json("runs")} == {waiting: "running", trained: "finished"}
    with pytest.raises(RecAttnError):
        Registry().delete(waiting)
    Registry().end(waiting, "cancelled", "")
