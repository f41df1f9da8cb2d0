"""The report of one explanation."""

from datetime import datetime

import streamlit as st

from recattn.explanation.agreement import Agreement
from recattn.explanation.methods import METHODS
from recattn.figures.report import Section, Sheet, report
from recattn.language import Speech, grouped, say, speak, spoken
from recattn.ui.badge_view import correlation, grounds_text, overlap, verdict
from recattn.ui.contrast_view import article_bars, head_bars, other_of
from recattn.ui.explained import Case
from recattn.ui.explanation_view import SHOWN, Chosen, method_bars, sum_text
from recattn.ui.reading import titles
from recattn.ui.removal_view import HIDDEN, goals, proof_text, removal_text
from recattn.ui.shell import run_label
from recattn.ui.wording import counted, figure, moment, signed


def offer_report(case: Case, chosen: Chosen) -> None:
    """A button that saves the report, in the language in which the page was drawn."""
    speech = spoken()
    st.download_button(
        say("Report"),
        lambda: made(case, chosen, speech),
        f"explanation-{_file_name(case.user.user_id)}-{_file_name(case.item)}.html",
        "text/html",
        key="report",
        on_click="ignore",
        icon=":material/download:",
        help=say("This explanation as one file that opens anywhere, without network."),
    )


def made(case: Case, chosen: Chosen, speech: Speech) -> bytes:
    """Made when the button is pressed, in a thread that knows nothing of the visit."""
    speak(*speech)
    return report(sheet(case, chosen)).encode()


def _file_name(name: str) -> str:
    return "".join(sign for sign in name if sign.isascii() and sign.isalnum())[:40] or "x"


def sheet(case: Case, chosen: Chosen) -> Sheet:
    """All that the report says."""
    page, without = case.page, case.without()
    category = page.dataset.item(case.item).category
    return Sheet(
        title=say("Why “{title}”?", title=case.title),
        subtitle=say(
            "What the recommender saw in the {n_items} that {reader} {user_id} had {read}",
            n_items=counted(len(case.titles), "article"),
            user_id=case.user.user_id,
        )
        + (say("; the {item} is filed under {the_category}.", the_category=category) if category else "."),
        facts=(
            (say("{Reader}"), case.user.user_id),
            (say("{Item}"), case.item),
            (say("Score (a logit)"), figure(case.prediction.total)),
            (say("Rank among all not {read}"), grouped(without.rank)),
            (say("Model"), f"{run_label(page.model_run)} ({page.model_run.run})"),
            (say("Dataset"), page.dataset_name),
        ),
        notes=(grounds_text(case.grounds(), without.rank),),
        sections=tuple(_sections(case, chosen)),
        made=say(
            "Made by RecAttn on {now}. Numbers hold for this {reader}, this {item} and this model.",
            now=moment(datetime.now()),
        ),
    )


def _sections(case: Case, chosen: Chosen) -> list[Section]:
    sections = [_shown(case, chosen), _trust(case, chosen), *_contrast(case), _removal(case), _methods(case)]
    return [section for section in sections if section is not None]


def _shown(case: Case, chosen: Chosen) -> Section:
    bars = method_bars(case, chosen.name, chosen.order, len(case.titles) if chosen.all_articles else SHOWN)
    text = (say(chosen.method.hint), sum_text(case, chosen.name, bars))
    return Section(say("By {item}: {title}", title=say(chosen.method.title)), text, bars)


def _trust(case: Case, chosen: Chosen) -> Section:
    badge = case.badge(chosen.name)
    return Section(
        say("Can this view be believed?"),
        (
            f"{verdict(chosen.name, badge.view, badge.cosine)}.",
            say(
                "Each {item} was hidden in turn (masked: the others keep their places) and the model asked "
                "again. The order of the bars is compared with the order of the falls: 1 is the same, 0 is "
                "chance."
            ),
        ),
        table=(
            ("", say("Rank correlation"), say("Same top 3")),
            (say(chosen.method.title), *_agreement(badge.view, case)),
            (say("Likeness of texts"), *_agreement(badge.cosine, case)),
            (say("Random order"), *_agreement(badge.random, case)),
        ),
    )


def _agreement(one: Agreement, case: Case) -> tuple[str, str]:
    return correlation(one), overlap(one, case)


def _contrast(case: Case) -> list[Section]:
    other = other_of(case)
    found = case.contrast(other) if other else None
    if found is None:
        return []
    name = titles(case.page.dataset, [other])[0]
    text = say(
        "The score is {total} against “{name}”. Blue speaks for the explained {item}, orange for the "
        "other. Attention and pooling are held at the values they took.",
        total=signed(found.total),
        name=name,
    )
    return [
        Section(say("Why above “{name}”?", name=name), (text,), article_bars(case, found)),
        Section(say("The same difference by head"), (), head_bars(found), say("Head")),
    ]


def _removal(case: Case) -> Section:
    goal, (n, other) = next(iter(goals(case).items()))
    found = case.removal(n, other, deleted=False)
    named = [
        say("{titles} ({marks} back)", titles=case.titles[place], marks=case.marks[place])
        for place in found.clicks or ()
    ]
    text = (removal_text(found, goal, HIDDEN), *named, proof_text(found))
    return Section(say("The fewest {items} it hangs on"), text)


def _methods(case: Case) -> Section:
    rows = [(say("Method"), say("Same order"), say("Same top 3"), say("What it says"))]
    for name in case.methods:
        rows.append((say(METHODS[name].title), *_agreement(case.badge(name).view, case), say(METHODS[name].hint)))
    text = say("Each compared with hiding every {item} in turn; see above.")
    return Section(say("All methods"), (text,), table=tuple(rows))
