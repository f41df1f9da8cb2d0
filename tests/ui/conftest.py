"""The home with a trained tiny model, as the pages' tests have it."""

from tests.pages.conftest import made_home, open_page, popular_run, run_id, trained_home

__all__ = ["made_home", "open_page", "popular_run", "run_id", "trained_home"]
