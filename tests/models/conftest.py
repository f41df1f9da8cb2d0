from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

_SENTENCE = "a the cup final tonight storm hits coast mayor talks about budget new phone review sports football"
WORDS = _SENTENCE.split()


def write_tiny_encoder(folder: Path, kind: str = "distilbert", seed: int = 0) -> Path:
    """A real transformer with random weights and a small vocabulary, as ``save_pretrained`` writes it."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {word: index for index, word in enumerate([*special, *dict.fromkeys(WORDS)])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = ["input_ids", "attention_mask"]
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_input_names=names,
    ).save_pretrained(folder)
    torch.manual_seed(seed)
    model: PreTrainedModel
    if kind == "distilbert":
        config = DistilBertConfig(vocab_size=len(vocabulary), dim=24, n_layers=2, n_heads=2, hidden_dim=48)
        model = DistilBertModel(config)
    else:
        shape = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
        model = BertModel(BertConfig(vocab_size=len(vocabulary), **shape))
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny DistilBERT."""
    return write_tiny_encoder(tmp_path_factory.mktemp("encoder") / "tiny-distilbert")


@pytest.fixture
def make_encoder(tmp_path: Path) -> Callable[..., Path]:
    """Writes another tiny encoder: ``make_encoder(name, kind, seed)``."""
    return lambda name, kind="distilbert", seed=0: write_tiny_encoder(tmp_path / name, kind, seed)
