"""What Python programs ask: ``recattn.Recommender``, and the notebook that shows it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import recattn
from recattn.cli import main
from recattn.data import Dataset
from recattn.jobs.registry import Registry
from recattn.recommender import Recommender
from tests.jobs.tiny import import_tiny, tiny_settings
from tests.models.conftest import write_tiny_encoder

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(recattn_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A home with the tiny dataset and one trained, active run."""
    import_tiny(tmp_path / "mind")
    settings = tiny_settings(write_tiny_encoder(tmp_path / "encoder"), 1)
    assert main(["train", "--dataset", "tiny", *(f"--set={name}={value}" for name, value in settings.items())]) == 0
    capsys.readouterr()
    active = Registry().active()
    assert active
    return active.run


def test_the_recommender_comes_from_the_package_itself(run: str) -> None:
    assert recattn.Recommender is Recommender
    model = recattn.Recommender.load(f"runs/{run}")
    assert isinstance(model.dataset, Dataset) and model.dataset.name == "tiny"
    best = model.recommend(history=["N1", "N3"])[0]
    assert [click.item_id for click in model.explain(["N1", "N3"], best.item_id)] == ["N1", "N3"]
    with pytest.raises(AttributeError, match="no attribute 'Recomender'"):
        _ = recattn.Recomender


def test_the_package_alone_loads_nothing_heavy() -> None:
    code = "import sys, recattn; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"torch", "numpy", "pandas", "duckdb"} & set(loaded.split())


def test_every_cell_of_the_notebook_runs(run: str) -> None:
    notebook: dict[str, Any] = json.loads((ROOT / "docs" / "api.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    for cell in cells:
        exec(cell, names)
    assert len(cells) > 5 and len(names["best"]) == 5
    total = sum(click.weight for click in names["adds"]) + names["prediction"].constant
    assert total == pytest.approx(names["prediction"].total, abs=1e-4)


def test_the_notebook_holds_what_its_cells_printed() -> None:
    notebook = json.loads((ROOT / "docs" / "api.ipynb").read_text())
    silent = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not cell["outputs"]]
    assert not silent
