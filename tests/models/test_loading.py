import json
from pathlib import Path

import pytest

from recattn.errors import RunError
from recattn.models.attention import RecAttnModel
from recattn.models.loading import load_model
from recattn.models.shape import RecAttnConfig


@pytest.fixture
def run(tmp_path: Path) -> Path:
    RecAttnModel(RecAttnConfig(text_dim=8, dim=8, heads=2)).save_pretrained(tmp_path)
    return tmp_path


def test_weights_cut_short_anywhere_are_refused(run: Path) -> None:
    whole = (run / "model.safetensors").read_bytes()
    for length in range(0, len(whole), 1024):
        (run / "model.safetensors").write_bytes(whole[:length])
        with pytest.raises(RunError, match="can't be loaded"):
            load_model(run)


def test_a_header_that_lies_about_sizes_is_refused(run: Path) -> None:
    whole = (run / "model.safetensors").read_bytes()
    size = int.from_bytes(whole[:8], "little")
    header = whole[8 : 8 + size].replace(b"[8,8]", b"[9,9]")
    (run / "model.safetensors").write_bytes(whole[:8] + header + whole[8 + size :])
    with pytest.raises(RunError):
        load_model(run)


@pytest.mark.parametrize("change", [{"dim": 16}, {"layers": 2}, {"null_click": False}, {"model_type": "bert"}])
def test_a_config_that_does_not_fit_the_weights_is_refused(run: Path, change: dict[str, object]) -> None:
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(RunError, match="can't be loaded"):
        load_model(run)


def test_missing_files_are_named_by_the_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=tmp_path.name):
        load_model(tmp_path)
