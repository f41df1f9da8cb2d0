"""RecAttn shows why an attention-based recommender recommended something, and how far to believe it."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """``recattn.Recommender``, loaded when it is first asked for: torch takes seconds, and most of us need none."""
    if name == "Recommender":
        return import_module("recattn.recommender").Recommender
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
