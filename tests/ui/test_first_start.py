import threading
from pathlib import Path

from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY
from recattn.ui.first_start import SAMPLE, sample_waits, train_sample_once
from tests.jobs.conftest import eventually
from tests.jobs.tiny import import_tiny


def test_many_tabs_start_the_first_training_once(tmp_path: Path) -> None:
    import_tiny(tmp_path / "news", SAMPLE)
    assert sample_waits()
    tabs = [threading.Thread(target=train_sample_once) for _ in range(5)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    (run,) = Registry().runs()
    assert run.dataset == SAMPLE
    assert not sample_waits()
    if run.state in BUSY:
        Registry().cancel(run.run)
    eventually(lambda: Registry().run(run.run).state not in BUSY, seconds=90)


def test_nothing_is_trained_unasked_on_other_data(tmp_path: Path) -> None:
    import_tiny(tmp_path / "news", "own-news")
    train_sample_once()
    assert Registry().runs() == []
