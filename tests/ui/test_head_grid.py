import base64

import numpy as np
import pytest

from recattn.ui.head_grid import Tile, _as_data, _numbers, shades


@pytest.mark.parametrize("sent", [None, "", "1", "1.2.3", "a.b", "-1.2", "1.²", "9999.1", {"x": 1}, "<b>"])
def test_what_a_browser_sends_is_checked(sent: object) -> None:
    assert _numbers(sent) == (0, 0)


def test_a_click_names_layer_and_head() -> None:
    assert _numbers("2.11") == (2, 11)


def test_cells_keep_their_order_on_the_way_to_the_browser() -> None:
    cells = np.array([[0.0, 0.25], [0.5, 1.0]])
    data = _as_data(Tile(1, 2, "2", "Head 2", cells, 1.0, True), signed=False)
    assert list(base64.b64decode(str(data["cells"]))) == [0, 64, 128, 255]


def test_a_head_of_nothing_is_drawn_as_nothing() -> None:
    assert not shades(np.zeros((3, 3)), 0.0, signed=False).any()


def test_signed_colours_are_even_around_zero() -> None:
    cells = np.array([[-0.4, 0.0, 0.4]])
    low, middle, high = shades(cells, 0.4, signed=True)[0].tolist()
    assert (low, high) == (0, 255)
    assert middle in (127, 128)
