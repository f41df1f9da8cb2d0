import time

import numpy as np
import pytest

from recattn.benchmark.race import Contest, race
from recattn.errors import RecAttnError


def after(seconds: float, value: float = 1.0) -> object:
    def way() -> np.ndarray:
        time.sleep(seconds)
        return np.array([value])

    return way


def test_the_ratio_is_how_many_times_as_long_the_other_takes() -> None:
    contest = Contest("sleep", {"recattn": after(0.01), "other": after(0.05)})
    outcome = race([contest], repeats=3)["sleep"]
    assert 3 < outcome.ratio["other"].value < 6
    assert outcome.milliseconds["recattn"].low <= outcome.milliseconds["recattn"].value
    assert outcome.equal_within == 0
    assert outcome.machine["threads"]


def test_unequal_results_are_never_timed() -> None:
    calls: list[str] = []
    wrong = Contest("wrong", {"recattn": after(0), "other": after(0, 1.01)})
    timed = Contest("fine", {"recattn": lambda: (calls.append("run"), np.ones(1))[1]})
    with pytest.raises(RecAttnError, match=r"In wrong, other differs by 0\.01"):
        race([timed, wrong])
    assert calls == ["run"], "compared once, never timed"


def test_a_result_that_is_not_a_number_is_unequal() -> None:
    with pytest.raises(RecAttnError):
        race([Contest("nan", {"recattn": after(0), "other": after(0, float("nan"))})])
