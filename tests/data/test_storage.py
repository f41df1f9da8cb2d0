"""Datasets read from an object storage: a real server that speaks S3 over HTTP, in a process of its own."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recattn.cli import main
from recattn.config import datasets_folder
from recattn.data import Dataset, damaged_datasets, dataset_infos, delete_dataset
from recattn.data.schema import DESCRIPTION, REMOTE, USERS
from recattn.data.storage import attach
from recattn.errors import DataError
from tests.browser.conftest import free_port
from tests.jobs.tiny import import_tiny

KEY, SECRET = "AKIDEXAMPLE", "not-for-anybody-to-see"


class Storage:
    """A running server with one bucket."""

    def __init__(self, log: Path) -> None:
        self.log, self.port = log, free_port()
        self.start()

    def start(self) -> None:
        """On the same port and folder as before."""
        self.folder = self.log.parent / "storage"
        self.folder.mkdir(exist_ok=True)
        rclone = Path(sys.executable).with_name("rclone")
        command = [rclone, "serve", "s3", "--auth-key", f"{KEY},{SECRET}", "--dir-cache-time", "0s"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--addr", f"127.0.0.1:{self.port}", self.folder], stdout=output, stderr=output
            )
        end = time.monotonic() + 60
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
                time.sleep(0.1)

    def put(self, folder: Path, prefix: str) -> str:
        """Copy a folder there as it is; its address."""
        shutil.copytree(folder, self.folder / "news" / prefix, dirs_exist_ok=True)
        return self.address(prefix)

    def address(self, prefix: str) -> str:
        return f"s3://news/{prefix}?endpoint=http://127.0.0.1:{self.port}&region=us-east-1"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module", autouse=True)
def keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="module")
def storage(keys: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    found = Storage(tmp_path_factory.mktemp("storage") / "log.txt")
    yield found
    found.stop()


@pytest.fixture
def tiny(tmp_path: Path, recattn_home: Path) -> Dataset:
    import_tiny(tmp_path / "mind")
    return Dataset.open("tiny")


def test_what_lies_in_a_storage_answers_as_what_lies_here(storage: Storage, tiny: Dataset) -> None:
    info = attach("far", storage.put(tiny.folder, "answers"))
    assert (info.items, info.users, info.impressions) == (tiny.info.items, tiny.info.users, tiny.info.impressions)
    assert sorted(file.name for file in (datasets_folder() / "far").iterdir()) == [DESCRIPTION, REMOTE]
    far = Dataset.open("far")
    assert far.fingerprint == tiny.fingerprint
    pd.testing.assert_frame_equal(far.items(), tiny.items())
    assert far.user("U3") == tiny.user("U3")
    assert far.user_impressions("U3") == tiny.user_impressions("U3") != []
    assert far.find_users("u1", 5) == tiny.find_users("u1", 5) != []
    assert far.find_readers("sports", 5) == tiny.find_readers("sports", 5) != []
    for page in ("page_items", "page_users", "page_impressions"):
        ours, theirs = getattr(far, page)("1", 2, 3), getattr(tiny, page)("1", 2, 3)
        pd.testing.assert_frame_equal(ours[0], theirs[0])
        assert ours[1] == theirs[1] > 0
    for split in tiny.info.splits:
        one, other = far.impressions(split), tiny.impressions(split)
        np.testing.assert_array_equal(one.history, other.history)
        np.testing.assert_array_equal(one.candidates, other.candidates)
        np.testing.assert_array_equal(far.clicks(split)[0], tiny.clicks(split)[0])
    assert far.distributions().keys() == tiny.distributions().keys()
    far.verify()


def test_the_shell_attaches_and_deleting_leaves_the_storage_alone(
    storage: Storage, tiny: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    address = storage.put(tiny.folder, "shell")
    assert main(["attach", address, "--name", "far", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dataset"] == "far"
    assert main(["attach", address, "--name", "far"]) == 1
    assert "There is a dataset 'far' already" in capsys.readouterr().err
    assert {info.name for info in dataset_infos()} == {"far", "tiny"}
    delete_dataset("far")
    assert {info.name for info in dataset_infos()} == {"tiny"}
    attach("far", address)


def test_another_dataset_under_the_address_is_noticed(storage: Storage, tiny: Dataset, tmp_path: Path) -> None:
    address = storage.put(tiny.folder, "changing")
    attach("far", address)
    other = tmp_path / "other"
    shutil.copytree(tiny.folder, other)
    (other / DESCRIPTION).write_text((other / DESCRIPTION).read_text().replace('"source": "MIND"', '"source": "mine"'))
    storage.put(other, "changing")
    with pytest.raises(DataError, match="holds another dataset than the one that was attached as 'far'"):
        Dataset.open("far").user("U3")
    attach("far", address, replace=True)
    assert Dataset.open("far").user("U3") == tiny.user("U3")


def test_half_a_dataset_is_refused_and_a_flipped_bit_is_found(storage: Storage, tiny: Dataset, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny.folder, other)
    whole = (other / USERS).read_bytes()
    (other / USERS).write_bytes(whole[:-9])
    with pytest.raises(DataError, match=r"no whole dataset: users\.parquet is missing or of another size"):
        attach("far", storage.put(other, "half"))
    assert not (datasets_folder() / "far").exists()
    (other / USERS).write_bytes(bytes([*whole[:200], whole[200] ^ 1, *whole[201:]]))
    attach("far", storage.put(other, "flipped"))
    with pytest.raises(DataError, match=r"users\.parquet has changed since it was written"):
        Dataset.open("far").verify()


def test_nothing_there_is_said_with_what_to_do(storage: Storage, recattn_home: Path) -> None:
    with pytest.raises(DataError, match=r"s3://news/nowhere.* can't be read .*(?s:.*)AWS_ACCESS_KEY_ID"):
        attach("far", storage.address("nowhere"))
    with pytest.raises(DataError) as told:
        attach("far", storage.address("nowhere").replace("news", "no-such-bucket"))
    assert KEY not in str(told.value) and SECRET not in str(told.value)


def test_a_storage_that_went_away_is_an_error_and_comes_back(tiny: Dataset, tmp_path: Path) -> None:
    own = Storage(tmp_path / "log.txt")
    attach("far", own.put(tiny.folder, "x"))
    far = Dataset.open("far")
    own.stop()
    started = time.monotonic()
    with pytest.raises(DataError, match="can't be read"):
        far.user("U3")
    assert time.monotonic() - started < 30
    assert damaged_datasets() == {}, "its description lies here"
    own.start()
    assert Dataset.open("far").user("U3") == tiny.user("U3")
    own.stop()


def test_keys_that_may_not_read_are_refused_by_the_storage(
    storage: Storage, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = storage.put(tiny.folder, "locked")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(DataError, match=r"can't be read(?s:.*)keys that may read it") as told:
        attach("far", address)
    assert "another" not in str(told.value)
    assert not (datasets_folder() / "far").exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://bucket/prefix",
        "s3://",
        "file:///etc/passwd",
        "s3://AKID:secret@bucket/prefix",
        "s3://bucket/prefix?access_key=AKID",
        "s3://bucket/prefix?endpoint=ftp://host",
    ],
)
def test_other_addresses_and_keys_in_them_are_refused(recattn_home: Path, address: str) -> None:
    with pytest.raises(DataError, match=r"is no address of a dataset(?s:.*)never keys") as told:
        attach("far", address)
    assert "secret" not in str(told.value)


def test_a_broken_note_of_the_address_is_told(storage: Storage, tiny: Dataset) -> None:
    attach("far", storage.put(tiny.folder, "note"))
    (datasets_folder() / "far" / REMOTE).write_text("{")
    with pytest.raises(DataError, match=r"remote\.json can't be read"):
        Dataset.open("far").items()
