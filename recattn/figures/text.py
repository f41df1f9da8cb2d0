"""Numbers and titles as people read them, and titles that a figure shows instead of obeying."""

import re

_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069]")  # they turn round the text beside them
_CONTROL = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}  # signs -> pictures of them
_BLANK = "␣"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}  # Plotly reads a little HTML, and $ as LaTeX


def visible(text: str) -> str:
    """The text in one line, with something to see for each control sign, and for a text of blanks.

    >>> visible("a\\x00  b"), visible("  "), visible("")
    ('a␀ b', '␣', '')
    """
    one_line = _UNSEEN.sub("", " ".join(text.split())).translate(_CONTROL)
    return one_line or (_BLANK if text else "")


def shortened(text: str, width: int = 80) -> str:
    """The text cut at a word so that it fits, with an ellipsis where something is missing.

    >>> shortened("Harbour bridge reopens after storm", 20)
    'Harbour bridge…'
    """
    clean = visible(text)
    if len(clean) <= width:
        return clean
    head = clean[: width - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[width // 2 :] else head).rstrip(" ,;:.-") + "…"


def escaped(text: str, width: int = 80) -> str:
    """The text, cut to fit, as a Plotly label that shows exactly these characters.

    >>> escaped("<b>Rates & $x$</b>")
    '&lt;b&gt;Rates &amp; &#36;x&#36;&lt;/b&gt;'
    """
    return "".join(_ENTITIES.get(sign, sign) for sign in shortened(text, width))


def signed(value: float) -> str:
    """A contribution with its sign written, two significant figures below ten.

    >>> signed(0.3149), signed(-0.0021), signed(12.34), signed(0.0)
    ('+0.31', '−0.0021', '+12.3', '0')
    """
    if not value:
        return "0"
    return ("+" if value > 0 else "−") + figure(abs(value))


def figure(value: float) -> str:
    """A number for reading: at least two significant figures, no exponent.

    >>> figure(0.3149), figure(0.00214), figure(12.34), figure(1234.5)
    ('0.31', '0.0021', '12.3', '1,234')
    """
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 0.1 or not value:
        return f"{value:.2f}"
    return f"{value:.{min(8, _zeros(size) + 2)}f}"


def _zeros(size: float) -> int:
    """Zeros after the point before the first other digit."""
    return max(0, -int(f"{size:e}".split("e")[1]) - 1)


def percent(share: float) -> str:
    """A share as a percentage.

    >>> percent(0.1234), percent(0.0456), percent(1)
    ('12 %', '4.6 %', '100 %')
    """
    return f"{share:.0%}".replace("%", " %") if share >= 0.0995 or not share else f"{share * 100:.2g} %"
