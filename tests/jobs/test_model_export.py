"""The folder that other programs open, used exactly as its own README says."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from recattn.cli import main
from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.errors import RunError
from recattn.jobs.model_export import export_model
from recattn.models.attention import RecAttnModel
from recattn.recommender import Recommender
from recattn.training.config import configured
from recattn.training.training import train
from tests.jobs.tiny import ITEMS, import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder

SHAPES: dict[str, dict[str, Any]] = {
    "one layer": {},
    "candidate aware": {"candidate_pooling": True, "layers": 2},
    "popularity counts": {"popularity": "gate", "learning_rate": 0.02},
}
HISTORY = ["N1", "N4", "N6"]


@pytest.fixture(scope="module", params=SHAPES)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("export")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        import_tiny(folder / "mind")
        settings = tiny_settings(write_tiny_encoder(folder / "encoder"), 1) | SHAPES[request.param]
        train(Dataset.open("tiny"), configured("default", settings), runs_folder() / "shape")
    yield folder / "home"


@pytest.fixture
def recommender(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Recommender:
    monkeypatch.setenv("RECATTN_HOME", str(trained))
    return Recommender.load("runs/shape")


def code(folder: Path) -> list[str]:
    """The blocks of code in the folder's README."""
    return re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)


def test_what_its_readme_says_gives_the_scores_of_the_recommender(
    recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = export_model(recommender, tmp_path / "out")
    assert sorted(file.name for file in folder.iterdir()) == [
        "README.md",
        "config.json",
        "encoder",
        "item_vectors.parquet",
        "model.safetensors",
    ]
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for block in code(folder)[:-1]:
        exec(block, names)
    ids = pq.read_table("item_vectors.parquet")["item_id"].to_pylist()
    assert len(ids) == ITEMS
    expected = {one.item_id: one.score for one in recommender.recommend(HISTORY, ITEMS, candidates=ids)}
    assert ("clicked" in (folder / "README.md").read_text()) == (recommender.model.popularity is not None)
    found = dict(zip(ids, names["scores"](HISTORY).tolist(), strict=True))
    assert found == pytest.approx(expected, abs=1e-5)
    assert ("user_vector" in names) == (not recommender.model.config.candidate_pooling)
    if "user_vector" in names:
        products = names["items"] @ names["user_vector"](HISTORY)
        assert dict(zip(ids, products.tolist(), strict=True)) == pytest.approx(expected, abs=1e-5)


def test_the_encoder_opens_with_transformers_alone(recommender: Recommender, tmp_path: Path) -> None:
    folder = export_model(recommender, tmp_path / "out")
    titles = recommender.dataset.items()["title"].tolist()[:3]
    asked = f"{code(folder)[-1]}\nimport json, sys\nprint(json.dumps(text_vectors({titles!r}).tolist()))\n"
    asked += "assert not any(name.startswith('recattn') for name in sys.modules)"
    command = [sys.executable, "-I", "-c", asked]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=True)
    np.testing.assert_allclose(json.loads(done.stdout), recommender.vectors[:3], atol=1e-5)


def test_it_is_a_model_as_transformers_saves_them(recommender: Recommender, tmp_path: Path) -> None:
    folder = export_model(recommender, tmp_path / "out")
    loaded, own = RecAttnModel.from_pretrained(folder).state_dict(), recommender.model.state_dict()
    assert loaded.keys() == own.keys() and all(loaded[name].equal(own[name]) for name in own)
    assert Recommender.load(folder, recommender.dataset).recommend(HISTORY) == recommender.recommend(HISTORY)


def test_nothing_is_written_over_and_nothing_half_done_is_left(recommender: Recommender, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(RunError, match="is there already"):
        export_model(recommender, tmp_path / "there")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't be written"):
        export_model(recommender, tmp_path / "file" / "out")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "there"]


def test_the_command_says_where_it_is(
    trained: Path, recattn_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(trained, recattn_home)
    assert main(["export-model", "shape", "--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": "shape", "folder": str(tmp_path / "out")}
    assert main(["export-model", "shape", "--out", str(tmp_path / "out")]) == 1
    assert "is there already" in capsys.readouterr().err
