import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recattn.figures.bars import TITLE, Bars, bars_figure, bars_finding, left_out, strongest
from recattn.figures.colours import ADDS, NEUTRAL, TAKES_AWAY

WEIGHTS = np.array([0.5, -0.3, 0.1, 0.02])


def drawn(**changes) -> Bars:
    order = strongest(WEIGHTS, 2)
    settings = {
        "labels": ("Storm hits the harbour", "Chess final", "Chess final", "Rates"),
        "marks": ("4", "3", "2", "1"),
        "weights": WEIGHTS,
        "order": order,
        "others": (("2 other articles", left_out(WEIGHTS, order)), ("nothing read", 0.2)),
    }
    return Bars(**(settings | changes))


@given(arrays(float, st.integers(0, 30), elements=st.floats(-5, 5)), st.integers(0, 30))
def test_bars_and_rest_are_the_whole_sum(weights: np.ndarray, most: int) -> None:
    order, marks = strongest(weights, most), tuple(map(str, range(len(weights))))
    bars = Bars(marks, marks, weights, order, (("rest", left_out(weights, order)), ("constant", 1.5)))
    assert sum(bars_figure(bars)["data"][0]["x"]) == pytest.approx(weights.sum() + 1.5, abs=1e-4)
    assert bars.total == pytest.approx(weights.sum() + 1.5)


def test_what_adds_stands_above_what_takes_away_and_is_coloured_so() -> None:
    trace = bars_figure(drawn())["data"][0]
    assert trace["x"] == pytest.approx([0.5, -0.3, 0.12, 0.2])
    assert trace["marker"]["color"] == [ADDS, TAKES_AWAY, ADDS, ADDS]
    assert trace["text"] == ["+0.50", "−0.30", "+0.12", "+0.20"]


def test_a_bar_says_which_part_it_is_and_the_rest_is_none() -> None:
    assert [hint[0] for hint in bars_figure(drawn())["data"][1]["customdata"]] == [0, 1, -1, -1]


def test_equal_titles_stay_two_bars() -> None:
    names = bars_figure(drawn(order=np.arange(4), others=()))["data"][0]["y"]
    assert len(set(names)) == 4


def test_weights_without_sign_are_neutral_and_shares_are_percentages() -> None:
    trace = bars_figure(drawn(weights=np.array([0.5, 0.3, 0.1, 0.1]), others=(), signed=False, share=True))["data"][0]
    assert set(trace["marker"]["color"]) == {NEUTRAL}
    assert trace["text"][0] == "50 %"


def test_titles_are_cut_at_a_word_and_shown_as_text() -> None:
    long = "<b>Breaking</b> " + "harbour " * 20
    trace = bars_figure(drawn(labels=(long, "b", "c", "d")))["data"][0]
    assert trace["y"][0].startswith("&lt;b&gt;Breaking&lt;/b&gt; harbour")
    assert "harbour…" in trace["y"][0]
    assert len(trace["y"][0].split("  ")[0].replace("&lt;", "<").replace("&gt;", ">")) <= TITLE


def test_the_selected_bar_lies_on_a_band() -> None:
    bands = [shape for shape in bars_figure(drawn(selected=1))["layout"]["shapes"] if shape["type"] == "rect"]
    assert [(band["y0"], band["y1"]) for band in bands] == [(0.5, 1.5)]
    assert not [shape for shape in bars_figure(drawn(selected=3))["layout"]["shapes"] if shape["type"] == "rect"]


def test_an_estimate_is_written_with_its_standard_error() -> None:
    trace = bars_figure(drawn(error=np.array([0.1, 0.25, 0.3, 0.4])))["data"][0]
    assert trace["text"] == ["+0.50 ± 0.10", "−0.30 ± 0.25", "+0.12", "+0.20"]
    assert bars_figure(drawn(error=np.zeros(4)))["data"][0]["text"] == bars_figure(drawn())["data"][0]["text"]


def test_the_finding_names_the_longest_bar() -> None:
    assert bars_finding(drawn(weights=-WEIGHTS)) == "The longest of 2 bars: “Storm hits the harbour”, −0.50."
    assert bars_finding(drawn(order=np.array([], dtype=np.int64))) == "There are no bars."
