from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from recattn.data import Dataset, import_mind
from recattn.data.sample import sample_folder, sample_truth
from recattn.models.attention import RecAttnModel
from recattn.models.encoder import TextEncoder
from recattn.models.shape import RecAttnConfig
from recattn.recommender import Recommender
from recattn.trust.planted import caused_clicks, is_sample, planted_truth
from tests.models.conftest import write_tiny_encoder


@pytest.fixture(scope="module")
def of_sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommender]:
    """A small model with its first weights, for the sample under another name."""
    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        import_mind("world", sample_folder() / "train", sample_folder() / "dev")
        encoder = write_tiny_encoder(folder / "encoder")
        fingerprint = TextEncoder.load(str(encoder), 8).fingerprint
        config = RecAttnConfig(24, 8, 2, encoder=str(encoder), encoder_fingerprint=fingerprint, max_tokens=8)
        RecAttnModel(config).save_pretrained(folder / "run")
        yield Recommender.load(folder / "run", Dataset.open("world"))


def test_the_sample_is_known_by_its_content_not_by_its_name(of_sample: Recommender, recommender: Recommender) -> None:
    assert is_sample(of_sample.dataset)
    assert not is_sample(recommender.dataset)
    assert planted_truth(recommender, 1, 0) is None


def test_causes_are_those_of_the_truth_and_lie_in_the_history(of_sample: Recommender) -> None:
    truth = sample_truth().set_index(["user_id", "item_id"])["causes"]
    for click in islice(caused_clicks(of_sample, seed=0), 50):
        marked = {item for item, cause in zip(click.history, click.causes, strict=True) if cause}
        named = {cause for causes in truth.loc[[(click.user, click.item)]] for cause in causes}
        assert marked and marked <= named


def test_what_is_known_of_the_causes_shows(of_sample: Recommender) -> None:
    found = planted_truth(of_sample, 12, seed=0)
    assert found is not None and found.clicks == 36 and 1 < found.users <= 36
    table = found.methods
    # The sample's rules prefer recent clicks as causes; an order by chance finds them half of the time.
    assert table["recency"]["auc"].low > 0.5
    assert table["random"]["auc"].low < 0.5 < table["random"]["auc"].high
    assert table["recency"]["recall@3"].value > table["recency"]["recall@1"].value
    assert {name for name in table["recency"] if name.startswith("auc, ")} <= {
        f"auc, {rule}" for rule in ("storyline", "entity", "interest", "affinity")
    }
    assert planted_truth(of_sample, 12, seed=0) == found


def test_the_truth_of_the_folder_is_not_used_for_other_data(tmp_path: Path, recattn_home: Path) -> None:
    lines = (sample_folder() / "dev" / "behaviors.tsv").read_text().splitlines(keepends=True)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "behaviors.tsv").write_text("".join(lines[:50]))
    (tmp_path / "dev" / "news.tsv").write_bytes((sample_folder() / "dev" / "news.tsv").read_bytes())
    import_mind("part", sample_folder() / "train", tmp_path / "dev")
    assert not is_sample(Dataset.open("part"))
