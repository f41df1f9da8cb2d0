import tomllib
from pathlib import Path

import pytest

from recattn.figures.colours import ADDS, DARK, LIGHT, NEUTRAL, TAKES_AWAY, Theme

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())


@pytest.mark.parametrize(("name", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_the_pages_have_the_colours_of_the_figures(name: str, theme: Theme) -> None:
    found = CONFIG["theme"][name]
    assert found["primaryColor"] == theme.accent
    assert found["backgroundColor"] == theme.background
    assert found["secondaryBackgroundColor"] == theme.panel
    assert found["textColor"] == theme.text
    assert found["borderColor"] == theme.border
    assert tuple(found["chartSequentialColors"]) == theme.sequential
    assert tuple(found["chartDivergingColors"]) == theme.diverging
    assert found["chartCategoricalColors"] == [ADDS, TAKES_AWAY, NEUTRAL]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_bars_and_text_stand_out_from_the_background(theme: Theme) -> None:
    assert min(contrast(colour, theme.background) for colour in (ADDS, TAKES_AWAY, NEUTRAL, theme.accent)) >= 3
    assert min(contrast(theme.text, ground) for ground in (theme.background, theme.panel)) >= 7
    assert contrast("#ffffff", theme.accent) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_scale_of_weights_rises_evenly(theme: Theme) -> None:
    steps = [luminance(colour) for colour in theme.sequential]
    assert steps == sorted(steps)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_signed_scale_is_quiet_in_its_middle(theme: Theme) -> None:
    distance = [contrast(colour, theme.background) for colour in theme.diverging]
    assert distance[:5] == sorted(distance[:5], reverse=True)
    assert distance[5:] == sorted(distance[5:])
    assert max(distance[4:6]) < 1.3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_captions_can_be_read(theme: Theme) -> None:
    """Streamlit writes them in the text's colour at 60 %."""
    parts = [(int(theme.text[at : at + 2], 16), int(theme.background[at : at + 2], 16)) for at in (1, 3, 5)]
    faded = "#" + "".join(f"{round(0.6 * text + 0.4 * background):02x}" for text, background in parts)
    assert contrast(faded, theme.background) >= 4.5
