"""Loading a trained model from its run folder, refusing what is damaged or is something else."""

import json
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError

from recattn.errors import RunError
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


def _damaged(folder: Path, why: str) -> RunError:
    return RunError(
        f"The model in {folder} can't be loaded: {why}.",
        "Allowed is a run folder with the config.json and model.safetensors that its training wrote.",
        "Choose another run, or train again.",
    )
