from collections.abc import Mapping
from typing import Any

import pytest

from recattn.ui.access import OPENID_SECONDS, openid_visitor, rules

ADA = {"is_logged_in": True, "email": "ada@news.example", "email_verified": True, "iat": 1000}
ADMINS = frozenset({"ada@news.example"})
SECTION = {"client_id": "x", "client_secret": "y"}


def test_nothing_configured_is_the_local_demo() -> None:
    for environment in ({}, {"RECATTN_ADMIN_HASH": ""}, {"RECATTN_ADMIN_EMAILS": "ada@news.example"}):
        assert rules({}, environment).mode == "local"


def test_a_hash_in_either_place_asks_for_a_password() -> None:
    assert rules({"admin_hash": "$one"}, {}).password_hash == "$one"
    assert rules({"admin_hash": "$one"}, {"RECATTN_ADMIN_HASH": " $two\n"}).password_hash == "$two"
    assert rules({}, {"RECATTN_ADMIN_HASH": "not a hash at all"}).mode == "password", "and lets nobody in"


@pytest.mark.parametrize("auth", [{}, SECTION, {"google": SECTION}, "nonsense", 7])
def test_openid_connect_goes_before_everything_even_when_it_is_incomplete(auth: object) -> None:
    assert rules({"auth": auth, "admin_hash": "$one"}, {"RECATTN_ADMIN_HASH": "$two"}).mode == "openid"


def test_administrators_are_named_in_either_place_in_any_letters() -> None:
    secrets = {"auth": SECTION, "admin_emails": [" Ada@News.example ", "", 7]}
    found = rules(secrets, {"RECATTN_ADMIN_EMAILS": "bob@news.example, ,"})
    assert found.emails == {"ada@news.example", "bob@news.example"}
    assert rules({"auth": SECTION}, {}).emails == frozenset()


def test_providers_are_those_with_a_client() -> None:
    assert rules({"auth": SECTION}, {}).providers == ("",)
    assert rules({"auth": {"cookie_secret": "z", "one": SECTION, "two": SECTION}}, {}).providers == ("one", "two")
    assert rules({"auth": {}}, {}).providers == ()


def test_the_hash_is_not_shown_where_the_rules_are() -> None:
    assert "$one" not in repr(rules({"admin_hash": "$one"}, {}))


def test_an_administrator_may_act() -> None:
    found = openid_visitor(ADA, ADMINS, 2000)
    assert found.allowed and found.who == "ada@news.example"
    assert openid_visitor({**ADA, "email": " ADA@news.example"}, ADMINS, 2000).allowed
    unsaid = {name: claim for name, claim in ADA.items() if name != "email_verified"}
    assert openid_visitor(unsaid, ADMINS, 2000).allowed


REFUSED: dict[str, Mapping[str, Any]] = {
    "nobody": {},
    "not logged in": {**ADA, "is_logged_in": False},
    "a word for yes": {**ADA, "is_logged_in": "true"},
    "somebody else": {**ADA, "email": "eve@news.example"},
    "a longer name": {**ADA, "email": "ada@news.example.evil.example"},
    "no address": {**ADA, "email": None},
    "an empty address": {**ADA, "email": " "},
    "several addresses": {**ADA, "email": ["ada@news.example"]},
    "not verified": {**ADA, "email_verified": False},
    "not verified, in words": {**ADA, "email_verified": "false"},
    "nothing about being verified": {**ADA, "email_verified": None},
    "no time": {**ADA, "iat": None},
    "a time in words": {**ADA, "iat": "1000"},
    "yes as a time": {**ADA, "iat": True},
    "not a number": {**ADA, "iat": float("nan")},
    "the future": {**ADA, "iat": 10_000_000},
}


@pytest.mark.parametrize("user", REFUSED.values(), ids=REFUSED)
def test_nobody_else_may(user: Mapping[str, Any]) -> None:
    found = openid_visitor(user, ADMINS, 2000)
    assert not found.allowed and found.reason and found.remedy


def test_without_a_list_nobody_may_and_it_says_so() -> None:
    found = openid_visitor(ADA, frozenset(), 2000)
    assert not found.allowed
    assert "nobody may act" in found.reason and "admin_emails" in found.remedy


def test_a_log_in_ends_after_twelve_hours() -> None:
    assert openid_visitor(ADA, ADMINS, 1000 + OPENID_SECONDS - 1).allowed
    assert not openid_visitor(ADA, ADMINS, 1000 + OPENID_SECONDS).allowed
