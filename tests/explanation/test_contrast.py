from typing import Any

import numpy as np
import pytest

from recattn.explanation.contrast import centred, contrast
from tests.explanation.toys import additive, game, of_model


@pytest.mark.parametrize("settings", [{}, {"null_click": False}, {"layers": 2, "feed_forward": True}], ids=str)
def test_the_parts_of_a_contrast_sum_to_the_difference_of_scores(settings: dict[str, Any]) -> None:
    first, second = of_model(9, candidates=2, **settings)
    difference = contrast(first, second)
    assert difference is not None
    assert difference.by_head.shape == (3, 9)
    assert difference.total == pytest.approx(first.total - second.total)
    assert difference.per_click.sum() + difference.constant == pytest.approx(difference.total, abs=1e-4)
    assert difference.gap == pytest.approx(0, abs=1e-4)
    back = contrast(second, first)
    assert back is not None
    np.testing.assert_allclose(back.per_click, -difference.per_click, atol=1e-6)


def test_a_model_without_exact_parts_has_no_contrast() -> None:
    plain = game(lambda keep: keep.sum(axis=1), 3)
    assert contrast(plain, plain) is None
    assert centred(plain, [plain]) is None


def test_what_a_click_adds_to_every_item_alike_is_no_reason_for_a_rank() -> None:
    shown = [additive(np.array([3.0, 1.0])), additive(np.array([3.0, 0.0])), additive(np.array([3.0, -1.0]))]
    np.testing.assert_allclose(centred(shown[0], shown), [0, 1])
    np.testing.assert_allclose(sum(centred(one, shown) for one in shown), [0, 0])
