from pathlib import Path

import pytest
from argon2 import PasswordHasher

from recattn.jobs.doctor import access
from recattn.jobs.doctor.finding import Finding

HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("four words that differ")


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The secrets of an account of its own."""
    for name in ("RECATTN_ADMIN_HASH", "RECATTN_ADMIN_EMAILS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "account"))
    file = tmp_path / "account" / ".streamlit" / "secrets.toml"
    file.parent.mkdir(parents=True)
    file.touch(0o600)
    return file


def wrong() -> list[Finding]:
    return [found for found in access.check_permissions() if not found.ok]


def test_what_everybody_may_write_is_named(sound_home: Path, secrets: Path) -> None:
    assert wrong() == []
    (sound_home / "datasets" / "tiny" / "items.parquet").chmod(0o666)
    (found,) = wrong()
    assert "items.parquet" in found.message and f"chmod -R o-w {sound_home}" in found.remedy
    for path in sound_home.rglob("*"):
        path.chmod(0o777)
    assert " more." in wrong()[0].message


def test_a_link_in_the_home_is_not_mistaken_for_an_open_file(sound_home: Path, secrets: Path) -> None:
    (sound_home / "linked").symlink_to(sound_home / "datasets")
    assert wrong() == []


def test_secrets_that_everybody_may_read_are_named_and_never_shown(sound_home: Path, secrets: Path) -> None:
    secrets.write_text('admin_hash = "a-secret-thing"')
    assert wrong() == []
    secrets.chmod(0o644)
    (found,) = wrong()
    assert f"chmod 600 {secrets}" in found.remedy and "a-secret-thing" not in found.message
    (found,) = access.check_access()
    assert "a-secret-thing" not in found.message + found.remedy


@pytest.mark.parametrize(
    ("toml", "environment", "ok", "message"),
    [
        ("", {}, True, "only people at this machine itself may act"),
        (f'admin_hash = "{HASH}"', {}, True, "Whoever knows the admin password"),
        ('admin_hash = "hunter2"', {}, False, "is no argon2 hash"),
        ("", {"RECATTN_ADMIN_HASH": HASH}, True, "Whoever knows the admin password"),
        ('[auth]\nclient_id = "x"', {}, False, "nobody is listed"),
        ('admin_emails = ["a@x.example", "b@x.example"]\n[auth]\nclient_id = "x"', {}, True, "2 of them may act"),
        ("[auth", {}, False, "can't be read, so nobody may act"),
        ('[auth]\nclient_id = "x"', {"RECATTN_ADMIN_EMAILS": "a@x.example, "}, True, "1 of them may act"),
    ],
)
def test_who_may_act_is_said_as_it_is_configured(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, toml: str, environment: dict[str, str], ok: bool, message: str
) -> None:
    secrets.write_text(toml)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (found,) = access.check_access()
    assert found.ok == ok and message in found.message
