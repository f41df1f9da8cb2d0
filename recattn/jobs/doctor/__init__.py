"""The doctor: is everything here as it should be, and if not, what to do. It looks and never mends or changes a thing.

A check is a function that yields findings and one entry of ``CHECKS``.
"""

import traceback
from collections.abc import Callable, Iterator

from recattn.errors import RecAttnError
from recattn.jobs.doctor import access, install, stored, work
from recattn.jobs.doctor.finding import Finding

# the registry is looked at before anything that would put it right
CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "install": install.check_install,
    "encoder": install.check_encoder,
    "home": stored.check_home,
    "registry": work.check_registry,
    "jobs": work.check_jobs,
    "leftovers": work.check_leftovers,
    "datasets": stored.check_datasets,
    "runs": stored.check_runs,
    "permissions": access.check_permissions,
    "access": access.check_access,
}


def examine() -> Iterator[Finding]:
    """What every check finds, one after the other. A check that can't be made is a finding, and hides no other."""
    for name, check in CHECKS.items():
        try:
            yield from check()
        except RecAttnError as error:
            yield Finding(name, False, " ".join(filter(None, (error.given, error.allowed))), error.remedy)
        except Exception as error:  # broad on purpose: a sick house may break a check in any way
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename}, line {frame.lineno}"
            message = f"This could not be checked: {type(error).__name__}: {error} ({where})."
            yield Finding(name, False, message, "Put right what the other checks found, then ask again.")
