"""What all tests share: a home of their own, and no network."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def recattn_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty RECATTN_HOME for each test, so that no test sees another's data or a person's own."""
    home = tmp_path / "home"
    monkeypatch.setenv("RECATTN_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return home
