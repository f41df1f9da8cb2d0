import pytest

from recattn.errors import RecAttnError
from recattn.jobs.audit import entries
from recattn.ui.guard import check_may_act, from_this_machine, may_act

HERE = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize("address", [None, "127.0.0.1", "::1", "127.8.9.1", "::ffff:127.0.0.1"])
def test_a_browser_on_this_machine_may_act(address: str | None) -> None:
    assert from_this_machine(address, HERE)


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "192.168.1.7", "2001:db8::1", "::ffff:10.0.0.5", "127.0.0.1.evil.example", "", "nonsense"]
)
def test_another_machine_may_not(address: str) -> None:
    assert not from_this_machine(address, HERE)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "x-forwarded-for", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"]
)
def test_what_a_proxy_passes_on_may_not(header: str) -> None:
    assert not from_this_machine("127.0.0.1", HERE | {header: "127.0.0.1"})


@pytest.mark.parametrize("host", ["demo.example", "192.168.1.7:8501", "127.0.0.1.nip.io:8501"])
def test_a_name_that_is_not_this_machines_may_not(host: str) -> None:
    """A page elsewhere may have its name resolve to this machine (DNS rebinding)."""
    assert not from_this_machine("127.0.0.1", {"Host": host})
    assert not from_this_machine("127.0.0.1", HERE | {"Origin": f"http://{host}"})


def test_what_runs_outside_of_pages_may_nothing() -> None:
    assert not may_act()
    with pytest.raises(RecAttnError, match="You may not do that"):
        check_may_act("export", "a run")
    assert [(entry["who"], entry["outcome"]) for entry in entries(10)] == [("visitor from unknown", "refused")]
