import gc
import os
import platform
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import streamlit as st

from recattn.config import datasets_folder
from recattn.data import Dataset
from recattn.ui import loads
from recattn.ui.user_picker import find


def test_the_person_to_open_on_exists_and_gets_the_item(run_id: str) -> None:
    user, item = loads.showcase(run_id, "tiny")
    history = Dataset.open("tiny").user(user).history
    assert loads.recommendations(run_id, "tiny", history, 1)[0].item_id == item
    assert loads.showcase(run_id, "tiny") == (user, item)


def test_somebody_without_a_history_gets_what_is_popular_among_the_candidates(run_id: str) -> None:
    popular = loads.recommendations(run_id, "tiny", (), 3)
    assert [one.score for one in popular] == sorted((one.score for one in popular), reverse=True)
    among = tuple(one.item_id for one in popular[1:])
    assert [one.item_id for one in loads.recommendations(run_id, "tiny", (), 3, None, among)] == list(among)


def test_a_search_finds_ids_first_and_then_readers(trained_home: object) -> None:
    dataset = Dataset.open("tiny")
    assert [user.user_id for user in find(dataset, "u11")] == ["U11"]
    word = dataset.item(dataset.user("U1").history[0]).title.split()[0]
    readers = find(dataset, word)
    assert readers
    rows = dataset.items().set_index("item_id")["title"]
    assert all(any(word in rows[item].split() for item in user.history) for user in readers)


def test_a_search_for_nothing_known_finds_nobody(trained_home: object) -> None:
    assert find(Dataset.open("tiny"), "zzz") == []


def test_garbage_collection_passes_over_a_loaded_model_and_frees_one_that_is_kept_no_more(run_id: str) -> None:
    st.cache_resource.clear()
    model = loads.recommender(run_id, "tiny")
    model.itself = model  # type: ignore[attr-defined] - so that only a garbage collection can free it
    assert gc.is_tracked(model)
    assert not any(one is model for one in gc.get_objects())  # those that a collection looks at

    old = weakref.ref(model)
    del model
    st.cache_resource.clear()
    gc.collect()
    assert old() is not None  # set aside
    loads.recommender(run_id, "tiny")
    assert old() is None


_ARENAS = """
import ctypes, sys, tempfile, threading
from recattn.ui.loads import share_arenas
if "shared" in sys.argv:
    share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(12)
def take():
    together.wait()
    libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
with tempfile.NamedTemporaryFile() as file:
    opened = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, opened)
    libc.fclose(opened)
    print(file.read().count(b"<heap nr="))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has pools of memory a thread")
def test_threads_share_two_pools_of_memory() -> None:
    def pools(*how: str) -> int:
        plain = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
        command = [sys.executable, "-c", _ARENAS, *how]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env=plain)
        return int(answer.stdout.split()[-1])

    assert pools() > 4
    assert pools("shared") <= 4  # two, and those that importing had taken before


def test_the_same_data_imported_again_is_what_pages_know_already(trained_home: Path, run_id: str) -> None:
    before = loads.dataset("tiny").user("U1")
    copy = datasets_folder() / ".copy"
    shutil.copytree(datasets_folder() / "tiny", copy)
    shutil.rmtree(datasets_folder() / "tiny")
    copy.rename(datasets_folder() / "tiny")
    assert loads.dataset("tiny").user("U1") == before
    assert loads.recommendations(run_id, "tiny", before.history, 1)
