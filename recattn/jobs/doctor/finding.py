"""What the doctor found about one thing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Whether one thing is as it should be; ``remedy`` says what to do when it isn't."""

    check: str
    ok: bool
    message: str
    remedy: str = ""
