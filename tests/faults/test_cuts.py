"""A few of the kills of ``cuts.py``; all of them take minutes, and docs/faults.md says what they came to."""

import json
import os
import subprocess
import sys

import pytest

from tests.jobs.conftest import ROOT


@pytest.mark.parametrize(
    ("scene", "most", "fewest_changes"), [("delete", 8, 20), ("activate", 3, 3), ("import", 3, 10), ("train", 2, 50)]
)
def test_work_that_is_killed_before_any_change_of_a_file_leaves_nothing_half_made(
    scene: str, most: int, fewest_changes: int
) -> None:
    """In a process of its own: a child that is made by fork gets along with no thread of this one's libraries."""
    command = [sys.executable, "-m", "tests.faults.cuts", scene, "--most", str(most), "--seed", str(os.getpid())]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True, timeout=300
    )
    found = json.loads(done.stdout)
    assert found["broken"] == [] and done.returncode == 0
    assert found["changes"] >= fewest_changes and found["kills"] == most
