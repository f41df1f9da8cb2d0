"""The import section of the Admin page, as an administrator and as an attacker use it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from recattn.config import datasets_folder, jobs_folder, uploads_folder
from recattn.data import Dataset
from recattn.jobs.audit import entries
from recattn.jobs.password import hashed
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY
from recattn.ui import login
from recattn.ui.admin_sessions import AdminSessions
from recattn.ui.import_form import _suggested
from recattn.ui.loads import sweep_hourly
from tests.data.mind_files import small_split, zipped
from tests.data.test_movielens import small
from tests.pages.conftest import Open, words

Admin = Callable[[], AppTest]
HASH = hashed("four words that fit")


@pytest.fixture
def open_admin(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Admin:
    """The Admin page for somebody who is logged in."""
    monkeypatch.setenv("RECATTN_ADMIN_HASH", HASH)
    monkeypatch.setattr(login, "SESSIONS", AdminSessions())

    def opened() -> AppTest:
        app = open_page("pages/admin.py")
        app.session_state["admin-session"] = login.SESSIONS.begin(HASH, time.time())
        return app.run()

    return opened


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return small_split(tmp_path / "mine", behaviors="x\tU1\tnoon\t\tN1-1")


def files(folder: Path) -> list[tuple[str, bytes, str]]:
    return [(name, (folder / name).read_bytes(), "text/plain") for name in ("news.tsv", "behaviors.tsv")]


def looked_at(app: AppTest, split: str, given: list[tuple[str, bytes, str]]) -> AppTest:
    app.file_uploader(key=f"upload-{split}-0").set_value(given)
    return app.run().button(key="look").click().run()


def staged() -> list[Path]:
    return [path for path in uploads_folder().glob("*") if path.is_dir()]


def imported(app: AppTest) -> AppTest:
    """The page once all jobs are over."""
    end = time.monotonic() + 60
    while any(job.state in BUSY for job in Registry().jobs()) and time.monotonic() < end:
        time.sleep(0.2)
    return app.run()


def test_from_files_to_a_dataset_and_its_report(source: Path, open_admin: Admin, open_page: Open) -> None:
    app = looked_at(open_admin(), "train", files(source))
    assert not app.exception and not app.error
    metrics = {metric.label: metric.value for metric in app.metric}
    assert (metrics["Articles"], metrics["Impressions"]) == ("10", "201")
    assert "1 times not like 11/15/2019 8:55:22 AM" in words(app) and "kept aside" in words(app)
    assert list(app.dataframe[0].value.loc[0, ["File", "Line"]]) == ["train/behaviors.tsv", 201]
    app.text_input(key="import-name").set_value("own-news").run()
    app.button(key="import").click().run()
    assert not app.exception and not app.error
    app = imported(app)
    assert "**own-news** is imported. 10 items, 7 users, 200 impressions. 1 row could not be used." in words(app)
    assert Dataset.open("own-news").info.splits == {"train": 180, "dev": 20}
    assert not staged()
    report = open_page("pages/data.py", dataset="own-news", part="import report")
    assert not report.exception and "kept 10 articles" in words(report)


def test_discarding_removes_what_was_uploaded(source: Path, open_admin: Admin) -> None:
    app = looked_at(open_admin(), "train", files(source))
    assert len(staged()) == 1
    app.button(key="discard").click().run()
    assert not staged() and not app.error
    assert app.file_uploader(key="upload-train-1").value == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("notes.tsv", b"x", "")], "one .zip, or the two files"),
        ([("../../news.tsv", b"x", ""), ("b.zip", b"x", "")], "one .zip, or the two files"),
        ([("x.zip", b"no zip", "")], "The training data is no folder and no zip"),
        ([("x" * 300 + ".zip", b"PK\x03\x04", "")], "The training data"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_words_and_not_kept(
    given: list[tuple[str, bytes, str]], said: str, open_admin: Admin
) -> None:
    app = looked_at(open_admin(), "train", given)
    assert not app.exception
    assert said in words(app) and str(uploads_folder()) not in words(app)
    assert not staged()
    assert app.file_uploader(key="upload-train-1").value == [], "ready for the next try"


def test_a_taken_name_needs_a_tick(source: Path, trained_home: Path, open_admin: Admin) -> None:
    app = looked_at(open_admin(), "train", files(source))
    app.text_input(key="import-name").set_value("tiny").run()
    app.button(key="import").click().run()
    assert "There is a dataset 'tiny' already" in words(app)
    assert Dataset.open("tiny").info.items == 24
    app.checkbox(key="replace").check().run()
    app.button(key="import").click().run()
    app = imported(app)
    assert not app.exception and Dataset.open("tiny").info.items == 10


@pytest.mark.parametrize("name", ["../x", "a/b", "<b>", ".hidden"])
def test_a_name_that_is_none_is_refused_and_the_preview_stays(name: str, source: Path, open_admin: Admin) -> None:
    app = looked_at(open_admin(), "train", files(source))
    app.text_input(key="import-name").set_value(name).run()
    app.button(key="import").click().run()
    assert "dataset name" in words(app)
    assert len(staged()) == 1 and not list(datasets_folder().glob("*")) and not list(jobs_folder().glob("*"))
    assert app.button(key="import")


def test_a_folder_of_the_operator_is_chosen_by_name(
    source: Path, tmp_path: Path, open_admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "offers"
    small_split(root / "daily" / "train")
    zipped(source, root / "more.zip")
    monkeypatch.setenv("RECATTN_IMPORT_FOLDERS", str(root))
    app = open_admin()
    app.segmented_control(key="source").set_value("Folders of this server").run()
    assert app.selectbox(key="folder-train").options == ["offers / daily / train", "offers / more.zip"]
    app.selectbox(key="folder-train").set_value("offers / daily / train").run()
    app.selectbox(key="folder-dev").set_value("offers / more.zip").run()
    app.button(key="look").click().run()
    assert str(root) not in words(app) and "kept aside" not in words(app)
    app.button(key="import").click().run()
    app = imported(app)
    assert Dataset.open("daily").info.splits == {"train": 200, "dev": 200}
    assert (root / "more.zip").is_file() and (root / "daily" / "train").is_dir()


def test_films_of_the_operator_are_known_by_their_files(
    tmp_path: Path, open_admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "offers"
    root.mkdir()
    small(root / "films")
    small_split(root / "news")
    monkeypatch.setenv("RECATTN_IMPORT_FOLDERS", str(root))
    app = open_admin()
    app.segmented_control(key="source").set_value("Folders of this server").run()
    app.selectbox(key="folder-train").set_value("offers / films").run()
    app.selectbox(key="folder-dev").set_value("offers / news").run()
    app.button(key="look").click().run()
    assert "Choose training data alone" in words(app)
    app.selectbox(key="folder-dev").set_value(None).run()
    app.button(key="look").click().run()
    assert "Films in the layout of MovieLens" in words(app) and "last one of each person" in words(app)
    assert not app.exception and not app.error
    app.button(key="import").click().run()
    app = imported(app)
    info = Dataset.open("films").info
    assert (info.domain, info.items, dict(info.splits)) == ("films", 3, {"train": 3, "dev": 1})


def test_a_zip_of_films_can_be_uploaded(tmp_path: Path, open_admin: Admin) -> None:
    small(tmp_path / "ml")
    packed = zipped(tmp_path / "ml", tmp_path / "ml.zip")
    app = looked_at(open_admin(), "train", [("ml.zip", packed.read_bytes(), "application/zip")])
    assert not app.exception and not app.error
    app.button(key="import").click().run()
    imported(app)
    assert Dataset.open("ml").info.source == "MovieLens" and not staged()


def test_a_folder_that_became_a_link_out_after_the_preview_is_refused(
    tmp_path: Path, open_admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_split(tmp_path / "offers" / "daily")
    monkeypatch.setenv("RECATTN_IMPORT_FOLDERS", str(folder.parent))
    app = open_admin()
    app.segmented_control(key="source").set_value("Folders of this server").run()
    app.selectbox(key="folder-train").set_value("offers / daily").run()
    app.button(key="look").click().run()
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    app.button(key="import").click().run()
    assert "is not offered here" in words(app) and not list(jobs_folder().glob("*"))


def forgetful() -> None:
    """The section as if the page had forgotten to lock it."""
    from recattn.ui.import_form import choose_import

    choose_import(disabled=False)


def test_after_the_log_in_ended_nothing_is_staged_or_begun(source: Path, open_admin: Admin) -> None:
    open_admin()
    app, fresh = (AppTest.from_function(forgetful, default_timeout=60) for _ in range(2))
    for page in (app, fresh):
        page.session_state["admin-session"] = login.SESSIONS.begin(HASH, time.time())
    looked_at(app.run(), "train", files(source))
    fresh.run().file_uploader(key="upload-train-0").set_value(files(source)).run()
    before = staged()
    for page, key in ((app, "import"), (fresh, "look")):
        login.SESSIONS.end(page.session_state["admin-session"])
        page.button(key=key).click().run()
        assert not page.exception and "You may not do that" in words(page)
        assert (entries(1)[0]["action"], entries(1)[0]["outcome"]) == ("import", "refused")
    assert not list(jobs_folder().glob("*")) and staged() == before and len(before) == 1


def test_a_visitor_can_choose_no_files(open_admin: Admin, open_page: Open) -> None:
    for app, disabled in ((open_admin(), False), (open_page("pages/admin.py"), True)):
        uploads = [app.file_uploader(key=f"upload-{split}-0") for split in ("train", "dev", "test")]
        assert [bool(upload.proto.disabled) for upload in uploads] == 3 * [disabled]


def test_an_upload_that_nobody_imported_goes_when_the_section_is_next_drawn(source: Path, open_admin: Admin) -> None:
    looked_at(open_admin(), "train", files(source))
    (left,) = staged()
    os.utime(left, (0, 0))
    sweep_hourly.clear()
    open_admin()
    assert not staged()


def test_suggested_names_are_names() -> None:
    for source in ("../../etc/passwd", "x" * 300 + ".zip", "\0.zip", "", "train/news.tsv", "news.tsv", "Ünïcode.zip"):
        name = _suggested(source)
        assert 0 < len(name) <= 40 and name.replace("-", "a").isalnum() and name.isascii()
