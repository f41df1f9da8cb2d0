import json
import time

import pytest
from streamlit.testing.v1 import AppTest

from recattn.jobs.password import hashed
from recattn.jobs.registry import Registry
from recattn.training.timing import Estimate, write_estimate
from recattn.ui import login

from .conftest import Open, words

PAGE = "pages/admin.py"


@pytest.fixture
def admin(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page of somebody who is logged in."""
    password = hashed("four words that fit")
    monkeypatch.setenv("RECATTN_ADMIN_HASH", password)
    app = open_page(PAGE)
    app.session_state["admin-session"] = login.SESSIONS.begin(password, time.time())
    return app.run()


def test_a_model_is_renamed_for_all_pages(run_id: str, admin: AppTest, open_page: Open) -> None:
    admin.text_input(key=f"title-{run_id}").set_value("For *editors*").run()
    admin.button(key=f"rename-{run_id}").click().run()
    assert not admin.exception
    assert Registry().run(run_id).title == "For *editors*"
    assert "For *editors*" in words(open_page("pages/data.py"))


def test_a_name_that_can_not_be_is_refused_in_words(run_id: str, admin: AppTest, open_page: Open) -> None:
    admin.text_input(key=f"title-{run_id}").set_value("two\u200blines").run()
    admin.button(key=f"rename-{run_id}").click().run()
    assert "be the name of a run" in words(admin) and Registry().run(run_id).title == ""


def test_an_evaluation_is_asked_for_as_a_job(run_id: str, admin: AppTest, open_page: Open) -> None:
    admin.button(key=f"evaluate-{run_id}").click().run()
    job = Registry().jobs()[0]
    assert (job.kind, job.subject) == ("evaluate", run_id)
    assert "Evaluation: tiny" in words(open_page(PAGE))
    Registry().cancel(job.run)


def test_what_a_training_took_stands_beside_its_estimate(run_id: str, open_page: Open) -> None:
    folder = Registry().run(run_id).folder
    (folder / "took.json").write_text(json.dumps({"load": 2.0, "train": 61.0}))
    write_estimate(folder, Estimate(24, 0, 10, {"train": 50.0}, 1, 1))
    said = words(open_page(PAGE))
    assert "Took 1 min 3 s: load 2 s, train 1 min 1 s." in said
    assert "Estimated before: 50 s" in said


def test_a_model_on_changed_data_says_so_on_pages_that_use_it(run_id: str, open_page: Open) -> None:
    file = Registry().run(run_id).folder / "training.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"dataset_fingerprint": "another"}))
    assert "has changed since this model was trained" in words(open_page("pages/recommendations.py"))
    assert "has changed since" not in words(open_page(PAGE))


def test_an_estimate_is_shown_before_the_start(run_id: str, admin: AppTest, open_page: Open) -> None:
    settings = json.loads((Registry().run(run_id).folder / "training.json").read_text())["settings"]
    admin.text_input(key="train-default-encoder").set_value(settings["encoder"])
    for name in ("dim", "heads", "max_tokens"):
        admin.number_input(key=f"train-default-{name}").set_value(settings[name])
    next(button for button in admin.button if button.label == "Estimate first").click().run(timeout=60)
    assert not admin.exception
    assert "0 of 24 texts to encode" in words(admin)
