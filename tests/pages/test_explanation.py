import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from markupsafe import escape

from recattn.data import Dataset, import_mind
from recattn.explanation.methods import METHODS, explain
from recattn.figures.report import report
from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from recattn.language import Speech, say
from recattn.recommender import Recommender
from recattn.training.config import configured
from recattn.ui import loads
from recattn.ui.choice import Choice
from recattn.ui.explained import Case
from recattn.ui.explanation_view import Chosen
from recattn.ui.further_questions import QUESTIONS
from recattn.ui.report_sheet import made, sheet
from recattn.ui.shell import Page
from tests.jobs.tiny import tiny_settings, write_tiny_mind
from tests.models.conftest import write_tiny_encoder

from .conftest import Open, words

PAGE = "pages/explanation.py"


def bars(app, place: int = 0) -> dict:
    """The bars of a figure as they are sent to the browser, with what a click on each reports."""
    drawn, targets = json.loads(app.get("plotly_chart")[place].proto.spec)["data"]
    return drawn | {"customdata": targets["customdata"]}


def best(run_id: str, user: str = "U1") -> tuple[Recommender, tuple[str, ...], str]:
    model = loads.recommender(run_id, "tiny")
    history = Dataset.open("tiny").user(user).history
    return model, history, model.recommend(history, 1)[0].item_id


def test_it_opens_on_bars_that_sum_to_the_score(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1")
    model, history, item = best(run_id)
    score = model.predict(history, item).total
    assert sum(bars(app)["x"]) == pytest.approx(score, abs=1e-4)
    said = re.search(r"All bars together: (\S+)\. The score: (\S+)\.", words(app).replace("−", "-"))
    assert said
    assert float(said[1]) == pytest.approx(score, abs=2e-3)


def test_every_method_shows_its_own_weights_and_hint(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1")
    model, history, item = best(run_id)
    for method, weights in explain(model.predict(history, item)).items():
        app.query_params["method"] = method
        app.run()
        shown = {hint[0]: value for hint, value in zip(bars(app)["customdata"], bars(app)["x"], strict=True)}
        assert [shown[click] for click in range(len(weights))] == pytest.approx(weights.tolist(), abs=1e-5)
        assert say(METHODS[method].hint) in words(app)


def test_a_method_that_is_none_is_answered_kindly(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", method="magic")
    assert "The link asks for the method 'magic'" in words(app)


def test_the_badge_is_the_experiment_on_this_very_reader(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", method="leave_one_out")
    table = app.table[0].value
    assert table["Same order"].tolist()[0] == "1.00"
    assert table["Same top 3"].tolist()[0] == "3 of 3"
    clicks = len(Dataset.open("tiny").user("U1").history)
    assert table["Same top 3"].tolist()[2] == f"{3 * 3 / clicks:.1f} of 3"  # what any order reaches on average
    assert "This is the experiment itself" in words(app)


def test_a_click_says_what_both_counterfactuals_do(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", click="1")
    said = words(app)
    model, history, item = best(run_id)
    without = model.recommend(history[:-1], 100, leave_out=history)
    rank = next(one.rank for one in without if one.item_id == item)
    assert Dataset.open("tiny").item(history[-1]).title in said
    never_read = said.split("Never read (deleted)")[1]
    assert f"→ {rank}" in never_read or f"rank stays {rank}" in never_read
    assert "Hidden (masked): the score" in said


def test_the_words_of_a_title_are_bars_of_their_own(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", click="1", words="true")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 4
    title = Dataset.open("tiny").item(Dataset.open("tiny").user("U1").history[-1]).title
    assert f"The words of “{title}”" in words(app)


def test_every_further_question_is_answered(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE, user="U1")
    for question in QUESTIONS:
        app.query_params["ask"] = question
        app.run()
        assert not app.exception
        assert not app.error


def test_the_contrast_sums_to_the_difference_by_article_and_by_head(run_id: str, open_page: Open) -> None:
    model, history, item = best(run_id)
    other = model.recommend(history, 3)[2].item_id
    app = open_page(PAGE, user="U1", item=item, other=other)
    difference = model.predict(history, item).total - model.predict(history, other).total
    assert sum(bars(app, 1)["x"]) == pytest.approx(difference, abs=1e-4)
    assert sum(bars(app, 2)["x"]) == pytest.approx(difference, abs=1e-4)


def test_the_smallest_set_really_takes_it_out(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", ask="what would take it out", how="never read (deleted)")
    said = words(app)
    model, history, item = best(run_id)
    titles = {Dataset.open("tiny").item(one).title: one for one in history}
    named = re.findall(r"- \*\*(.+?)\*\* \(", said)
    if not named:
        assert "No set was found" in said
        return
    left = tuple(one for one in history if one not in {titles[title] for title in named})
    assert not left or model.recommend(left, 1, leave_out=history)[0].item_id != item
    assert "No smaller set" in said or "Found greedily" in said


def test_the_report_holds_the_numbers_of_the_page(run_id: str, open_page: Open) -> None:
    model, history, item = best(run_id)
    page = Page("explanation", Choice(user="U1"), Registry().active(), "tiny")
    html = report(sheet(Case(page, page.user, item), Chosen("contribution", "weight", False)))
    prediction = model.predict(history, item)
    assert f"All bars together: {prediction.total:.3f}. The score: {prediction.total:.3f}." in html
    assert all(part in html for part in (run_id, "tiny", "U1", item, Dataset.open("tiny").item(item).title))
    assert all(str(escape(say(method.hint))) in html for method in METHODS.values())
    numbers = re.findall(r'<td class="number">([+−]?[\d.]+)', html.split("Can this view be believed?")[0])
    *parts, total = [float(number.replace("−", "-")) for number in numbers]
    assert sum(parts) == pytest.approx(total, abs=0.05)
    assert total == pytest.approx(prediction.total, abs=0.01)


def test_the_report_speaks_as_its_page_did_though_it_is_made_where_nothing_is_known_of_the_visit(run_id: str) -> None:
    _, _, item = best(run_id)
    page = Page("explanation", Choice(user="U1"), Registry().active(), "tiny")
    case, chosen = Case(page, page.user, item), Chosen("contribution", "weight", False)
    with ThreadPoolExecutor() as elsewhere:
        html = elsewhere.submit(made, case, chosen, Speech("de", "films")).result().decode()
    assert "Warum „" in html and "Artikel" not in html
    assert say("Model") == "Model", "this thread speaks as it did"


def test_a_deeper_model_is_explained_as_far_as_it_goes(trained_home: Path, tmp_path: Path, open_page: Open) -> None:
    encoder = write_tiny_encoder(tmp_path / "encoder")
    settings = tiny_settings(encoder, epochs=1) | {"layers": 2, "feed_forward": True, "candidate_pooling": True}
    run = queue_training("tiny", configured("default", settings), "default")
    assert perform(run).state == "finished"
    app = open_page(PAGE, user="U1", run=run, click="1")
    model, history, item = best(run)
    assert sum(bars(app)["x"]) == pytest.approx(model.predict(history, item).total, abs=1e-3)
    for question in QUESTIONS:
        app.query_params["ask"] = question
        assert not app.run().exception
    assert not open_page("pages/what_if.py", user="U1", run=run, edit="-1,h2.1").exception
    assert not open_page("pages/attention.py", user="U1", run=run, layer="1").exception


def test_someone_who_read_nothing_is_told_so(trained_home: Path, tmp_path: Path, open_page: Open) -> None:
    folder = write_tiny_mind(tmp_path / "news")
    with (folder / "behaviors.tsv").open("a") as file:
        file.write("999\tU99\t11/5/2019 1:00:00 AM\t\tN1-0 N2-0\n")
    import_mind("tiny", folder, replace=True)
    assert "Nothing was read" in words(open_page(PAGE, user="U99"))
    app = open_page("pages/what_if.py", user="U99")
    assert not app.exception
    assert "Nothing is read" in words(app)
