"""The report of one explanation."""

from datetime import datetime

import streamlit as st

from recattn.explanation.agreement import Agreement
from recattn.explanation.methods import METHODS
from recattn.figures.report import Section, Sheet, report
from recattn.ui.badge_view import correlation, grounds_text, overlap, verdict
from recattn.ui.contrast_view import article_bars, head_bars, other_of
from recattn.ui.explained import Case
from recattn.ui.explanation_view import SHOWN, Chosen, method_bars, sum_text
from recattn.ui.reading import titles
from recattn.ui.removal_view import HIDDEN, goals, proof_text, removal_text
from recattn.ui.shell import run_label
from recattn.ui.wording import counted, figure, moment, signed


def offer_report(case: Case, chosen: Chosen) -> None:
    """A button that saves the report."""
    st.download_button(
        "Report",
        lambda: report(sheet(case, chosen)).encode(),
        f"explanation-{_file_name(case.user.user_id)}-{_file_name(case.item)}.html",
        "text/html",
        key="report",
        on_click="ignore",
        icon=":material/download:",
        help="This explanation as one file that opens anywhere, without network.",
    )


def _file_name(name: str) -> str:
    return "".join(sign for sign in name if sign.isascii() and sign.isalnum())[:40] or "x"


def sheet(case: Case, chosen: Chosen) -> Sheet:
    """All that the report says."""
    page, without = case.page, case.without()
    category = page.dataset.item(case.item).category
    return Sheet(
        title=f"Why “{case.title}”?",
        subtitle=f"What the recommender saw in the {counted(len(case.titles), 'article')} that reader "
        f"{case.user.user_id} had read" + (f"; the article is filed under {category}." if category else "."),
        facts=(
            ("Reader", case.user.user_id),
            ("Article", case.item),
            ("Score (a logit)", figure(case.prediction.total)),
            ("Rank among all not read", f"{without.rank:,}"),
            ("Model", f"{run_label(page.model_run)} ({page.model_run.run})"),
            ("Dataset", page.dataset_name),
        ),
        notes=(grounds_text(case.grounds(), without.rank),),
        sections=tuple(_sections(case, chosen)),
        made=f"Made by RecAttn on {moment(datetime.now())}. Numbers hold for this reader, this article and this model.",
    )


def _sections(case: Case, chosen: Chosen) -> list[Section]:
    sections = [_shown(case, chosen), _trust(case, chosen), *_contrast(case), _removal(case), _methods(case)]
    return [section for section in sections if section is not None]


def _shown(case: Case, chosen: Chosen) -> Section:
    bars = method_bars(case, chosen.name, chosen.order, len(case.titles) if chosen.all_articles else SHOWN)
    text = (chosen.method.hint, sum_text(case, chosen.name, bars))
    return Section(f"By article: {chosen.method.title}", text, bars)


def _trust(case: Case, chosen: Chosen) -> Section:
    badge = case.badge(chosen.name)
    return Section(
        "Can this view be believed?",
        (
            f"{verdict(chosen.name, badge.view, badge.cosine)}.",
            "Each article was hidden in turn (masked: the others keep their places) and the model asked again. The "
            "order of the bars is compared with the order of the falls: 1 is the same, 0 is chance.",
        ),
        table=(
            ("", "Rank correlation", "Same top 3"),
            (chosen.method.title, *_agreement(badge.view, case)),
            ("Likeness of texts", *_agreement(badge.cosine, case)),
            ("Random order", *_agreement(badge.random, case)),
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
    text = (
        f"The score is {signed(found.total)} against “{name}”. Blue speaks for the explained article, orange for the "
        "other. Attention and pooling are held at the values they took."
    )
    return [
        Section(f"Why above “{name}”?", (text,), article_bars(case, found)),
        Section("The same difference by head", (), head_bars(found), "Head"),
    ]


def _removal(case: Case) -> Section:
    goal, (n, other) = next(iter(goals(case).items()))
    found = case.removal(n, other, deleted=False)
    named = [f"{case.titles[place]} ({case.marks[place]} back)" for place in found.clicks or ()]
    text = (removal_text(found, goal, HIDDEN), *named, proof_text(found))
    return Section("The fewest articles it hangs on", text)


def _methods(case: Case) -> Section:
    rows = [("Method", "Same order", "Same top 3", "What it says")]
    for name in case.methods:
        rows.append((METHODS[name].title, *_agreement(case.badge(name).view, case), METHODS[name].hint))
    text = "Each compared with hiding every article in turn; see above."
    return Section("All methods", (text,), table=tuple(rows))
