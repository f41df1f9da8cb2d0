"""What people read, in their language and in the words of the dataset's domain.

``say`` is used wherever a text is shown. The English sentence is also the key of the catalogues
(``locale/*/LC_MESSAGES/recattn.po``, GNU gettext, for which editors and checkers exist); places like ``{item}`` are
filled with the domain's words, see `recattn.words`. Texts that stand in tables made once are marked with ``phrase`` and
said when they are shown.

Each visit is served by a thread of its own, so the language is kept in a context variable.
"""

import gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import NamedTuple

from recattn.words import counted_noun, words

LOCALE = Path(__file__).parent / "locale"
_SPACED = ("de",)
_NAMES = {"en": "English", "de": "Deutsch", "zh": "中文"}
# offered is what has a catalogue: domain words alone would stand in English sentences
LANGUAGES = {code: name for code, name in _NAMES.items() if code == "en" or gettext.find("recattn", LOCALE, [code])}


class Speech(NamedTuple):
    """How to speak: one of the ``LANGUAGES``, and the domain whose words are used."""

    language: str = "en"
    domain: str = "news"


_speech: ContextVar[Speech | None] = ContextVar("speech", default=None)


def speak(language: str, domain: str) -> Speech:
    """From now on, in this thread, texts are in that language and about that domain."""
    speech = Speech(language if language in LANGUAGES else "en", domain)
    _speech.set(speech)
    return speech


def spoken() -> Speech:
    """How this thread speaks."""
    return _speech.get() or Speech()


def phrase(message: str) -> str:
    """The message itself, marked for the catalogues; ``say`` is to be called when it is shown."""
    return message


def say(message: str, /, **values: object) -> str:
    """A sentence in the language and the words that are spoken, its places filled.

    Args:
        message: in English, a literal, with places in braces; a brace itself is written twice.
        values: what stands in the places; the domain's words need not be given.

    >>> say("Out of {n} {items} not {read} yet.", n=7)
    'Out of 7 articles not read yet.'
    """
    language, domain = spoken()
    translated = _catalogue(language).gettext(message) if message else ""
    if language in _SPACED:
        values = {name: _Spaced(value) if isinstance(value, int | float) else value for name, value in values.items()}
    return translated.format_map({**words(language, domain), **values})


class _Spaced:
    """A number whose thousands are set apart by a narrow space: where a comma is the decimal mark it would mislead."""

    def __init__(self, number: float) -> None:
        self.number = number

    def __format__(self, asked: str) -> str:
        return format(self.number, asked).replace(",", "\u202f")


def grouped(number: int) -> str:
    """A whole number for reading, its thousands set apart as the language does.

    >>> grouped(28935)
    '28,935'
    """
    return f"{number:,}".replace(",", "\u202f") if spoken().language in _SPACED else f"{number:,}"


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("recattn", LOCALE, [language], fallback=True)


class Counted(str):
    """A number with its noun; ``{n:dat}`` gives it the form that German wants after "in", "von" or "mit"."""

    dative: str

    def __format__(self, asked: str) -> str:
        """The form asked for."""
        return self.dative if asked == "dat" else format(str(self), asked)


def counted(number: int, noun: str) -> Counted:
    """A count with its noun in the right number and in the words of the domain.

    >>> counted(1, "item"), counted(2500, "category"), counted(7, "day"), counted(3, "article")
    ('1 item', '2,500 categories', '7 days', '3 articles')
    """
    language, domain = spoken()
    one, many = counted_noun(language, domain, "item of the domain" if noun == "article" else noun)
    word = one if number == 1 else many
    measure = getattr(word, "measure", "")
    made = Counted(f"{grouped(number)} {measure}{word}")
    made.dative = f"{grouped(number)} {getattr(word, 'dative', '') or word}"
    return made


def ordinal(number: int) -> str:
    """A number as a place in a row.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return {"de": f"{number}.", "zh": f"{number}"}.get(spoken().language, f"{number}{ending}")


def amid(name: str) -> str:
    """A name as it stands within a sentence: English begins it with a small letter.

    >>> amid("Likeness of texts")
    'likeness of texts'
    """
    return name[:1].lower() + name[1:] if spoken().language == "en" else name


class Later(str):
    """A text that Streamlit is given once and shows later: said when it is shown, in the language of that moment."""

    def __str__(self) -> str:
        """The text as it is spoken now."""
        return say(str.__str__(self))
