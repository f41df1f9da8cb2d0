"""Real processes, real kills, a really full disk."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from recattn.config import datasets_folder
from recattn.data import Dataset, dataset_infos, delete_dataset, import_mind, sweep
from recattn.data.folders import claimed
from recattn.errors import DataError, UnknownError
from tests.data.mind_files import small_split

ROOT = Path(__file__).parents[2]
IMPORT = "import os, signal, sys\nfrom recattn.data import import_mind\n"
DIE_AT = """
def report(phase, done, total, **figures):
    if phase == sys.argv[2] and done == total:
        os.kill(os.getpid(), signal.SIGKILL)
import_mind("made", sys.argv[1], replace=True, report=report)
"""
WAIT = """
def report(phase, done, total, **figures):
    print("holding", flush=True)
    sys.stdin.readline()
import_mind("made", sys.argv[1], report=report)
"""
FOREVER = """
while True:
    for folder in sys.argv[1:]:
        import_mind("made", folder, replace=True)
        print("again", flush=True)
"""


def python(code: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT + code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def names() -> list[str]:
    return sorted(path.name for path in datasets_folder().glob("*"))


@pytest.mark.parametrize("phase", ["read", "write"])
def test_an_import_killed_midway_leaves_the_old_state_and_is_swept(tmp_path: Path, phase: str) -> None:
    kept = import_mind("made", small_split(tmp_path / "a"))
    killed = python(DIE_AT, small_split(tmp_path / "b", rows=300), phase)
    assert killed.wait() == -signal.SIGKILL
    assert Dataset.open("made").info == kept and [info.name for info in dataset_infos()] == ["made"]
    assert ".lock-made" in names()
    left = [name for name in names() if name.startswith(".staging")]
    assert sweep() == left and names() == ["made"]
    assert import_mind("made", tmp_path / "b", replace=True).impressions == 300


def test_a_first_import_killed_while_writing_never_shows(tmp_path: Path) -> None:
    assert python(DIE_AT, small_split(tmp_path / "a"), "write").wait() == -signal.SIGKILL
    assert dataset_infos() == []
    with pytest.raises(UnknownError, match="Known: none yet"):
        Dataset.open("made")
    assert import_mind("made", tmp_path / "a").impressions == 200
    assert names() == ["made"]


def test_killed_at_any_moment_of_replacing_the_dataset_is_whole(tmp_path: Path) -> None:
    folders = [small_split(tmp_path / str(rows), rows=rows) for rows in (200, 300)]
    import_mind("made", folders[0])
    dice = random.Random(0)
    for _ in range(3):
        process = python(FOREVER, *folders)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(dice.random() / 4)
        process.kill()
        process.communicate()
        dataset = Dataset.open("made")
        dataset.verify()
        assert dataset.info.impressions in (200, 300)
    sweep()
    assert names() == ["made"]


def test_readers_see_the_old_or_the_new_dataset_while_it_is_replaced(tmp_path: Path) -> None:
    folders = [small_split(tmp_path / str(rows), rows=rows) for rows in (200, 300)]
    import_mind("made", folders[0])
    sizes: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            sizes.append(Dataset.open("made").info.impressions)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(10):
        import_mind("made", folders[1 - turn % 2], replace=True)
    done.set()
    reader.join()
    assert set(sizes) == {200, 300} and len(sizes) > 20


def test_a_dataset_in_use_that_is_replaced_says_so_instead_of_mixing(tmp_path: Path) -> None:
    import_mind("made", small_split(tmp_path / "a"))
    dataset = Dataset.open("made")
    assert len(dataset.impressions("train")) == 180
    import_mind("made", tmp_path / "a", replace=True)
    assert len(dataset.impressions("train")) == 180, "the same data again mixes nothing"
    import_mind("made", small_split(tmp_path / "b", rows=300), replace=True)
    for ask in (lambda: dataset.impressions("train"), lambda: dataset.user("U1"), lambda: dataset.page_items()):
        with pytest.raises(DataError, match="was replaced or deleted while it was in use"):
            ask()
    delete_dataset("made")
    with pytest.raises(DataError, match="was replaced or deleted"):
        dataset.user("U1")


def test_of_two_imports_of_one_name_one_wins_and_the_other_says_who_holds_it(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "a")
    first = python(WAIT, folder)
    assert first.stdout is not None and first.stdout.readline() == "holding\n"
    with pytest.raises(DataError, match=rf"being changed by process {first.pid} since 20\d\d-"):
        import_mind("made", folder)
    assert import_mind("other", folder).impressions == 200
    assert sweep() == []
    first.communicate("\n" * 100)
    assert first.returncode == 0
    assert Dataset.open("made").info.impressions == 200 and names() == ["made", "other"]


def test_a_name_is_free_again_after_its_holder_was_killed(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "a")
    first = python(WAIT, folder)
    assert first.stdout is not None and first.stdout.readline() == "holding\n"
    first.kill()
    first.communicate()
    assert import_mind("made", folder).impressions == 200


def test_threads_of_one_process_exclude_each_other_too() -> None:
    with claimed("made"), pytest.raises(DataError, match=f"process {os.getpid()}"), claimed("made"):
        pass
    with claimed("made"):
        pass
    assert names() == []


def test_a_deleted_dataset_is_gone_and_its_name_free(tmp_path: Path) -> None:
    folder = small_split(tmp_path / "a")
    import_mind("made", folder)
    delete_dataset("made")
    assert names() == [] and dataset_infos() == []
    with pytest.raises(UnknownError, match="'made' was not found"):
        delete_dataset("made")
    with pytest.raises(UnknownError, match="can't be a dataset name"):
        delete_dataset("../home")
    assert import_mind("made", folder).impressions == 200


def test_what_a_killed_deletion_left_is_swept(tmp_path: Path) -> None:
    import_mind("made", small_split(tmp_path / "a"))
    (datasets_folder() / "made").rename(datasets_folder() / ".former-made")
    assert dataset_infos() == []
    assert sweep() == [".former-made"] and names() == []


def test_a_replacement_killed_between_two_renames_is_finished_by_the_sweep(tmp_path: Path) -> None:
    old = import_mind("made", small_split(tmp_path / "a"))
    new = import_mind("new", small_split(tmp_path / "b", rows=300))
    folder = datasets_folder()
    (folder / "made").rename(folder / ".former-made")
    (folder / "new").rename(folder / ".staging-made")
    sweep()
    assert names() == ["made"]
    assert Dataset.open("made").info.files == new.files != old.files


def test_a_full_disk_is_named_and_earlier_data_intact(tmp_path: Path) -> None:
    home = tmp_path / "small"
    home.mkdir()
    small, large = small_split(tmp_path / "a"), small_split(tmp_path / "b", rows=20_000)
    code = IMPORT + (
        "from recattn.data import Dataset\nfrom recattn.errors import DataError\n"
        "import_mind('first', sys.argv[1])\n"
        "try:\n    import_mind('second', sys.argv[2])\n"
        "except DataError as error:\n    print(error)\n"
        "Dataset.open('first').verify()\n"
        "print(sorted(os.listdir(os.path.join(os.environ['RECATTN_HOME'], 'datasets'))))\n"
    )
    mounted = 'mount -t tmpfs -o size=100k tmpfs "$RECATTN_HOME" && exec "$@"'
    unshare = ["unshare", "--mount", "--map-root-user", "sh", "-c", mounted, "sh"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], env=_at(home), capture_output=True).returncode:
        pytest.skip("a small file system of its own needs the right to mount one")
    done = subprocess.run(
        [*unshare, sys.executable, "-c", code, small, large], cwd=ROOT, env=_at(home), capture_output=True, text=True
    )
    assert f"The disk of {home / 'datasets'} is full" in done.stdout, done.stderr
    assert "Needed are about 0.3 MB" in done.stdout and "RECATTN_HOME" in done.stdout
    assert done.stdout.endswith("['first']\n")


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, recattn_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recattn_home.write_text("a file in the way")
    with pytest.raises(DataError, match="home/datasets can't be written"):
        import_mind("made", small_split(tmp_path / "a"))
    monkeypatch.setenv("RECATTN_HOME", "/proc/nowhere")
    with pytest.raises(DataError, match="/proc/nowhere/datasets can't be written"):
        import_mind("made", tmp_path / "a")


def _at(home: Path) -> dict[str, str]:
    return {**os.environ, "RECATTN_HOME": str(home)}


def test_who_comes_when_a_name_is_just_let_go_is_told_so_in_words() -> None:
    surprises: list[Exception] = []

    def come_and_go() -> None:
        for _ in range(1000):
            try:
                with claimed("made"):
                    pass
            except DataError:
                pass
            except Exception as error:  # what this test looks for
                surprises.append(error)

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not surprises
