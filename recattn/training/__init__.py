"""Dataset and config in, run folder out."""

from typing import TYPE_CHECKING, Any

from recattn.training.config import PRESETS, TrainingConfig, configured

if TYPE_CHECKING:
    from recattn.training.evaluating import evaluate
    from recattn.training.training import train

__all__ = ["PRESETS", "TrainingConfig", "configured", "evaluate", "train"]


def __getattr__(name: str) -> Any:
    """``train`` and ``evaluate`` load torch, which takes seconds: forms and the command line's help do without."""
    if name == "train":
        from recattn.training.training import train

        return train
    if name == "evaluate":
        from recattn.training.evaluating import evaluate

        return evaluate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
