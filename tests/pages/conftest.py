"""A home with a tiny dataset and a model really trained on it, made once, and every page as a visitor opens it."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from recattn.training import configured
from tests.jobs.tiny import import_tiny, tiny_config, tiny_settings
from tests.models.conftest import write_tiny_encoder

ROOT = Path(__file__).parents[2]
PAGES = ("app.py", *sorted(f"pages/{file.name}" for file in (ROOT / "pages").glob("*.py")))
Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once for all tests; they get copies."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        import_tiny(folder / "news")
        run = queue_training("tiny", tiny_config(write_tiny_encoder(folder / "encoder"), epochs=1), "default")
        assert perform(run).state == "finished"
    return folder / "home"


@pytest.fixture
def trained_home(made_home: Path, recattn_home: Path) -> Path:
    """A home of one's own with the tiny dataset and model."""
    shutil.copytree(made_home, recattn_home)
    return recattn_home


@pytest.fixture
def run_id(trained_home: Path) -> str:
    active = Registry().active()
    assert active is not None
    return active.run


@pytest.fixture
def popular_run(trained_home: Path, tmp_path: Path) -> str:
    """The active run then: a model that weighs popularity and age."""
    settings = {**tiny_settings(write_tiny_encoder(tmp_path / "encoder"), 1), "popularity": "weight"}
    run = queue_training("tiny", configured("default", {**settings, "learning_rate": 0.02}), "default")
    assert perform(run).state == "finished"
    return Registry().activate(run).run


@pytest.fixture
def open_page() -> Iterator[Open]:
    """Runs a page with the parameters of a link: ``open_page("pages/data.py", part="readers")``."""

    def opened(page: str, **params: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        if page != "app.py":
            app.switch_page(page)  # before any run: as the first visitor of a fresh server, app.py has never run
        for name, value in params.items():
            app.query_params[name] = value
        return app.run()

    yield opened
    st.cache_resource.clear()
    st.cache_data.clear()


def words(app: AppTest) -> str:
    """Everything that is written on a page, without the signs that keep it from being markup."""
    kinds = ("title", "header", "markdown", "caption", "error", "warning", "info", "success", "metric")
    written = "\n".join(str(getattr(element, "value", "")) for kind in kinds for element in getattr(app, kind))
    return re.sub(r"\\(.)", r"\1", written).replace("\u2060", "")
