import dataclasses

import pytest

from recattn.errors import UnknownError
from recattn.training.config import PRESETS, TrainingConfig, configured


def test_the_paper_preset_is_the_founding_document_to_the_letter() -> None:
    paper = PRESETS["paper"]
    assert (paper.encoder, paper.dim, paper.heads, paper.layers) == ("distilbert-base-uncased", 768, 12, 1)
    assert (paper.optimizer, paper.learning_rate, paper.encoder_learning_rate) == ("adam", 1e-5, 1e-5)
    assert (paper.epochs, paper.negatives, paper.residual, paper.null_click) == (10, 4, False, False)
    assert (paper.warmup, paper.decay, paper.weight_decay, paper.patience) == (0, False, 0, 0)


GO_TOGETHER = {"dim": ["heads"], "every_position": ["causal", "pooling"]}


def test_every_setting_has_a_hint_a_group_and_a_default_in_range() -> None:
    for entry in dataclasses.fields(TrainingConfig):
        assert entry.metadata["help"].endswith("."), entry.name
        assert entry.metadata["group"] in {"Text", "Model", "Training", "Stopping"}, entry.name
        for preset in PRESETS.values():
            together = [entry.name, *GO_TOGETHER.get(entry.name, ())]
            assert configured("default", {name: str(getattr(preset, name)) for name in together})


def test_settings_given_as_text_take_the_type_of_their_field() -> None:
    config = configured("default", {"heads": "6", "learning_rate": "3e-4", "residual": "False", "encoder": "my/folder"})
    assert (config.heads, config.learning_rate, config.residual, config.encoder) == (6, 3e-4, False, "my/folder")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"head": "6"}, "no setting 'head'. Allowed are encoder, max_tokens"),
        ({"heads": "six"}, "heads='six' is not a whole number. Allowed are whole numbers from 1 to 64"),
        ({"heads": "2.5"}, "is not a whole number"),
        ({"heads": "0"}, "out of range"),
        ({"dropout": "nan"}, "out of range"),
        ({"optimizer": "sgd"}, "Allowed are adam, adamw"),
        ({"residual": "maybe"}, "is not a true or false"),
        ({"heads": "7"}, "can't be split over 7 heads"),
        ({"every_position": "true"}, "Allowed is that with causal=true, pooling=last"),
        ({"pooling": "last", "candidate_pooling": "true"}, "Allowed is one of both"),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(settings: dict[str, str], text: str) -> None:
    with pytest.raises(UnknownError, match=text):
        configured("default", settings)


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(UnknownError, match="Allowed are default, quick, accurate, sequence, paper"):
        configured("best")
