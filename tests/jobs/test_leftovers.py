import os
from pathlib import Path

import pytest

from recattn.config import uploads_folder
from recattn.data.uploads import stage
from recattn.errors import Cancelled
from recattn.jobs.leftovers import sweep_uploads
from recattn.jobs.registry import Registry
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
