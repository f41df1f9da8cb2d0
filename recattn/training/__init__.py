"""Dataset and config in, run folder out."""

from recattn.training.config import PRESETS, TrainingConfig, configured
from recattn.training.evaluating import evaluate
from recattn.training.training import train

__all__ = ["PRESETS", "TrainingConfig", "configured", "evaluate", "train"]
