import random
from pathlib import Path

import pytest

from tests.faults.killed_imports import kill_imports
from tests.faults.kills import kill_trainings


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_a_training_killed_at_random_moments_ends_as_the_uninterrupted_one(tmp_path: Path) -> None:
    found = kill_trainings(2, random.Random(1), tmp_path)
    assert found["broken"] == []
    assert found["kills"] == 2
    assert isinstance(found["numbers"], int) and found["numbers"] > 100
    assert isinstance(found["largest_difference"], int | float) and found["largest_difference"] < 1e-5


def test_an_import_killed_at_random_moments_leaves_the_old_or_the_new_dataset(tmp_path: Path) -> None:
    found = kill_imports(3, random.Random(1), tmp_path)
    assert found["broken"] == []
    assert found["kills"] == 3
