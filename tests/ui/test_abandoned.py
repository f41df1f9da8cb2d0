"""What visitors who went away leave in the server."""

import socket
import sys
from uuid import uuid4

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from recattn.ui.abandoned import KEPT_SECONDS, PROBE_SECONDS, Abandoned, probe_silent_clients


def send(uploads: MemoryUploadedFileManager, session: str) -> None:
    uploads.add_file(session, UploadedFileRec(str(uuid4()), "train.zip", "application/zip", b"x" * 1000))


def test_uploads_go_when_their_visitor_has_been_gone_for_longer_than_a_return_takes() -> None:
    uploads, abandoned = MemoryUploadedFileManager("/upload"), Abandoned()
    here = {"ada", "bob"}
    for session in ("ada", "bob", "long gone"):
        send(uploads, session)
    assert abandoned.release(uploads, here.__contains__, now=0) == []
    here.discard("bob")
    assert abandoned.release(uploads, here.__contains__, now=KEPT_SECONDS - 1) == [], "nobody for long enough"
    assert abandoned.release(uploads, here.__contains__, now=KEPT_SECONDS) == ["long gone"]
    assert set(uploads.file_storage) == {"ada", "bob"}
    here.add("bob")
    abandoned.release(uploads, here.__contains__, now=KEPT_SECONDS + 1)
    here.discard("bob")
    abandoned.release(uploads, here.__contains__, now=2 * KEPT_SECONDS)
    assert set(uploads.file_storage) == {"ada", "bob"}, "who came back is counted anew"
    assert abandoned.release(uploads, here.__contains__, now=3 * KEPT_SECONDS) == ["bob"]
    assert set(uploads.file_storage) == {"ada"}


def test_what_arrives_after_its_session_is_over_goes_as_well() -> None:
    uploads, abandoned = MemoryUploadedFileManager("/upload"), Abandoned()
    send(uploads, "over")
    abandoned.release(uploads, lambda _: False, now=0)
    assert abandoned.release(uploads, lambda _: False, now=KEPT_SECONDS) == ["over"]
    send(uploads, "over")
    send(uploads, "over")
    for now in (KEPT_SECONDS + 1, 2 * KEPT_SECONDS + 1):
        abandoned.release(uploads, lambda _: False, now)
    assert not uploads.file_storage and not uploads.get_stats()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere connections don't inherit it")
def test_who_connects_is_asked_after_a_minute_of_silence_whether_they_are_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        probe_silent_clients()
        with socket.create_connection(listening.getsockname()) as _, listening.accept()[0] as served:
            assert served.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == PROBE_SECONDS
        assert listening.fileno() >= 0, "the server's own socket stays open"
