"""How fast texts become vectors: against Sentence Transformers; and what fewer digits cost."""

import copy
import warnings
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from recattn.benchmark.given import Given
from recattn.benchmark.race import OURS, Contest, Fact
from recattn.data import Dataset
from recattn.errors import RecAttnError
from recattn.evaluation.metrics import impression_metrics
from recattn.models.attention import RecAttnModel
from recattn.models.encoder import TextEncoder
from recattn.models.scoring import embed_items, item_rows, score_impressions
from recattn.types import Array, Impressions

_VARIANTS_DIFFER = 0.5  # in a coordinate; these are not equal and are not meant to be


def encode_contest(given: Given) -> Contest:
    """The same titles by the same weights."""
    encoder, titles = given.text_encoder, _some(given)
    theirs = _sentence_transformer(encoder)
    return Contest(
        "encode",
        {
            OURS: lambda: encoder.encode(titles),
            "sentence_transformers": lambda: theirs.encode(titles, show_progress_bar=False),
        },
        facts=_facts(encoder, titles),
    )


def precision_contest(given: Given) -> Contest:
    """The same titles by weights of fewer digits: no equal results, so what is lost stands beside the times."""
    encoder, titles = given.text_encoder, _some(given)
    variants = {OURS: encoder, "bf16": _in_bf16(encoder), "int8": _in_int8(encoder)}
    return Contest(
        "encode_precision",
        {name: partial(one.encode, titles) for name, one in variants.items()},
        _VARIANTS_DIFFER,
        facts=_facts(encoder, titles) | _losses(given, variants),
    )


def _facts(encoder: TextEncoder, titles: list[str]) -> dict[str, Fact]:
    tokens = [len(ids) for ids in encoder.tokens(titles)]
    return {"texts": len(titles), "tokens a text": round(float(np.mean(tokens)), 1)}


def _some(given: Given) -> list[str]:
    rows = np.random.default_rng(0).permutation(len(given.titles))[: given.texts]
    return [given.titles[row] for row in rows]


def _sentence_transformer(encoder: TextEncoder) -> Any:
    """The same weights, pooling and length; everything else as it comes, batches of 32 in order of length."""
    try:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    except ImportError as error:
        raise RecAttnError(
            "sentence-transformers is not installed.",
            "The benchmark compares with it; the app itself does not need it.",
            "pip install -r requirements-dev.txt",
        ) from error
    modules = [Transformer(str(encoder.folder)), Pooling(encoder.dim, "mean"), Normalize()]
    theirs = SentenceTransformer(modules=modules, device="cpu")
    theirs.max_seq_length = encoder.max_tokens
    return theirs


def _in_bf16(encoder: TextEncoder) -> TextEncoder:
    other = copy.copy(encoder)
    other.module = copy.deepcopy(encoder.module).to(torch.bfloat16)
    return other


def _in_int8(encoder: TextEncoder) -> TextEncoder:
    """Linear maps in 8 bits, what goes into them rounded as it comes (PyTorch's dynamic quantisation)."""
    from torch.ao.quantization import quantize_dynamic

    other = copy.copy(encoder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is to move to a package of its own
        other.module = quantize_dynamic(copy.deepcopy(encoder.module), {torch.nn.Linear}, torch.qint8)
    return other


def _losses(given: Given, variants: dict[str, TextEncoder]) -> dict[str, Fact]:
    """Cosine to the full vectors over all items, and nDCG@10 of the dev split with each kind of vectors."""
    model, dataset, impressions = given.model(), given.opened, given.split("dev")
    vectors = {name: one.encode(given.titles) for name, one in variants.items()}
    found: dict[str, Fact] = {"model": "untrained" if given.run is None else given.run.name}
    for name, own in vectors.items():
        cosine = (own * vectors[OURS]).sum(axis=1)
        found[f"{name}: cosine, least"] = round(float(cosine.min()), 5)
        found[f"{name}: cosine, mean"] = round(float(cosine.mean()), 5)
        found[f"{name}: nDCG@10"] = round(_ndcg(model, dataset, impressions, own), 5)
    return found


def _ndcg(
    model: RecAttnModel, dataset: Dataset, impressions: Impressions, vectors: Float[Array, "item text_dim"]
) -> float:
    items = embed_items(model, vectors, item_rows(model, dataset.items()))
    scores = score_impressions(model, items, impressions)
    found = impression_metrics(scores, np.asarray(impressions.labels), impressions.candidate_offsets)
    return float(np.nanmean(found["ndcg@10"]))
