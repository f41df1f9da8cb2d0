"""The errors a person can meet. Each says what was given, what is allowed and what to do."""


class RecAttnError(Exception):
    """An error meant for the person who gave the input, not for a traceback.

    Args:
        given: what was given or found, naming file and line where there is one.
        allowed: what would have been accepted.
        remedy: what to do now.

    >>> print(RecAttnError("Dataset 'nws' was not found.", "Known: news.", "Import it first."))
    Dataset 'nws' was not found. Known: news. Import it first.
    """

    def __init__(self, given: str, allowed: str = "", remedy: str = "") -> None:
        super().__init__(" ".join(part for part in (given, allowed, remedy) if part))
        self.given, self.allowed, self.remedy = given, allowed, remedy


class DataError(RecAttnError):
    """A file or dataset is not what it should be."""


class UnknownError(RecAttnError):
    """A name (dataset, run, user, item, preset, setting) is not known here."""


class RunError(RecAttnError):
    """A run folder is incomplete, damaged, or does not fit the dataset."""


class TrainingError(RecAttnError):
    """Training cannot start or cannot go on."""


class Cancelled(RecAttnError):  # noqa: N818 - a decision of the user, not an error
    """Someone asked for the work to stop. Raised from inside a progress callback."""

    def __init__(self) -> None:
        super().__init__("Cancelled.", remedy="Nothing that was finished is lost; start it again to go on.")
