"""The administrator's password: how its hash is made and how a try is compared with it.

Source: Biryukov, Dinu and Khovratovich, Argon2 (RFC 9106), as argon2-cffi has it with its defaults. The library
compares in constant time, and each try costs tens of milliseconds and 64 MiB: guessing stays slow with the hash stolen.
"""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from recattn.errors import RecAttnError

SHORTEST, LONGEST = 12, 200  # characters


def hashed(password: str) -> str:
    """The argon2id hash of a new password.

    Raises:
        RecAttnError: when it is too short to withstand guessing, or longer than the log-in takes.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise RecAttnError(
            f"The password has {len(password)} characters.",
            f"Allowed are {SHORTEST} to {LONGEST}.",
            "Take four or five words that don't belong together.",
        )
    return PasswordHasher().hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether this is the password of the hash.

    Raises:
        RecAttnError: when the hash is none that argon2 made.

    >>> matches(hashed("four words together"), "four words together"), matches(hashed("four words together"), "guess")
    (True, False)
    """
    if len(password) > LONGEST:
        return False
    try:
        return PasswordHasher().verify(password_hash, password)
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError) as error:
        raise RecAttnError(
            "The configured password hash is no argon2 hash, so nobody can log in.",
            "Allowed is what `python -m recattn hash-password` prints.",
            "In a shell put it into single quotes: it holds dollar signs.",
        ) from error
