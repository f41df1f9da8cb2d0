"""The last touch on a sentence: numbers as they are printed, and what depends on the neighbouring word."""

import re

_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ORDINALS = ["zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
_ARTICLE = re.compile(r"\b([Aa])n? (?=([\"'‘“]?)([\w&-]+))")
_CONSONANT_SOUND = re.compile(r"(uni(?!m|n)|us[ei]|eu|one\b|once\b|ufo|ut[ei])", re.IGNORECASE)
_VOWEL_SOUND = re.compile(r"([aeiou]|hour|honest|heir|honou?r|8|1[18](?!\d))", re.IGNORECASE)
_SPELLED_OUT = re.compile(r"(MP|SUV|R&B|LED|HIV|NHS|X)\b")
_ON = re.compile(r"\bin (?=the (?:\w+ Coast|\w+ Islands|Saltham marshes)\b)")
_ONE = re.compile(
    r"((?<![\w$.,:-])(?:[Oo]ne|1) (?:day|week|month|year|hour|minute|season|vote|point|goal|joke|fault|star|tear))s\b"
)
_CENTS = re.compile(r"\$\d+\.\d\b(?! [mb]illion)")
# Units, and words beside which a figure is usual.
_FIGURES = r"(?:[ap]m|k[mg]|million|billion|per|to|dollars|degrees|kilo|metre|centi|milli|v|and|or|of|on|in|by)\b"
_FIRST_NUMBER = re.compile(r"(^|[.?!] )([1-9]|1[0-2])(?= (?!million|billion)[a-z])")
_SMALL_NUMBER = re.compile(rf"(?<=[a-z,;] )([1-9])(?= (?!{_FIGURES})[a-z])")
_BEFORE_A_FIGURE = r"\d to|number|episode|season|page|lap|row|minus|lost|beat|no\.|about|age|top|Heron|Kivo|Ember|Pacer"
_AFTER_FIGURE_WORD = re.compile(rf"(?:{_BEFORE_A_FIGURE}) $", re.IGNORECASE)


def spelled(value: int | float, how: str) -> str:
    """A number as it is printed; a number of four digits that stands for itself may be a year.

    >>> spelled(12500, ""), spelled(1850, "plain"), spelled(3, "word"), spelled(2, "th"), spelled(22, "th")
    ('12,500', '1850', 'three', 'second', '22nd')
    """
    if how in ("word", "Word") and isinstance(value, int) and value < len(_WORDS):
        return _WORDS[value].capitalize() if how == "Word" else _WORDS[value]
    if how == "th" and isinstance(value, int):
        if value < len(_ORDINALS):
            return _ORDINALS[value]
        ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
        return f"{value}{ending}"
    return str(value) if how == "plain" and value < 10_000 else f"{value:,}"


def polished(text: str) -> str:
    """Put right what depends on the neighbouring word.

    >>> polished("a old bus and an useful map. the Wanderers's coach")
    "An old bus and a useful map. The Wanderers' coach"
    """

    def article(found: re.Match[str]) -> str:
        word = found[3]
        vowel = _VOWEL_SOUND.match(word) and not _CONSONANT_SOUND.match(word)
        return found[1] + ("n " if vowel or _SPELLED_OUT.match(word) else " ")

    text = re.sub(r"\b([Tt]he|[Aa]n?) the\b", r"\1", text)
    text = _ONE.sub(r"\1", text)
    text = _CENTS.sub(r"\g<0>0", _ON.sub("on ", text))
    text = _ARTICLE.sub(article, text.replace("s's", "s'"))
    return re.sub(r"(^|[.?!] |: “|^“)([a-z])", lambda found: found[1] + found[2].upper(), text)


def prose(text: str) -> str:
    """Small whole numbers in words, as newspapers print them in running text (not in headlines).

    >>> prose("6 methods, 1 winner. 12 cooks took 3 hours and 9 km; season 2 is 4 to 6 weeks away.")
    'Six methods, one winner. Twelve cooks took three hours and 9 km; season 2 is 4 to 6 weeks away.'
    """
    text = _FIRST_NUMBER.sub(lambda found: found[1] + _WORDS[int(found[2])].capitalize(), text)

    def word(found: re.Match[str]) -> str:
        return found[1] if _AFTER_FIGURE_WORD.search(text[: found.start()]) else _WORDS[int(found[1])]

    return _SMALL_NUMBER.sub(word, text)
