"""The home with a trained tiny model, as the pages' tests have it."""

from tests.pages.conftest import made_home, trained_home

__all__ = ["made_home", "trained_home"]
