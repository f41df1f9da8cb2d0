"""What a domain calls things, in each language: an item, who takes it in and how, what kinds of items there are.

A new domain is an entry for each language here. Sentences hold places for these words, like ``{item}`` or ``{read}``;
no page asks which domain it shows.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

# German: the forms that a word before a noun takes, from the masculine one
_FEMININE = {"der": "die", "den": "die", "dem": "der", "des": "der", "ein": "eine", "einen": "eine", "einem": "einer"}
_FEMININE |= {"eines": "einer", "jeder": "jede", "jeden": "jede", "jedem": "jeder", "dieser": "diese"}
_FEMININE |= {"diesen": "diese", "diesem": "dieser", "dieses": "dieser", "kein": "keine", "keinen": "keine"}
_FEMININE |= {"keinem": "keiner", "er": "sie", "ihn": "sie", "ihm": "ihr", "sein": "ihr", "gleicher": "gleiche"}
_NEUTER = {"der": "das", "den": "das", "einen": "ein", "jeder": "jedes", "jeden": "jedes", "dieser": "dieses"}
_NEUTER |= {"diesen": "dieses", "keinen": "kein", "er": "es", "ihn": "es", "gleicher": "gleiches"}
_GENITIVE = ("des", "eines", "dieses")


class Noun(str):
    """A noun with what a sentence may ask of it: ``{item}`` alone, ``{item:a}`` with an article, ``{items:dat}``."""

    language: str
    gender: str  # German: m, f or n
    dative: str  # German: the plural's
    measure: str  # Chinese: the word between a number and the noun

    def __new__(cls, text: str, language: str, gender: str = "m", dative: str = "", measure: str = "") -> "Noun":
        """One form of a noun."""
        made = super().__new__(cls, text)
        made.language, made.gender, made.dative, made.measure = language, gender, dative, measure
        return made

    def __format__(self, asked: str) -> str:
        """The noun with what stands before it, in the form its language wants.

        >>> "{0:a}, {1:A}".format(Noun("ad", "en"), Noun("film", "en"))
        'an ad, A film'
        >>> anzeige, artikel = Noun("Anzeige", "de", "f"), Noun("Artikel", "de", "m", "Artikeln")
        >>> "{0:den} und {1:des}, mit {1:dat}; {0:=ihn}".format(anzeige, artikel)
        'die Anzeige und des Artikels, mit Artikeln; sie'
        >>> "{0:这}".format(Noun("电影", "zh", measure="部"))
        '这部电影'
        """
        if not asked:
            return str(self)
        return {"en": self._english, "de": self._german, "zh": self._chinese}[self.language](asked)

    def _english(self, asked: str) -> str:
        return f"{asked}{'n' if self[0].lower() in 'aeiou' else ''} {self}"

    def _german(self, asked: str) -> str:
        if asked == "dat":
            return self.dative or str(self)
        word = asked.lstrip("=").lower()
        fitting = {"f": _FEMININE, "n": _NEUTER}.get(self.gender, {}).get(word, word)
        fitting = fitting.capitalize() if asked.lstrip("=")[0].isupper() else fitting
        if asked[0] == "=":  # a pronoun: the noun itself was named before
            return fitting
        return f"{fitting} {self}{'s' if word in _GENITIVE and self.gender != 'f' else ''}"

    def _chinese(self, asked: str) -> str:
        return f"{asked}{self.measure}{self}"


class Domain(NamedTuple):
    """The words of one domain in one language; nouns as they are stored below, verbs as plain text."""

    item: tuple[str, ...]
    reader: tuple[str, ...]
    category: tuple[str, ...]
    read: str  # a participle: what was {read}
    to_read: str  # an infinitive: let them {to_read}
    kind: str  # what stands before "recommender"


# English nouns: singular, plural. German: singular, plural, dative plural, gender. Chinese: noun, measure.
_CATEGORY_EN, _GENRE_EN = ("category", "categories"), ("genre", "genres")
_CATEGORY_DE, _GENRE_DE = ("Kategorie", "Kategorien", "Kategorien", "f"), ("Genre", "Genres", "Genres", "n")
_DOMAINS: Mapping[str, Mapping[str, Domain]] = {
    "en": {
        "news": Domain(("article", "articles"), ("reader", "readers"), _CATEGORY_EN, "read", "read", "news"),
        "films": Domain(("film", "films"), ("viewer", "viewers"), _GENRE_EN, "watched", "watch", "film"),
        "products": Domain(
            ("product", "products"), ("customer", "customers"), _CATEGORY_EN, "bought", "buy", "product"
        ),
        "music": Domain(("track", "tracks"), ("listener", "listeners"), _GENRE_EN, "listened to", "listen to", "music"),
        "ads": Domain(("ad", "ads"), ("person", "people"), _CATEGORY_EN, "clicked", "click", "ad"),
    },
    "de": {
        "news": Domain(
            ("Artikel", "Artikel", "Artikeln", "m"),
            ("Leser", "Leser", "Lesern", "m"),
            _CATEGORY_DE,
            "gelesen",
            "lesen",
            "Nachrichten",
        ),
        "films": Domain(
            ("Film", "Filme", "Filmen", "m"),
            ("Zuschauer", "Zuschauer", "Zuschauern", "m"),
            _GENRE_DE,
            "gesehen",
            "sehen",
            "Film",
        ),
        "products": Domain(
            ("Artikel", "Artikel", "Artikeln", "m"),
            ("Käufer", "Käufer", "Käufern", "m"),
            _CATEGORY_DE,
            "gekauft",
            "kaufen",
            "Produkt",
        ),
        "music": Domain(
            ("Titel", "Titel", "Titeln", "m"),
            ("Hörer", "Hörer", "Hörern", "m"),
            _GENRE_DE,
            "gehört",
            "hören",
            "Musik",
        ),
        "ads": Domain(
            ("Anzeige", "Anzeigen", "Anzeigen", "f"),
            ("Nutzer", "Nutzer", "Nutzern", "m"),
            _CATEGORY_DE,
            "angeklickt",
            "anklicken",
            "Anzeigen",
        ),
    },
    "zh": {
        "news": Domain(("文章", "篇"), ("读者", "位"), ("类别", "个"), "阅读", "阅读", "新闻"),
        "films": Domain(("电影", "部"), ("观众", "位"), ("类型", "个"), "观看", "观看", "电影"),
        "products": Domain(("商品", "件"), ("顾客", "位"), ("类别", "个"), "购买", "购买", "商品"),
        "music": Domain(("歌曲", "首"), ("听众", "位"), ("流派", "个"), "收听", "收听", "音乐"),
        "ads": Domain(("广告", "则"), ("用户", "位"), ("类别", "个"), "点击", "点击", "广告"),
    },
}
_COUNTED: Mapping[str, Mapping[str, tuple[str, ...]]] = {  # what is counted and is the same in every domain
    "de": {
        "impression": ("Impression", "Impressionen", "Impressionen"),
        "head": ("Kopf", "Köpfe", "Köpfen"),
        "layer": ("Schicht", "Schichten", "Schichten"),
        "pair": ("Paar", "Paare", "Paaren"),
        "change": ("Änderung", "Änderungen", "Änderungen"),
        "click": ("Klick", "Klicks", "Klicks"),
        "item": ("Eintrag", "Einträge", "Einträgen"),
        "user": ("Nutzer", "Nutzer", "Nutzern"),
        "row": ("Zeile", "Zeilen", "Zeilen"),
        "word": ("Wort", "Wörter", "Wörtern"),
        "day": ("Tag", "Tage", "Tagen"),
        "hour": ("Stunde", "Stunden", "Stunden"),
        "minute": ("Minute", "Minuten", "Minuten"),
    },
    "zh": {
        "impression": ("曝光", "次"),
        "head": ("头", "个"),
        "layer": ("层", ""),
        "pair": ("组合", "个"),
        "change": ("修改", "处"),
        "click": ("点击", "次"),
        "item": ("条目", "个"),
        "user": ("用户", "个"),
        "row": ("行", ""),
        "word": ("词", "个"),
        "day": ("天", ""),
        "hour": ("小时", ""),
        "minute": ("分钟", ""),
    },
}


@cache
def words(language: str, domain: str) -> dict[str, str]:
    """Everything a sentence of that language may name by its place, in lower case and capitalised."""
    own = _DOMAINS[language].get(domain, _DOMAINS[language]["news"])
    found: dict[str, str] = {"read": own.read, "to_read": own.to_read, "kind": Noun(own.kind, language)}
    for name, plural in (("item", "items"), ("reader", "readers"), ("category", "categories")):
        one, many = _forms(language, getattr(own, name))
        found |= {name: one, plural: many}
    return found | {name.capitalize(): _capitalised(word) for name, word in found.items()}


def counted_noun(language: str, domain: str, name: str) -> tuple[str, str]:
    """The noun after 1 and after other numbers; a name that no table has is English, with a plural made from it.

    >>> counted_noun("en", "films", "item of the domain"), counted_noun("en", "news", "day")
    (('film', 'films'), ('day', 'days'))
    """
    of_domain = {"item of the domain": "item", "reader": "reader", "category": "category"}
    if name in of_domain:
        own = _DOMAINS[language].get(domain, _DOMAINS[language]["news"])
        return _forms(language, getattr(own, of_domain[name]))
    known = _COUNTED.get(language, {}).get(name)
    if known is None:
        return name, name[:-1] + "ies" if name.endswith("y") and name[-2] not in "aeiou" else name + "s"
    return _forms(language, known)


def _forms(language: str, noun: tuple[str, ...]) -> tuple[Noun, Noun]:
    if language == "de":
        one, many, dative, *gender = noun
        kind = gender[0] if gender else "m"
        return Noun(one, "de", kind), Noun(many, "de", kind, dative)
    if language == "zh":
        return Noun(noun[0], "zh", measure=noun[1]), Noun(noun[0], "zh", measure=noun[1])
    return Noun(noun[0], "en"), Noun(noun[1], "en")


def _capitalised(word: str) -> str:
    text = word[:1].upper() + word[1:]
    if isinstance(word, Noun):
        return Noun(text, word.language, word.gender, word.dative, word.measure)
    return text
