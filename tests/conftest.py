"""What all tests share: a home of their own, and no network."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same every time", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("same every time" if os.environ.get("CI") else "explore")


@pytest.fixture(autouse=True)
def recattn_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty RECATTN_HOME for each test, so that no test sees another's data or a person's own."""
    home = tmp_path / "home"
    monkeypatch.setenv("RECATTN_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return home
