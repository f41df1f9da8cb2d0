"""What people read goes through ``say``, and each catalogue says all of it.

``make texts`` runs this file as a script: it gathers the texts and brings the catalogues up to date.
"""

import ast
import io
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from streamlit.testing.v1 import AppTest

from recattn.data.schema import DOMAINS
from recattn.language import LOCALE, counted, grouped, say, speak
from recattn.ui.tables import _HEADINGS
from recattn.words import words

ROOT = Path(__file__).parents[1]
PLACES = ("app.py", "pages/*.py", "recattn/ui/*.py", "recattn/figures/*.py")
SOURCES = sorted(file.relative_to(ROOT) for place in PLACES for file in ROOT.glob(place))

# what draws a text that it is given, first or by one of these names
DRAWS = """
    title header subheader markdown caption write text button toggle checkbox radio selectbox multiselect slider
    select_slider number_input text_input text_area segmented_control pills file_uploader download_button link_button
    page_link form_submit_button info warning error success metric tabs expander popover status spinner progress toast
    dialog badge set_page_config Column TextColumn NumberColumn ProgressColumn DatetimeColumn CheckboxColumn LinkColumn
    ListColumn show_next_step
"""
SHOWN = "label help placeholder alt caption text title body name hovertemplate texttemplate hovertext"
# the same in every language: names, what a file is called, a figure's own letters
SAME_EVERYWHERE = re.compile(
    r":material/\w+:|RecAttn|CSV|JSON|AUC|nDCG@10|pages/\w+\.py|python -m recattn .*|"
    r"\b(A|B|s|min|h|kB|MB|GB)\b|</?\w+>|%\{[^}]*\}"
)
# what such a function returns or draws is no text for people, or is kept in English
NO_TEXT = {
    # for docs/, which is in English
    "recattn/figures/growth.py": {"times the smallest data", "seconds of one core", "megabytes above the start"},
    "recattn/ui/import_form.py": {"news"},  # a name for a dataset
    "recattn/ui/language.py": {"en"},
    "recattn/ui/report_sheet.py": {"x"},  # a file's name
    "recattn/ui/tries.py": {"this machine", "unknown"},  # for the audit log
}
# where texts are: pages, forms and figures, and the tables below them that are made of phrases
EXTRACTED = (
    ("app.py", "python"),
    ("recattn/**.py", "python"),
    ("pages/**.py", "python"),
    ("recattn/**.html", "jinja2"),
)
KEYWORDS = {"say": None, "phrase": None, "Later": None, "setting": (3,)}
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
# languages with a catalogue; without one, a language is not offered
CATALOGUES = sorted(file.parts[-3] for file in LOCALE.glob("*/LC_MESSAGES/recattn.po"))


def is_text(value: str) -> bool:
    return any(sign.isalpha() for sign in SAME_EVERYWHERE.sub("", value))


def raw(shown: ast.expr | None) -> Iterator[ast.Constant]:
    """Literals that an expression may come to without having been said."""
    match shown:
        case ast.Constant(value=str(value)) if is_text(value):
            yield shown
        case ast.JoinedStr(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            for part in parts:
                yield from raw(part)
        case ast.FormattedValue(value=part) | ast.Starred(value=part):
            yield from raw(part)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Add(), right=other):
            yield from raw(one)
            yield from raw(other)
        case ast.Call(func=ast.Attribute(attr="join"), args=[parts]):
            yield from raw(parts)
        case ast.ListComp(elt=part) | ast.GeneratorExp(elt=part):
            yield from raw(part)


def shown_in(tree: ast.AST) -> Iterator[ast.expr | None]:
    """Expressions whose value people read."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=function, args=given, keywords=named):
                if ast.unparse(function).rpartition(".")[2] in DRAWS.split():
                    yield from given[:1]
                    yield from (one.value for one in named if one.arg in SHOWN.split())
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in {*SHOWN.split(), *_HEADINGS}:
                        yield value
            case ast.FunctionDef(returns=ast.Name(id="str")):
                yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Return))


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_no_text_on_a_page_is_past_its_translation(source: Path) -> None:
    tree = ast.parse((ROOT / source).read_text())
    allowed = NO_TEXT.get(str(source), set())
    past = sorted({(node.lineno, node.value) for shown in shown_in(tree) for node in raw(shown)})
    past = [(line, text) for line, text in past if text not in allowed]
    assert not past, f"{source} shows these without `say`"


def drawn_later(tree: ast.AST) -> Iterator[str]:
    """Functions that Streamlit runs without their page: refreshed parts and dialogs."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="fragment"), args=[ast.Name(id=name)]):
                yield name
            case ast.Call(func=ast.Call(func=ast.Attribute(attr="dialog")), args=[ast.Name(id=name)]):
                yield name
            case ast.FunctionDef(name=name, decorator_list=decorators):
                yield from [name] * any(
                    "st.fragment" in ast.unparse(d) or "st.dialog" in ast.unparse(d) for d in decorators
                )


def test_what_runs_without_its_page_speaks_as_the_page_did() -> None:
    found = []
    for source in SOURCES:
        tree = ast.parse((ROOT / source).read_text())
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        for name in drawn_later(tree):
            found.append(name)
            assert ast.unparse(functions[name].body[0]) == "speak_as_before()", f"{name} in {source}"
    assert {"_draw_job", "_draw_deletion"} <= set(found)


def test_a_part_of_a_page_keeps_the_words_of_the_page() -> None:
    def part() -> None:
        import streamlit as st

        from recattn.language import say
        from recattn.ui.language import speak_as_before, speak_for_visit

        if "opened" not in st.session_state:
            st.session_state["opened"] = True
            speak_for_visit("films")
        else:
            st.write(say("{items}"))
            speak_as_before()
        st.write(say("{items}"))

    app = AppTest.from_function(part).run()
    assert [text.value for text in app.markdown] == ["films"]
    app.run()  # a thread of its own, which was told nothing
    assert [text.value for text in app.markdown] == ["articles", "films"]


@cache
def gathered() -> Catalog:
    """All texts, as they stand in the code."""
    catalogue = Catalog(project="RecAttn", charset="utf-8")
    found = extract_from_dir(
        ROOT,
        EXTRACTED,
        keywords=KEYWORDS,
        directory_filter=lambda folder: Path(folder).name not in ("tests", "docs", "var") and "/." not in folder,
    )
    for file, _, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
        if message:
            catalogue.add(message, None, [(file, None)], auto_comments=comments, context=context)
    return catalogue


def kept(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "recattn.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    catalogue.creation_date = catalogue.revision_date = SOME_DAY  # else it is now, and every run makes another file
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    made = io.BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def places(text: str) -> set[str]:
    """What a text asks for, without the words of the domain."""
    own = set(words("en", "news"))
    named = (name for _, name, _, _ in string.Formatter().parse(text) if name)
    return {name for name in named if name not in own}


class Anything(str):
    """Stands in a place, whatever format it asks for."""

    def __format__(self, asked: str) -> str:
        return "7"

    def __getattr__(self, name: str) -> "Anything":
        return self


def filled(text: str, language: str, domain: str) -> str:
    asked = {re.split(r"[.\[]", name)[0]: Anything() for name in places(text)}
    return text.format_map({**asked, **words(language, domain)})


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_says_everything_and_nothing_else(language: str) -> None:
    asked = {message.id for message in gathered() if message.id}
    there = {message.id: message for message in kept(language) if message.id}
    assert not asked - set(there), "not in the catalogue; run `make texts`"
    assert not set(there) - asked, "nobody says this any more; run `make texts`"
    assert not [text for text, message in there.items() if not message.string or message.fuzzy]
    assert not kept(language).obsolete


def faults(message: Message, language: str) -> Iterator[str]:
    """What would break, or look wrong, where the translation is shown."""
    english, said = str(message.id), str(message.string)
    if places(english) != places(said):
        yield f"other places: {places(english) ^ places(said)}"
    for mark in ("**", "`", "<b>", "</b>", "<br>", "<span", "\n\n"):
        if english.count(mark) != said.count(mark):
            yield f"{mark} another number of times"
    if language != "zh" and (english[:1].isspace(), english[-1:].isspace()) != (
        said[:1].isspace(),
        said[-1:].isspace(),
    ):
        yield "other spaces around it"
    for domain in DOMAINS:
        if re.search(r"\{|\}", filled(said, language, domain).replace("%{", "")) and "{{" not in english:
            yield f"a brace is left over in {domain}"


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_fits_what_is_put_into_it(language: str) -> None:
    wrong = {message.id: list(faults(message, language)) for message in kept(language) if message.id}
    assert not {text: found for text, found in wrong.items() if found}


@pytest.mark.parametrize("language", CATALOGUES)
def test_what_is_read_while_running_is_what_is_edited(language: str) -> None:
    file = LOCALE / language / "LC_MESSAGES" / "recattn.mo"
    there, made = GNUTranslations(file.open("rb")), GNUTranslations(io.BytesIO(compiled(kept(language))))
    asked = [str(message.id) for message in kept(language) if message.id]
    assert [there.gettext(text) for text in asked] == [made.gettext(text) for text in asked], "run `make texts`"


def bring_up_to_date(language: str) -> int:
    """Write a catalogue and its compiled form afresh; how many texts are not translated yet."""
    folder = LOCALE / language / "LC_MESSAGES"
    before = {message.id: message for message in kept(language)} if (folder / "recattn.po").exists() else {}
    catalogue = Catalog(locale=language, project="RecAttn", charset="utf-8", fuzzy=False, header_comment="# RecAttn")
    for message in gathered():
        if message.id:
            known = before.get(message.id)
            catalogue.add(message.id, known.string if known else "", message.locations)
    folder.mkdir(parents=True, exist_ok=True)
    text = io.BytesIO()
    write_po(text, catalogue, width=0, sort_output=True, include_lineno=False)
    # dates, versions and people would change with every run
    steady = re.sub(rb'^"(POT|PO|Generated|Last|Language-Team|Report|Project)\b.*\n', b"", text.getvalue(), flags=re.M)
    (folder / "recattn.po").write_bytes(steady)
    (folder / "recattn.mo").write_bytes(compiled(kept(language)))
    return sum(1 for message in kept(language) if message.id and not message.string)


def test_thousands_in_german_are_no_decimals() -> None:
    speak("de", "news")
    try:
        assert grouped(28_935) == "28\u202f935"
        assert counted(2_021, "day") == "2\u202f021 Tage"
        assert say("{done:,} of {total:,}", done=1_500, total=20_000) == "1\u202f500 von 20\u202f000"
    finally:
        speak("en", "news")


if __name__ == "__main__":
    for code in CATALOGUES:
        print(f"{code}: {bring_up_to_date(code)} texts are not translated yet")
