import time
from pathlib import Path

import pytest

from recattn.data.sample.films import import_film_sample
from recattn.data.store import dataset_infos
from recattn.jobs.password import hashed
from recattn.jobs.registry import Registry
from recattn.ui import login
from recattn.ui.dataset_switch import FILMS, model_of
from tests.jobs.conftest import eventually
from tests.jobs.tiny import import_tiny
from tests.pages.conftest import Open, words


def test_an_administrator_loads_the_films(run_id: str, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    password = hashed("four words that fit")
    monkeypatch.setenv("RECATTN_ADMIN_HASH", password)
    app = open_page("app.py")
    assert "load-films" not in [button.key for button in app.button]
    app.session_state["admin-session"] = login.SESSIONS.begin(password, time.time())
    app.run()
    app.button(key="load-films").click().run()
    assert not app.exception and not app.error
    (job,) = [job for job in Registry().jobs() if job.kind == "import"]
    eventually(lambda: Registry().run(job.run).state == "finished", seconds=90)
    assert {info.name: info.domain for info in dataset_infos()}[FILMS] == "films"
    assert "load-films" not in [button.key for button in app.run().button]


def test_the_switch_shows_the_other_dataset_and_what_it_lacks(run_id: str, open_page: Open) -> None:
    import_film_sample(FILMS)
    app = open_page("app.py")
    assert "Dataset: tiny" in words(app)
    app.selectbox(key="world-tiny").select(FILMS).run()
    assert not app.exception and not app.error
    assert app.query_params["dataset"] == FILMS and "run" not in app.query_params
    assert "Dataset: films" in words(app) and "No model yet" in words(app)
    app.selectbox(key="world-films").select("tiny").run()
    assert app.query_params["run"] == run_id
    assert "Dataset: tiny" in words(app) and "Three steps" in words(app)


def test_a_dataset_without_a_finished_model_has_none(run_id: str, tmp_path: Path) -> None:
    import_tiny(tmp_path / "other", "other")
    assert model_of("tiny") == run_id
    assert model_of("other") is None
