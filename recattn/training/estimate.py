"""What a training would take, from a short measured probe on the real data, extrapolated in proportion.

A few dozen texts are encoded, a few real steps are made with vectors by chance (their values cost nothing), and a few
hundred histories are scored. Early stopping may end a training sooner; it is not guessed.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import psutil
import torch
from jaxtyping import Float

from recattn.data import Dataset
from recattn.errors import TrainingError
from recattn.evaluation.baselines import BASELINES, Evidence
from recattn.evaluation.full_ranking import Taken, full_ranking_metrics
from recattn.models.encoder import Text, TextEncoder, item_texts
from recattn.models.facts import ItemFacts
from recattn.models.identities import Identities
from recattn.models.scoring import embed_items, score_catalogue, score_impressions
from recattn.models.vectors import missing_texts
from recattn.training.batches import Samples, drawn_share, validation_split
from recattn.training.config import TrainingConfig
from recattn.training.sampling import Sampling, learned_facts
from recattn.training.timing import Estimate
from recattn.training.trainee import Trainee
from recattn.types import Impressions, Report, silent

_TEXTS, _STEPS, _WARM_UP, _HISTORIES = 96, 12, 3, 256
_WITH_GRADIENTS = 16  # texts
_EVERY_FULL_RANKING = 8  # histories
_BYTES = 4
_OPTIMIZER = 3  # numbers beside each weight: its gradient and two moments

T = TypeVar("T")


def estimate(dataset: Dataset, config: TrainingConfig, report: Report = silent) -> Estimate:
    """Measure a little of each phase and say what the whole would take. Makes no run.

    Args:
        dataset: with a labelled train split.
        config: all settings.
        report: hears of phase "estimate"; may raise Cancelled.

    Raises:
        TrainingError: when the dataset is too small to learn from.
        UnknownError: when the text encoder can't be found.
    """
    report("estimate", 0, 4)
    items, began = dataset.items(), time.perf_counter()
    learn, validation = validation_split(dataset, config.validation_share)
    learn = drawn_share(learn, config.train_share, config.seed)
    facts = learned_facts(dataset, config)
    sampling = Sampling(learn, len(items), config, facts)
    samples = sampling.samples(0)
    if not len(samples.impression):
        raise TrainingError(f"The train split of {dataset.name} has nothing to learn from.", "", "Choose another.")
    encoder = TextEncoder.load(config.encoder, config.max_tokens)
    texts = item_texts(items, config.text_category, config.text_abstract)
    missing = missing_texts(encoder.fingerprint, texts)
    loading = time.perf_counter() - began
    report("estimate", 1, 4)
    encoding = _a_text(encoder, texts) if missing or config.trains_encoder else 0.0
    trainee = Trainee(config, items.iloc[:_TEXTS], silent)
    # Layers that stay as they are run once over all texts; what is learned runs again for each validation.
    kept_inside = trainee.fine_tuning is not None and trainee.fine_tuning.hidden is not None
    to_encode = len(items) if kept_inside else 0 if config.trains_encoder else len(missing)
    report("estimate", 2, 4)
    of_a_text = _a_text_with_gradients(trainee) if config.trains_encoder else 0.0
    trainee.fine_tuning, trainee.table = None, torch.randn(len(items), trainee.encoder.dim)
    trainee.rows = torch.zeros(len(items), 2, dtype=torch.long)
    if config.id_embedding:  # all of it is updated in every step
        trainee.model.identities = Identities(len(items), config.dim)
    a_step, of_a_batch = _a_step(trainee, sampling, samples)
    report("estimate", 3, 4)
    a_history = _a_history(trainee, learn, dataset, facts)
    report("estimate", 4, 4)
    steps = -(-len(samples.impression) // config.batch_size) * config.epochs
    judged = len(dataset.impressions("dev")) if "dev" in dataset.info.splits else 0
    learned = sum(part.numel() for part in trainee.model.parameters())
    again = len(items) * encoding * config.epochs if config.trains_encoder else 0.0  # for each validation
    return Estimate(
        items=len(items),
        items_to_encode=to_encode,
        steps=steps,
        seconds={
            "load": loading,
            "encode": encoding * to_encode,
            "train": steps * (a_step + of_a_batch * of_a_text) + config.epochs * len(validation) * a_history + again,
            "evaluate": 2 * judged * a_history,
        },
        disk_bytes=_BYTES * (learned * (1 + _OPTIMIZER) + to_encode * trainee.encoder.dim),
        memory_bytes=psutil.Process().memory_info().rss + _BYTES * learned * _OPTIMIZER,
    )


def _timed(work: Callable[[], T]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _a_text(encoder: TextEncoder, texts: Sequence[Text]) -> float:
    """Seconds to encode a text, over some from all parts of the catalogue."""
    some = [texts[row] for row in np.linspace(0, len(texts) - 1, min(_TEXTS, len(texts))).astype(int)]
    encoder.encode(some[:_WARM_UP])
    return _timed(lambda: encoder.encode(some)) / len(some)


def _a_text_with_gradients(trainee: Trainee) -> float:
    tuning = trainee.fine_tuning
    if tuning is None:
        return 0.0
    some = list(range(min(_WITH_GRADIENTS, len(tuning.texts))))
    return _timed(lambda: tuning(some).sum().backward()) / len(some)


def _a_step(trainee: Trainee, sampling: Sampling, samples: Samples) -> tuple[float, float]:
    """Seconds of a step of the attention model, and how many texts it is about."""
    trainee.train()
    optimizer = torch.optim.AdamW(trainee.model.parameters(), lr=1e-9)
    size = sampling.config.batch_size
    full = max(1, len(samples.impression) // size)
    seconds, texts = [], []
    for step in np.linspace(0, full - 1, _WARM_UP + _STEPS).astype(int).tolist():
        began = time.perf_counter()
        rows = np.arange(step * size, min((step + 1) * size, len(samples.impression)))
        batch = sampling.batch(samples, rows, np.random.default_rng(step), sampling.config.history_dropout)
        trainee(batch).backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - began)
        texts.append(len(batch.items))
    return float(np.mean(seconds[_WARM_UP:])), float(np.mean(texts))


def _a_history(trainee: Trainee, learn: Impressions, dataset: Dataset, facts: ItemFacts | None) -> float:
    """Seconds to score an impression by the model and by each baseline."""
    trainee.eval()
    if trainee.table is None:
        return 0.0
    vectors = trainee.table.numpy()
    some = learn.rows(np.linspace(0, len(learn) - 1, min(_HISTORIES, len(learn))).astype(np.int64))
    embedded = embed_items(trainee.model, vectors, trainee.rows.numpy())
    if learn.positives_only:
        some = some.rows(np.arange(0, len(some), _EVERY_FULL_RANKING))
        return _a_full_ranking(trainee, embedded, learn, some, facts)
    evidence = Evidence(some, vectors, *dataset.clicks("train"))
    score_impressions(trainee.model, embedded, some.rows(np.arange(1)), facts=facts)

    def judge() -> None:
        score_impressions(trainee.model, embedded, some, facts=facts)
        for baseline in BASELINES.values():
            baseline(evidence)

    return _timed(judge) / len(some)


def _a_full_ranking(
    trainee: Trainee,
    embedded: Float[torch.Tensor, "item width"],
    learn: Impressions,
    some: Impressions,
    facts: ItemFacts | None,
) -> float:
    """Seconds to rank the whole catalogue after a history by the model, and as long by each baseline."""
    taken = Taken.of(learn, len(embedded))

    def judge() -> None:
        full_ranking_metrics(lambda part: score_catalogue(trainee.model, embedded, part, facts=facts), some, taken)

    judge()
    return _timed(judge) / len(some) * (1 + len(BASELINES))
