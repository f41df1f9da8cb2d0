"""What visitors who went away leave in the server: uploads in its memory, connections that nobody will close."""

import os
import socket
import threading
import time
from collections.abc import Callable

import psutil
import streamlit as st
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

KEPT_SECONDS = 180  # Streamlit lets a visitor come back to a session for two minutes
PROBE_SECONDS = 60  # of silence, after which a client is asked whether it is still there
_PROBES, _PROBE_PAUSE_SECONDS = 4, 15


class Abandoned:
    """Uploads of sessions that are over.

    Streamlit drops them when it collects a session that ended, but not those that arrive after that, nor on a server
    where no other session ends.
    """

    def __init__(self) -> None:
        self._gone_since: dict[str, float] = {}
        self._lock = threading.Lock()

    def release(self, uploads: MemoryUploadedFileManager, is_here: Callable[[str], bool], now: float) -> list[str]:
        """Drop what belongs to sessions that were gone at an earlier look, too. Returns the sessions."""
        with self._lock:
            gone = [session for session in list(uploads.file_storage) if not is_here(session)]
            self._gone_since = {session: self._gone_since.get(session, now) for session in gone}
            over = [session for session, since in self._gone_since.items() if now - since >= KEPT_SECONDS]
        for session in over:
            uploads.remove_session_files(session)
        return over


@st.cache_resource(show_spinner=False)
def _abandoned() -> Abandoned:
    return Abandoned()


def release_abandoned_uploads() -> None:
    """Free the memory of uploads whose visitors are gone; each page that is drawn looks for them."""
    if not runtime.exists():
        return
    server = runtime.get_instance()
    if isinstance(server.uploaded_file_mgr, MemoryUploadedFileManager):
        _abandoned().release(server.uploaded_file_mgr, server.is_active_session, time.monotonic())


def probe_silent_clients() -> None:
    """Let the system find out about clients that vanished without a word, amid an upload for instance.

    Nobody else would: a server waits for the rest of a body as long as it takes. Connections inherit this from the
    socket that listens, where the system is Linux.
    """
    for connection in psutil.Process().net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.fd >= 0:
            with socket.socket(fileno=os.dup(connection.fd)) as listening:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                if hasattr(socket, "TCP_KEEPIDLE"):
                    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBE_SECONDS)
                    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_PAUSE_SECONDS)
                    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
