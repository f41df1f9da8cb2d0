"""Zips that only claim to be runs: each is refused by name, in words, and nothing of it stays or gets out."""

import hashlib
import json
import pickle
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from recattn.config import home as home_folder
from recattn.errors import RecAttnError
from recattn.jobs.archive import MANIFEST, add_run
from recattn.jobs.registry import Registry
from tests.jobs.test_archive import archive, home, made

__all__ = ["archive", "home", "made"]

Files = dict[str, bytes]
PLACES = [
    "../outside.json",
    "encoder/../../outside.json",
    "encoder/../../../../../../tmp/outside.json",
    "..\\outside.json",
    "encoder/..",
    "/tmp/outside.json",
    "C:\\outside.json",
    "\\\\server\\outside.json",
]


def contents(archive: Path) -> Files:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(archive: Path, files: Iterable[tuple[str, bytes, int, int]]) -> Path:
    """A zip of (name, content, mode, method), and with a manifest that fits: from somebody who knows how it is made."""
    listed = list(files)
    head = json.loads(next(content for name, content, *_ in listed if name == MANIFEST))
    sums = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content, *_ in listed
        if name != MANIFEST
    }
    with zipfile.ZipFile(archive, "w") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content, mode, method in listed:
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = mode << 16, method
            whole = json.dumps(head | {"files": sums}).encode() if name == MANIFEST and content[:1] == b"{" else content
            opened.writestr(entry, whole)
    return archive


def with_more(archive: Path, *more: tuple[str, bytes], mode: int = 0, method: int = zipfile.ZIP_STORED) -> Path:
    """The run's own zip and some entries more."""
    own = [(name, content, 0, zipfile.ZIP_STORED) for name, content in contents(archive).items()]
    return packed(archive, [*own, *((name, content, mode, method) for name, content in more)])


def refused(archive: Path, words: str) -> None:
    """Refused with these words; every file that was there is as it was, and there are no others."""
    before = everything(archive.parent)
    with pytest.raises(RecAttnError, match=words) as error:
        add_run(archive)
    assert error.value.allowed or error.value.remedy
    assert everything(archive.parent) == before
    assert not Path("/tmp/outside.json").exists() and len(Registry().runs()) == 1


def everything(folder: Path) -> list[str]:
    kept = ("registry", ".active")  # what a look at the registry may write
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.name.startswith(kept))


@pytest.mark.parametrize("name", PLACES)
def test_a_name_that_leads_elsewhere_is_refused(archive: Path, name: str) -> None:
    refused(with_more(archive, (name, b"{}")), "points out of the zip|has an absolute name")


def test_a_link_is_refused_also_under_an_allowed_name(archive: Path) -> None:
    link = with_more(archive, ("encoder/config.json", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777)
    refused(link, "is a link")


def test_a_name_that_is_there_twice_is_refused(archive: Path) -> None:
    refused(with_more(archive, ("config.json", contents(archive)["config.json"])), "'config.json' more than once")


def test_too_many_files_are_refused(archive: Path) -> None:
    refused(with_more(archive, *((f"encoder/{at}.json", b"{}") for at in range(120))), "files.*Allowed are 100")


def test_a_directory_of_a_million_names_is_refused_before_it_is_read(archive: Path) -> None:
    """One entry again and again, as no tool would write it: 46 bytes a name in the file, half a kilobyte in memory."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *([0] * 7), 1, *([0] * 6)) + b"a"
    directory = entry * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(directory), 0, 0)
    archive.write_bytes(directory + end)
    refused(archive, "too many files")


@pytest.mark.parametrize("name", ["encoder/config.json", MANIFEST, "model.safetensors"])
def test_a_bomb_by_ratio_is_refused(archive: Path, name: str) -> None:
    kept = [(own, content, 0, zipfile.ZIP_STORED) for own, content in contents(archive).items() if own != name]
    if name == MANIFEST:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr(name, bytes(20_000_000))
    else:
        packed(archive, [*kept, (name, bytes(20_000_000), 0, zipfile.ZIP_DEFLATED)])
    refused(archive, "unpacks to more than 100 times")


def test_entries_that_share_their_bytes_are_refused(archive: Path) -> None:
    """Each is packed ninetyfold, which is allowed; together they are thousands of times the file."""
    shared, unpacked = bytes(10_000), 900_000
    body = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(shared), unpacked, 1, 0) + b"a" + shared
    head = (b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(shared), unpacked)
    names = [f"encoder/{at:02}.json".encode() for at in range(60)]
    directory = b"".join(struct.pack("<4s6H3L5H2L", *head, len(name), *([0] * 6)) + name for name in names)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(names), len(names), len(directory), len(body), 0)
    archive.write_bytes(body + directory + end)
    refused(archive, "more than 100 times its size")


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        (MANIFEST, 1_100_000, "1.1 MB.*Allowed are 1 MB"),
        ("job.json", 1_100_000, "1.1 MB.*Allowed are 1 MB"),
        ("evaluation.json", 1_100_000, "1.1 MB.*Allowed are 1 MB"),
        ("training.json", 65_000_000, "65.0 MB.*Allowed are 64 MB"),
    ],
)
def test_a_file_far_larger_than_any_real_one_is_not_read(archive: Path, name: str, size: int, words: str) -> None:
    kept = [(own, content, 0, zipfile.ZIP_STORED) for own, content in contents(archive).items() if own != name]
    if name == MANIFEST:
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr(name, b" " * size)
    else:
        packed(archive, [*kept, (name, b" " * size, 0, zipfile.ZIP_STORED)])
    refused(archive, words)


def test_more_than_the_operator_allows_is_refused(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECATTN_MAX_UNPACKED_GB", "0.00001")
    refused(archive, "would unpack to.*RECATTN_MAX_UNPACKED_GB")


def wrong_sum(name: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        manifest = json.loads(files[MANIFEST])
        manifest["files"][name]["sha256"] = "0" * 64
        files[MANIFEST] = json.dumps(manifest).encode()

    return change


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "training.json", "job.json"])
def test_each_checksum_is_looked_at(archive: Path, name: str) -> None:
    files = contents(archive)
    wrong_sum(name)(files)
    with zipfile.ZipFile(archive, "w") as opened:
        for own, content in files.items():
            opened.writestr(own, content)
    refused(archive, f"{name} is damaged")


def changed(archive: Path, **contents_of: bytes) -> Path:
    own = contents(archive) | {f"{name}.json": content for name, content in contents_of.items()}
    return packed(archive, [(name, content, 0, zipfile.ZIP_STORED) for name, content in own.items()])


def test_a_job_with_half_a_sign_in_its_title_is_refused(archive: Path) -> None:
    job = json.loads(contents(archive)["job.json"])
    refused(changed(archive, job=json.dumps(job | {"title": "\ud800"}).encode()), "holds no finished run")


def test_a_job_nested_without_end_is_refused(archive: Path) -> None:
    refused(changed(archive, job=b"[" * 100_000), "holds no finished run")


def test_a_table_of_contents_nested_without_end_is_refused(archive: Path) -> None:
    own = {name: content for name, content in contents(archive).items() if name != MANIFEST}
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in [*own.items(), (MANIFEST, b"[" * 100_000)]:
            opened.writestr(name, content)
    refused(archive, "has no readable manifest.json")


@pytest.mark.parametrize("evaluation", [b'{"all": {"model": {"auc": [NaN, NaN, NaN]}}}', b"[" * 100_000])
def test_figures_of_no_use_come_in_and_hide_nothing(archive: Path, evaluation: bytes) -> None:
    assert add_run(changed(archive, evaluation=evaluation)).metrics == {} and len(Registry().runs()) == 2


class Touch:
    """A pickle that leaves a trace when anybody opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "name", ["encoder/pytorch_model.bin", "model.bin", "model.pt", "encoder/model.pkl", "model.safetensors"]
)
def test_a_pickle_is_never_opened(archive: Path, tmp_path: Path, name: str) -> None:
    trace = tmp_path.parent / f"{tmp_path.name}-opened"
    evil = pickle.dumps(Touch(trace))
    own = [(kept, content, 0, zipfile.ZIP_STORED) for kept, content in contents(archive).items() if kept != name]
    refused(packed(archive, [*own, (name, evil, 0, zipfile.ZIP_STORED)]), "does not belong there|can't be loaded")
    assert not trace.exists()
    pickle.loads(evil)
    assert trace.exists(), "the pickle would have left its trace"
    trace.unlink()


def test_the_run_itself_is_still_taken(archive: Path) -> None:
    assert add_run(with_more(archive)).state == "finished"
    assert not list(home_folder().rglob(".new-*"))
