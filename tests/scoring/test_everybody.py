import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest

from recattn.cli import main
from recattn.data.scored import SCORED_SCHEMA
from recattn.errors import Cancelled, DataError, RunError, UnknownError
from recattn.jobs.registry import Registry
from recattn.recommender import Recommender
from recattn.scoring import score_everybody
from tests.scoring.conftest import EVERYBODY

N, PART = 4, 50
PARTS = -(-EVERYBODY // PART)


def scored(recommender: Recommender, out: Path, **changed: Any) -> None:
    settings: dict[str, Any] = {"out": str(out), "n": N, "part_users": PART} | changed
    found = score_everybody(recommender.folder, "tiny", **settings)
    assert found.users == EVERYBODY


def rows(out: Path) -> list[dict[str, Any]]:
    return [row for file in sorted(out.glob("part-*.parquet")) for row in pq.read_table(file).to_pylist()]


def same_lists(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Equal to the last id; amounts to rounding, which depends on who is in a batch together."""
    named = [(row["user_id"], row["rank"], row["item_id"], row["source"], _ids(row)) for row in found]
    assert named == [(row["user_id"], row["rank"], row["item_id"], row["source"], _ids(row)) for row in expected]
    for name in ("score", "history_adds"):
        amounts = [np.array([row[name] for row in rows], np.float32) for rows in (found, expected)]
        np.testing.assert_allclose(*amounts, atol=1e-5)


def _ids(row: dict[str, Any]) -> list[str]:
    return [reason["item_id"] for reason in row["reasons"]]


@pytest.fixture
def out(recommender: Recommender, tmp_path: Path) -> Path:
    scored(recommender, tmp_path / "out")
    return tmp_path / "out"


def test_everybody_is_there_once_with_the_list_they_would_get_alone(recommender: Recommender, out: Path) -> None:
    by_user: dict[str, list[dict[str, Any]]] = {}
    for row in rows(out):
        by_user.setdefault(row["user_id"], []).append(row)
    people = recommender.dataset.users_between(0, EVERYBODY)
    assert list(by_user) == [user.user_id for user in people], "in the order of the dataset"
    assert len(people) == EVERYBODY
    for user in people:
        found = by_user[user.user_id]
        alone = recommender.recommend(user.history, N) if user.history else recommender.popular(N)
        assert [row["rank"] for row in found] == [1, 2, 3, 4]
        assert {row["source"] for row in found} == {"model" if user.history else "popular"}
        np.testing.assert_allclose([row["score"] for row in found], [one.score for one in alone], atol=1e-5)
        for row, one in zip(found, alone, strict=True):
            assert row["item_id"] == one.item_id
            assert (row["reasons"][0]["item_id"] if row["reasons"] else None) == one.reason
            assert (row["history_adds"] is None) == (one.history_adds is None)
            assert len(row["reasons"]) == min(3, len(user.history))
            amounts = [reason["adds"] for reason in row["reasons"]]
            assert amounts == sorted(amounts, reverse=True)
    assert {row["source"] for row in rows(out)} == {"model", "popular"}, "both kinds are among them"


def test_a_part_is_plain_parquet_of_one_layout(out: Path) -> None:
    files = sorted(out.glob("*"))
    assert [file.name for file in files] == ["manifest.json", *(f"part-{part:05}.parquet" for part in range(PARTS))]
    assert all(pq.read_schema(file).equals(SCORED_SCHEMA) for file in files[1:])


def test_missing_and_damaged_parts_are_made_again_and_the_others_kept(recommender: Recommender, out: Path) -> None:
    before = rows(out)
    kept = {file: file.stat().st_mtime_ns for file in out.glob("part-*") if file.name[-9] not in "23"}
    (out / "part-00002.parquet").unlink()
    whole = (out / "part-00003.parquet").read_bytes()
    (out / "part-00003.parquet").write_bytes(whole[: len(whole) // 2])
    (out / ".part-00002.parquet.0abc").write_text("left behind by a kill")
    scored(recommender, out)
    assert rows(out) == before
    assert len(kept) == PARTS - 2 and kept == {file: file.stat().st_mtime_ns for file in kept}
    assert not list(out.glob(".*"))


@pytest.mark.parametrize("changed", [{"n": 5}, {"part_users": 60}])
def test_parts_made_otherwise_are_never_mixed_with_these(
    recommender: Recommender, out: Path, changed: dict[str, int]
) -> None:
    (name,) = changed
    with pytest.raises(DataError, match=rf"made with {name} .* \(now {changed[name]}\)"):
        scored(recommender, out, **changed)


def test_a_folder_of_something_else_is_left_alone(recommender: Recommender, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match=r"no readable manifest\.json"):
        scored(recommender, tmp_path / "letters")
    with pytest.raises(DataError, match="is a file"):
        scored(recommender, tmp_path / "letters" / "letter.txt")
    assert [file.name for file in (tmp_path / "letters").iterdir()] == ["letter.txt"]


def test_it_can_be_stopped_inside_a_part_and_gone_on_with(
    recommender: Recommender, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recattn.scoring.part._USERS", 20)
    heard = []

    def stop(phase: str, done: int, total: int, **_: float) -> None:
        heard.append((phase, done, total))
        if done >= 90:
            raise Cancelled

    again = tmp_path / "again"
    with pytest.raises(Cancelled):
        scored(recommender, again, report=stop)
    assert heard == [("score", done, EVERYBODY) for done in (0, 20, 40, 50, 70, 90)]
    assert sorted(file.name for file in again.glob("*")) == ["manifest.json", "part-00000.parquet"]
    assert not list(again.glob(".*"))
    heard.clear()
    scored(recommender, again, report=lambda *told: heard.append(told))
    assert heard[0] == ("score", PART, EVERYBODY) and heard[-1] == ("score", EVERYBODY, EVERYBODY)
    same_lists(rows(again), rows(out))


def test_a_worker_killed_in_the_middle_changes_nothing(
    recommender: Recommender, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray", reason="Ray is optional: requirements-ray.txt")
    again, killed = tmp_path / "again", []
    small = {"part_users": 2}
    parts = -(-EVERYBODY // 2)

    def kill_one() -> None:
        while len(list(again.glob("part-*"))) < 10:
            time.sleep(0.005)
        while not killed:
            for process in psutil.Process().children(recursive=True):
                if not killed and (process.cmdline() or [""])[0].startswith("ray::_score"):
                    process.kill()
                    killed.append(len(list(again.glob("part-*"))))

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    scored(recommender, again, engine="ray", workers=2, **small)
    killer.join(timeout=10)
    assert len(killed) == 1 and killed[0] < parts, "it was killed in the middle"
    assert len(list(again.glob("part-*"))) == parts
    same_lists(rows(again), rows(out))
    assert capsys.readouterr().out == "", "what Ray says of it never stands where a program reads"


def test_without_ray_the_engine_says_how_to_get_it(
    recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as where it is not installed
    with pytest.raises(RunError, match=r"pip install -r requirements-ray\.txt"):
        scored(recommender, tmp_path / "out", engine="ray")
    with pytest.raises(UnknownError, match="Allowed are local, ray"):
        scored(recommender, tmp_path / "out", engine="spark")


def test_the_command_is_a_job_that_everybody_sees(
    scored_world: Path, recattn_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(scored_world, recattn_home)
    os.environ["RECATTN_HOME"] = str(recattn_home)
    asked = ["score", "--dataset", "tiny", "--out", str(tmp_path / "out"), "--run", "answers", "-n", "3"]
    assert main([*asked, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["users"] == EVERYBODY and document["parts"] == 1 and document["seconds"] >= 0
    (job,) = [job for job in Registry().jobs() if job.kind == "score"]
    assert (job.state, job.subject) == ("finished", "answers")
    assert f"The lists of {EVERYBODY} users are in 1 part." == job.message
    assert main([*asked, "--part-users", "9", "--json"]) == 1
    out, message = capsys.readouterr()
    assert out == "" and "were made with part_users 10000 (now 9)" in message
    assert main(["score", "--dataset", "none", "--out", str(tmp_path / "o"), "--run", "answers"]) == 1
    assert "'none' was not found" in capsys.readouterr().err
