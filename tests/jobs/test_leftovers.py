import os
import time
from pathlib import Path

import pytest

from recattn.config import home, jobs_folder, runs_folder, uploads_folder
from recattn.data.uploads import stage
from recattn.errors import Cancelled
from recattn.jobs.leftovers import sweep_uploads
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import sweep
from recattn.jobs.starting import queue
from recattn.jobs.worker import perform
from tests.data.mind_files import small_split
from tests.data.test_uploads import File


def uploaded(folder: Path) -> Path:
    files = [File(name, (folder / name).read_bytes()) for name in ("news.tsv", "behaviors.tsv")]
    return stage({"train": files})["train"]


def left() -> list[str]:
    return [path.name for path in uploads_folder().iterdir() if path.is_dir()]


def test_uploads_of_yesterday_go_except_those_an_import_waits_for(tmp_path: Path) -> None:
    source = small_split(tmp_path / "source")
    waiting, cancelled, nobodys = (uploaded(source) for _ in range(3))
    settings = {"format": "mind", "dev": None, "test": None, "replace": False}
    job = queue("import", "made", {**settings, "train": str(waiting)})
    stopped = queue("import", "other", {**settings, "train": str(cancelled)})
    Registry().cancel(stopped)
    with pytest.raises(Cancelled):
        perform(stopped)
    for path in (waiting, cancelled, nobodys):
        os.utime(path.parent, (0, 0))
    assert sorted(sweep_uploads()) == sorted([cancelled.parent.name, nobodys.parent.name])
    assert left() == [waiting.parent.name]
    assert perform(job).state == "finished"
    assert left() == []


def aged(path: Path, days: float) -> Path:
    """A folder with a file in it, as if nobody had touched either for so long."""
    path.mkdir(parents=True)
    (path / "config.json").write_text("{}")
    for one in (path / "config.json", path):
        os.utime(one, (time.time() - days * 24 * 3600,) * 2)
    return path


def test_what_killed_processes_left_goes_when_nothing_changed_in_it_for_long() -> None:
    old = [
        aged(runs_folder() / ".new-20260101-000000-aaaa", 2),
        aged(jobs_folder() / ".new-20260101-000000-bbbb", 2),
        aged(runs_folder() / ".together" / "abandoned", 8),
        aged(home() / ".add-x", 2),
        aged(home() / ".export-x", 2),
    ]
    kept = [
        aged(runs_folder() / ".new-20260101-000000-cccc", 0.5),
        aged(runs_folder() / ".together" / "to-go-on", 6),
        aged(runs_folder() / "20250101-000000-dddd", 400),
        aged(home() / ".add-y", 0.5),
    ]
    alive = aged(runs_folder() / ".together" / "at-work", 30)
    (alive / "metrics.jsonl").write_text("{}")
    sweep()
    assert not [path for path in old if path.exists()]
    assert all((path / "config.json").exists() for path in [*kept, alive])
