"""Growth on data so small that it takes seconds: real files, real processes. Which numbers come out is not judged."""

import json
import math
from pathlib import Path

import pytest

from recattn.benchmark.growth import STEPS, exponent, growth, measured, prepare
from recattn.cli import main, measure_commands
from recattn.data import dataset_infos
from recattn.errors import RecAttnError
from recattn.figures.growth import growth_figure


def test_every_step_does_its_work_and_is_measured(recattn_home: Path) -> None:
    prepare(recattn_home, 1)
    found = {step: measured(step, recattn_home) for step in STEPS}
    assert all(cost.seconds > 0 and cost.peak_megabytes > 20 for cost in found.values())
    assert found["encode again"].processor_seconds < found["encode"].processor_seconds, "nothing is encoded twice"
    (info,) = dataset_infos()
    assert (info.items, info.impressions) == (650, 2_200)
    assert (recattn_home / "run" / "model.safetensors").exists()


def test_the_shell_measures_in_processes_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "growth.html"
    assert main(["growth", "--sizes", "1,2", "--until", "import", "--figure", str(page), "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert list(steps) == ["import"]
    assert list(steps["import"]["costs"]) == ["1", "2"]
    assert all(cost["processor_seconds"] > 0 for cost in steps["import"]["costs"].values())
    assert page.read_text().count("plotly") > 1


def test_the_shell_offers_the_steps_that_there_are() -> None:
    assert measure_commands._STEPS == STEPS


@pytest.mark.parametrize("sizes", [(), (1,), (10, 1), (1, 1), (0, 1)])
def test_sizes_that_tell_no_growth_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(RecAttnError, match="two or more whole numbers, rising"):
        growth(sizes)


def test_the_exponent_is_that_of_a_power() -> None:
    assert exponent({1: 0.5, 10: 50, 100: 5_000}) == pytest.approx(2)
    assert exponent({1: 7.0, 10: 7.0}) == pytest.approx(0)
    assert math.isnan(exponent({1: 0.0, 10: 1.0}))


def test_the_figure_shows_what_was_measured() -> None:
    figure = growth_figure({"import": {1: 0.5, 10: 4.0}}, {"import": {1: 0.0, 10: 80.0}})
    left, right = figure["data"]
    assert (left["x"], left["y"], right["y"]) == ([1, 10], [0.5, 4.0], [0.001, 80.0])
    assert figure["layout"]["yaxis"]["type"] == figure["layout"]["xaxis2"]["type"] == "log"
