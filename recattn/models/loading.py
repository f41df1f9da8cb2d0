"""Loading a trained model from its run folder, refusing what is damaged or is something else."""

import json
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError

from recattn.config import home, runs_folder
from recattn.errors import RunError, UnknownError
from recattn.models.attention import RecAttnModel
from recattn.models.shape import RecAttnConfig


def load_model(folder: Path) -> RecAttnModel:
    """The model of a run, ready to score.

    Raises:
        RunError: when files are missing, cut short, of another architecture, or do not fit each other.
    """
    try:
        kind = json.loads((folder / "config.json").read_text()).get("model_type")
        if kind != RecAttnConfig.model_type:
            raise ValueError(f"config.json is of a {kind!r} model")
        loaded: Any = RecAttnModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
        model, found = cast(tuple[RecAttnModel, dict[str, Any]], loaded)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, AttributeError, SafetensorError) as error:
        raise _damaged(folder, str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    wrong = {what: sorted(map(str, names)) for what, names in found.items() if names}
    if wrong:
        raise _damaged(folder, "; ".join(f"{what}: {', '.join(names[:3])}" for what, names in wrong.items()))
    return model.eval()


def run_place(given: Path | str) -> Path:
    """The folder of a run, given as a path, as "runs/ID" inside the home, or as its id.

    Raises:
        UnknownError: when it is at none of these places.
    """
    for place in (Path(given), home() / given, runs_folder() / given):
        if place.is_dir():
            return place
    raise UnknownError(
        f"There is no run {str(given)[:80]!r}.",
        f"Allowed are folders of finished trainings; runs/ID is looked for in {home()}, too.",
        "Choose one that `python -m recattn runs` lists, or set RECATTN_HOME.",
    )


def trained_on(folder: Path) -> str:
    """The name of the dataset that a run was trained on.

    Raises:
        RunError: when its ``training.json`` does not tell.
    """
    try:
        return str(json.loads((folder / "training.json").read_text())["dataset"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RunError(
            f"The run {folder} does not tell which dataset it was trained on.", "", "Give the dataset as well."
        ) from error


def _damaged(folder: Path, why: str) -> RunError:
    return RunError(
        f"The model in {folder} can't be loaded: {why}.",
        "Allowed is a run folder with the config.json and model.safetensors that its training wrote.",
        "Choose another run, or train again.",
    )
