"""Training samples: one clicked and K unclicked candidates of the same impression, drawn anew each epoch.

Where negatives come from the catalogue instead (`recattn.training.negatives`), K is 0 here.


Source: negative sampling within the impression after Wu et al. 2019 (NPA), https://arxiv.org/abs/1907.05559.
Everything is a function of (seed, epoch, step), so that a resumed training draws what the uninterrupted one drew.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from recattn.data import Dataset
from recattn.models.scoring import padded_histories
from recattn.types import Impressions

_BATCHES_PER_BLOCK = 50


class Samples(NamedTuple):
    """One epoch: the impression of each click, and its candidates, the clicked one first."""

    impression: Int[np.ndarray, " sample"]
    candidates: Int[np.ndarray, "sample candidate"]


class Batch(NamedTuple):
    """One step. History and candidates point into ``items``, the distinct items of the batch."""

    items: Int[np.ndarray, " item"]
    history: Int[np.ndarray, "batch click"]
    keep: Bool[np.ndarray, "batch click"]
    candidates: Int[np.ndarray, "batch candidate"]
    facts: Float[np.ndarray, "batch candidate fact"] | None = None  # of the candidates when they were shown


def draw_batches(impressions: Impressions, negatives: int, size: int, seed: int, epoch: int) -> Samples:
    """The samples of an epoch in batches of ``size`` with histories of similar length, so that little is padded.

    Like lengths are put together within blocks of many batches, and the batches then shuffled; which clicks meet in a
    batch still changes with every epoch.
    """
    samples = draw_samples(impressions, negatives, seed, epoch)
    lengths = np.diff(impressions.history_offsets)[samples.impression]
    n = len(lengths)
    blocks = np.array_split(np.arange(n), max(1, n // (size * _BATCHES_PER_BLOCK)))
    order = np.concatenate([block[np.argsort(lengths[block], kind="stable")] for block in blocks])
    full, rest = np.split(order, [n // size * size])
    order = np.concatenate([np.random.default_rng([seed, epoch]).permutation(full.reshape(-1, size)).ravel(), rest])
    return Samples(samples.impression[order], samples.candidates[order])


def draw_samples(impressions: Impressions, negatives: int, seed: int, epoch: int) -> Samples:
    """Each click of each impression once, in random order, beside unclicked candidates of its impression.

    Negatives are drawn without replacement; an impression with fewer than K repeats them. Impressions without
    a click or without an unclicked candidate give no sample. With K = 0 each click gives one, alone.
    """
    if impressions.labels is None:
        return Samples(np.empty(0, np.int64), np.empty((0, 1 + negatives), np.int64))
    rng = np.random.default_rng([seed, epoch])
    owner = np.repeat(np.arange(len(impressions)), np.diff(impressions.candidate_offsets))
    shuffled = np.lexsort((rng.random(len(owner)), owner))  # random order within each impression
    shuffled = shuffled[impressions.labels[shuffled] == 0]
    pool = impressions.candidates[shuffled]
    sizes = np.bincount(owner[shuffled], minlength=len(impressions))
    starts = np.concatenate(([0], np.cumsum(sizes)))
    clicked = np.flatnonzero((impressions.labels == 1) & ((sizes[owner] > 0) | (negatives == 0)))
    clicked = rng.permutation(clicked)
    rows = owner[clicked]
    turn = (rng.integers(0, 2**31, len(rows))[:, None] + np.arange(negatives)) % sizes[rows][:, None]
    unclicked = pool[starts[rows][:, None] + turn]
    return Samples(rows, np.concatenate([impressions.candidates[clicked][:, None], unclicked], axis=1))


def make_batch(
    impressions: Impressions,
    samples: Samples,
    rows: Int[np.ndarray, " batch"],
    max_history: int,
    history_dropout: float,
    rng: np.random.Generator,
) -> Batch:
    """The samples ``rows`` as one step, some clicks hidden when ``history_dropout`` says so."""
    history, keep = padded_histories(impressions, samples.impression[rows], max_history)
    if history_dropout:
        keep = keep & (rng.random(keep.shape) >= history_dropout)
    candidates = samples.candidates[rows]
    items, inverse = np.unique(np.concatenate([history.ravel(), candidates.ravel()]), return_inverse=True)
    return Batch(
        items,
        inverse[: history.size].reshape(history.shape),
        keep,
        inverse[history.size :].reshape(candidates.shape),
    )


def part_of(batch: Batch, rows: Int[np.ndarray, " part"]) -> Batch:
    """Some rows of a step, with only the items that stand there."""
    if len(rows) == len(batch.candidates):
        return batch
    history, candidates = batch.history[rows], batch.candidates[rows]
    used, inverse = np.unique(np.concatenate([history.ravel(), candidates.ravel()]), return_inverse=True)
    return Batch(
        batch.items[used],
        inverse[: history.size].reshape(history.shape),
        batch.keep[rows],
        inverse[history.size :].reshape(candidates.shape),
        None if batch.facts is None else batch.facts[rows],
    )


def validation_split(dataset: Dataset, share: float) -> tuple[Impressions, Impressions]:
    """The train split in what is learned from and what decides when to stop, held out as the dev split was.

    The latest ``share``; but where the dev split is the last item of each person (leave-one-out), each person's last
    one in train that has a history, for as many people by chance as make up the share.
    """
    train = dataset.impressions("train")
    if "dev" in dataset.info.splits and _leaves_one_out(train, dataset.impressions("dev")):
        return _split_last(train, share)
    return split_by_time(train, share)


def _leaves_one_out(train: Impressions, dev: Impressions) -> bool:
    once = dev.positives_only and len(np.unique(dev.user_id)) == len(dev)
    return once and not bool((train.time < dev.time.min()).all())  # False also where times are unknown


def _split_last(impressions: Impressions, share: float) -> tuple[Impressions, Impressions]:
    n = len(impressions)
    last = n - 1 - np.unique(impressions.user_id[::-1], return_index=True)[1]
    last = last[np.diff(impressions.history_offsets)[last] > 0]
    chosen = np.sort(np.random.default_rng(n).permutation(last)[: round(n * share)])
    return impressions.rows(np.setdiff1d(np.arange(n), chosen)), impressions.rows(chosen)


def split_by_time(impressions: Impressions, share: float) -> tuple[Impressions, Impressions]:
    """The earlier part, and the latest ``share`` of the impressions (they are in order of time)."""
    cut = len(impressions) - round(len(impressions) * share)
    rows = np.arange(len(impressions))
    return impressions.rows(rows[:cut]), impressions.rows(rows[cut:])


def drawn_share(impressions: Impressions, share: float, seed: int) -> Impressions:
    """That share of the impressions, by chance, still in order of time; a smaller share is part of a larger one."""
    if share == 1:
        return impressions
    wanted = np.random.default_rng(seed).permutation(len(impressions))[: round(len(impressions) * share)]
    return impressions.rows(np.sort(wanted))
