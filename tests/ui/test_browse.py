from dataclasses import replace

from recattn.data.store import Dataset
from recattn.ui.browse import report_frame


def test_the_report_for_a_spreadsheet_has_every_count(trained_home: object) -> None:
    info = replace(Dataset.open("tiny").info, rejected={"labels that are not 0 or 1": 3})
    rows = {(row.What, row.Of): row.Value for row in report_frame(info).itertuples()}
    assert rows["kept", "articles"] == "24" and rows["left out", "labels that are not 0 or 1"] == "3"
    assert rows["kept, by split", "train"] == "60" and rows["rows read", "dev/behaviors.tsv"] == "30"
    assert {of for what, of in rows if what == "sha256"} == set(info.checksums)
