"""What a job can be. A new kind of work is a function and one entry of ``KINDS``.

What is heavy to import is imported by the work itself: by then the slot is ours, and pages never pay for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recattn.data import IMPORTERS, Dataset, check_free
from recattn.data.uploads import discard
from recattn.errors import RunError
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import TRAIN, Job, finite, folder_of
from recattn.language import phrase
from recattn.trust.records import FAITHFULNESS, TWINS, faithfulness_summary, read_faithfulness, write_record
from recattn.types import Report

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    ``check`` is asked before the job is made and raises what can be said at once; ``work`` does it, may be called again
    after it was cut off, and returns a sentence about what came out.
    """

    title: str
    check: Callable[[str, Settings, str], None]
    work: Callable[[Job, Path, Report], str]


def _train(job: Job, folder: Path, report: Report) -> str:
    from recattn.training import configured, train
    from recattn.training.card import set_section

    train(Dataset.open(job.dataset), configured("default", job.settings), folder, report)
    set_section(folder, "Made by", f"{job.who or 'somebody unknown'}, begun {job.created}.")
    return ""


def _is_there(dataset: str, _settings: Settings, _subject: str) -> None:
    Dataset.open(dataset)


def _import(job: Job, _folder: Path, report: Report) -> str:
    given = {name: value for name, value in job.settings.items() if name != "format"}
    info = IMPORTERS[job.settings["format"]](job.dataset, **given, report=report)
    for value in given.values():
        discard(Path(value if isinstance(value, str) else ""))
    unusable = sum(info.rejected.values())
    rejected = f" {unusable:,} {'row' if unusable == 1 else 'rows'} could not be used." if unusable else ""
    return f"{info.items:,} items, {info.users:,} users, {info.impressions:,} impressions.{rejected}"


def _is_free(dataset: str, settings: Settings, _subject: str) -> None:
    check_free(dataset, bool(settings.get("replace")))


def _encode(job: Job, _folder: Path, report: Report) -> str:
    from recattn.models.encoder import TextEncoder, item_texts
    from recattn.models.vectors import text_vectors
    from recattn.training import configured

    config, items = configured("default", job.settings), Dataset.open(job.dataset).items()
    encoder = TextEncoder.load(config.encoder, config.max_tokens)
    texts = item_texts(items, config.text_category, config.text_abstract)
    text_vectors(encoder.fingerprint, texts, lambda: encoder, report)
    return f"The texts of {len(items):,} items are encoded."


def _evaluate(job: Job, _folder: Path, report: Report) -> str:
    from recattn.training.calibrating import calibrate, write_calibration
    from recattn.training.evaluating import evaluations, write_evaluations

    folder, dataset = folder_of(job.subject), Dataset.open(job.dataset)
    found = evaluations(folder, dataset, "dev", report)
    write_evaluations(folder, found)
    if (calibration := calibrate(folder, dataset, report)) is not None:
        write_calibration(folder, calibration)
    figures = finite({metric: interval.value for metric, interval in found["all"].model.items()})
    first = next((f"{metric.replace('auc', 'AUC')} {value:.3f}" for metric, value in figures.items()), "No figure")
    return f"{first} over {found['all'].impressions:,} impressions."


def _faithfulness(job: Job, _folder: Path, report: Report) -> str:
    from recattn.training.card import set_section
    from recattn.trust.faithfulness import faithfulness

    _measured(job, FAITHFULNESS, faithfulness, report)
    found = read_faithfulness(folder_of(job.subject))
    if found is not None:
        set_section(folder_of(job.subject), "How far to believe its explanations", faithfulness_summary(found))
    return ""


def _heads(job: Job, _folder: Path, report: Report) -> str:
    from recattn.trust.heads import HEADS, head_cards

    return _measured(job, HEADS, head_cards, report)


def _twins(job: Job, _folder: Path, report: Report) -> str:
    from recattn.trust.twins import compare_twins

    return _measured(job, TWINS, compare_twins, report)


def _lists(job: Job, _folder: Path, report: Report) -> str:
    from recattn.trust.lists import LISTS, judge_lists

    return _measured(job, LISTS, judge_lists, report)


def _score(job: Job, _folder: Path, report: Report) -> str:
    from recattn.scoring import score_everybody

    found = score_everybody(folder_of(job.subject), job.dataset, report=report, **job.settings)
    return f"The lists of {found.users:,} users are in {found.parts:,} {'part' if found.parts == 1 else 'parts'}."


def _can_be_scored(dataset: str, settings: Settings, subject: str) -> None:
    from recattn.scoring import check_scoring

    _is_finished(dataset, settings, subject)
    check_scoring(folder_of(subject), dataset, **settings)


def _measured(job: Job, file: str, measure: Callable[..., Any], report: Report) -> str:
    """Measure the run that the job is about, and keep what is found as a file of the run."""
    from recattn.recommender import Recommender

    report("load", 0, 0)
    recommender = Recommender.load(folder_of(job.subject), Dataset.open(job.dataset), report)
    write_record(folder_of(job.subject) / file, measure(recommender, report=report, **job.settings))
    return ""


def _is_finished(_dataset: str, _settings: Settings, subject: str) -> None:
    run = Registry().run(subject)
    if run.kind != TRAIN or run.state != "finished":
        raise RunError(f"The run {subject} is {run.state}.", "Only finished runs are measured.", "Wait for it.")


KINDS = {
    TRAIN: Kind(phrase("Training"), _is_there, _train),
    "import": Kind(phrase("Import"), _is_free, _import),
    "encode": Kind(phrase("Encoding"), _is_there, _encode),
    "evaluate": Kind(phrase("Evaluation"), _is_finished, _evaluate),
    "faithfulness": Kind(phrase("Faithfulness of explanations"), _is_finished, _faithfulness),
    "heads": Kind(phrase("What heads are for"), _is_finished, _heads),
    "twins": Kind(phrase("Comparison with twins"), _is_finished, _twins),
    "lists": Kind(phrase("Lists beyond accuracy"), _is_finished, _lists),
    "score": Kind(phrase("Everybody's recommendations"), _can_be_scored, _score),
}
