from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from recattn.data import Dataset
from recattn.data.tables import import_interactions
from recattn.ui.browse import items_frame
from recattn.ui.details import kinds_of, picture_of
from recattn.ui.reading import titles

ALLOWED = "https://images.example.com/i/51,a_b.jpg?w=80"
HOSTILE = (
    "",
    "javascript:alert(1)",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "file:///etc/passwd",
    "/etc/passwd",
    "//images.example.com/x.png",
    "http://images.example.com/x.png",
    "https://elsewhere.example.com/x.png",
    "https://images.example.com.evil.example/x.png",
    "https://images.example.com@evil.example/x.png",
    "https://images.example.com:8443/x.png",
    "https://evil.example\\@images.example.com/x.png",
    "https://images.example.com\\.evil.example/x.png",
    "https://images.example.com/\n.png",
    'https://images.example.com/"onerror=alert(1)',
    "https://images.example.com/x#" + "y" * 10,
    "https://images.example.com/" + "x" * 2000,
    "https://IMAGES.example.com/\u202egnp",
    "https://127.0.0.1/x.png",
    "https://localhost/x.png",
    "https://[::1]/x.png",
    "https://169.254.169.254/latest/meta-data",
)


def test_no_picture_is_loaded_unless_the_operator_named_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECATTN_IMAGE_HOSTS", raising=False)
    assert picture_of(ALLOWED) is None
    monkeypatch.setenv("RECATTN_IMAGE_HOSTS", "images.example.com")
    assert picture_of(ALLOWED) == ALLOWED


@pytest.mark.parametrize("address", HOSTILE)
def test_a_hostile_address_is_no_picture(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named = "images.example.com,localhost,127.0.0.1,169.254.169.254,[::1],*,evil.internal"
    monkeypatch.setenv("RECATTN_IMAGE_HOSTS", named)
    assert picture_of(address) is None


@pytest.fixture
def shop(tmp_path: Path) -> Dataset:
    (tmp_path / "items.csv").write_text(
        "id,name,kind,year,tags,pic\n"
        f'P1,Lamp,Light,1995,Home|Light,"{ALLOWED}"\nP2,Robot 1999,Toys,1999,,javascript:alert(1)\nP3,Kettle,Home,,,\n'
    )
    (tmp_path / "clicks.csv").write_text("user,item\nU1,P1\nU1,P2\nU1,P3\n")
    import_interactions(
        "shop",
        tmp_path / "clicks.csv",
        {"user": "user", "item": "item"},
        items=str(tmp_path / "items.csv"),
        item_id="id",
        text=("name",),
        category="kind",
        attributes={"year": "year", "genres": "tags", "image": "pic"},
    )
    return Dataset.open("shop")


def test_a_title_names_the_year_once_and_all_genres_are_told(shop: Dataset) -> None:
    assert titles(shop, ["P1", "P2", "P3"]) == ["Lamp (1995)", "Robot 1999", "Kettle"]
    assert kinds_of(shop, ["P1", "P2", "P3", "P9"]) == ["Home, Light", "Toys", "Home", ""]


def test_the_table_of_items_has_year_and_genres_and_only_pictures_that_may_be_loaded(
    shop: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECATTN_IMAGE_HOSTS", "images.example.com")
    frame = items_frame(shop, shop.page_items()[0]).set_index("Item_id")
    assert frame["Year"].to_dict() == {"P1": "1995", "P2": "1999", "P3": ""}
    assert frame["Category"].to_dict() == {"P1": "Home, Light", "P2": "Toys", "P3": "Home"}
    assert frame["Picture"].dropna().to_dict() == {"P1": ALLOWED}
    assert "Subcategory" not in frame


@pytest.mark.parametrize(("hosts", "drawn"), [("", []), ("images.example.com", [ALLOWED])])
def test_a_page_asks_browsers_for_allowed_pictures_only(
    shop: Dataset, monkeypatch: pytest.MonkeyPatch, hosts: str, drawn: list[str]
) -> None:
    monkeypatch.setenv("RECATTN_IMAGE_HOSTS", hosts)

    def page() -> None:
        from recattn.data import Dataset
        from recattn.ui.details import show_picture

        for item in ("P1", "P2", "P3", "P9"):
            show_picture(Dataset.open("shop"), item)

    shown = AppTest.from_function(page).run()
    assert not shown.exception
    assert [url for element in shown.get("image") for url in element.value] == drawn
