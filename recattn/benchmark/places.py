"""A home that is gone afterwards for what a benchmark makes, and a real text encoder so small that it costs little."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,'-"


@contextmanager
def own_home() -> Iterator[Path]:
    """A new home until the end of the block; the one before stands again after it."""
    before = os.environ.get("RECATTN_HOME")
    with tempfile.TemporaryDirectory(prefix="recattn-benchmark-") as folder:
        os.environ["RECATTN_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("RECATTN_HOME")
            if before is not None:
                os.environ["RECATTN_HOME"] = before


def write_small_encoder(folder: Path, words: Sequence[str] = (), dim: int = 32) -> Path:
    """A BERT of one layer with random weights and a vocabulary of letters, for where encoding is not the subject."""
    pieces = [*_SPECIAL, *_LETTERS, *(f"##{letter}" for letter in _LETTERS), *words]
    vocabulary = {piece: row for row, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    named = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), _SPECIAL, strict=True))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **named, model_input_names=["input_ids", "attention_mask"]
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=dim,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=2 * dim,
    )
    BertModel(config).save_pretrained(folder)
    return folder
