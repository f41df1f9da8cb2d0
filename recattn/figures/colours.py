"""The colours of the project, for both themes, in one place.

``.streamlit/config.toml`` repeats them for the pages (a test holds the two equal). Figures leave the scales open, and
Streamlit fills in those of the theme that is on, so that switching the theme needs no new figure.

Sequential: viridis, even to the eye and safe for colour-blind readers (Smith and van der Walt 2015,
https://bids.github.io/colormap). Diverging: orange takes away, blue adds, a pair that all common kinds of colour
blindness tell apart (Okabe and Ito 2008, https://jfly.uni-koeln.de/color).
"""

from dataclasses import dataclass

ADDS, TAKES_AWAY, NEUTRAL = "#2b7bba", "#d26a12", "#8a8784"  # bars; 3 : 1 or better on both backgrounds
_VIRIDIS = (
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
)


@dataclass(frozen=True)
class Theme:
    """One theme: what the pages and the figures in it are drawn with."""

    accent: str
    background: str
    panel: str
    text: str
    border: str
    sequential: tuple[str, ...]  # for weights, from 0
    diverging: tuple[str, ...]  # for signed values, centred on 0


LIGHT = Theme(
    accent="#0f766e",
    background="#ffffff",
    panel="#f4f5f4",
    text="#0e1315",
    border="#dfe3e1",
    sequential=_VIRIDIS,
    diverging=(
        "#7f3b08",
        "#b85a0a",
        "#e88a2d",
        "#fac08a",
        "#fdefe0",
        "#e4eff8",
        "#a9d0ea",
        "#5ba3d3",
        "#1f6fb4",
        "#08407e",
    ),
)
DARK = Theme(
    accent="#107d73",
    background="#15181a",
    panel="#22272a",
    text="#e8ebe9",
    border="#353b3e",
    sequential=_VIRIDIS,
    diverging=(
        "#ffcb94",
        "#f59f4b",
        "#cc7420",
        "#7f4915",
        "#33291f",
        "#1c2a36",
        "#1a4c7a",
        "#2d7fc4",
        "#62aceb",
        "#b0d8fc",
    ),
)
