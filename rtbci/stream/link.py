"""Staying connected: search, open, serve, lose, search again; in one thread that can always be stopped."""

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

import pylsl
from pylsl.util import LostError
from pylsl.util import TimeoutError as LslTimeoutError

from rtbci.errors import ContractError, RtbciError, StreamError
from rtbci.stream.discovery import POLL_S, SETTLE_S, Finder, Found, StreamQuery, choose
from rtbci.stream.events import Failed, Lost, Refused, Searching, StreamEvent

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class StreamLostError(StreamError):
    """The sender is gone."""


def patiently(ask: Callable[..., _T], timeout: float, stop: threading.Event) -> _T:
    """Ask LSL for something that may take long, in calls short enough for `stop` to be heard.

    Raises
    ------
    StreamLostError
        If the answer does not come in `timeout` seconds, or `stop` is set.
    """
    deadline = monotonic() + timeout
    while not stop.is_set() and monotonic() < deadline:
        try:
            return ask(timeout=0.2)
        except LslTimeoutError:
            continue
        except LostError as error:
            raise StreamLostError("the sender closed the connection while it was being opened") from error
    raise StreamLostError(f"the sender did not answer within {timeout:g} s")


class Presence:
    """Tells a sender that merely pauses from one that is gone without closing its connection."""

    def __init__(self, uid: str, gone_s: float) -> None:
        self._uid = uid
        self._gone_s = gone_s
        self._finder: Finder | None = None
        self._asked = 0.0

    def check(self, silent_s: float) -> None:
        """Ask, once the silence is long, whether the sender still answers a search.

        Raises
        ------
        StreamLostError
            If it does not.
        """
        if silent_s < 0.5 * self._gone_s:
            self._finder = None
        elif self._finder is None:
            # Perhaps late, if this thread was held up; the sender has its time to answer all the same.
            self._finder, self._asked = Finder(), silent_s
        elif silent_s - self._asked >= 0.5 * self._gone_s and self._uid not in self._finder.infos():
            raise StreamLostError(f"nothing came for {silent_s:.0f} s and the sender no longer answers")


class Link:
    """A thread that keeps one stream connected.

    Parameters
    ----------
    query
        Which stream.
    serve
        Called with LSL's short description and an event to stop at; reads the stream until it ends with
        `StreamLostError` (search again) or `ContractError` (refuse this sender, search for another).
    emit
        Where events go, in order. What ends the thread other than `stop` comes as `Failed`, last of all.
    name
        Name of the thread.
    """

    def __init__(
        self,
        query: StreamQuery,
        serve: Callable[[pylsl.StreamInfo, threading.Event], None],
        emit: Callable[[StreamEvent], None],
        name: str,
    ) -> None:
        self._query = query
        self._serve = serve
        self._emit = emit
        self._stop = threading.Event()
        self._refused: set[str] = set()
        self._last_source: str | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop it and wait until it has ended, which takes less than a second."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=1.0)
            if self._thread.is_alive():
                _log.warning("the thread %s is still busy a second after it was stopped", self._thread.name)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._stay_connected()
        except Exception as error:
            # A thread that dies unheard looks like a stream that pauses.
            _log.exception("the thread %s failed", self._thread.name)
            self._emit(Failed(pylsl.local_clock(), _reason(error)))

    def _stay_connected(self) -> None:
        while not self._stop.is_set():
            self._emit(Searching(pylsl.local_clock()))
            info = self._search()
            if info is None:
                return
            self._last_source = info.source_id() or self._last_source
            try:
                self._serve(info, self._stop)
            except StreamLostError as error:
                if not self._stop.is_set():
                    self._emit(Lost(pylsl.local_clock(), str(error)))
            except ContractError as error:
                self._refused.add(info.uid())
                self._emit(Refused(pylsl.local_clock(), str(error)))

    def _search(self) -> pylsl.StreamInfo | None:
        """Wait until exactly one stream matches; None if stopped."""
        finder = Finder()
        told: str | None = None
        settled: float | None = None
        while not self._stop.wait(POLL_S):
            infos = {uid: info for uid, info in finder.infos().items() if uid not in self._refused}
            matching = [found for info in infos.values() if self._query.matches(found := Found.of(info))]
            if not matching:
                settled = None
                continue
            known = any(self._last_source and found.source_id == self._last_source for found in matching)
            if settled is None:
                settled = monotonic() + (0.0 if known or self._query.source_id else SETTLE_S)
            if monotonic() < settled:
                continue
            try:
                chosen = choose(self._query, matching, self._last_source)
            except StreamError as error:
                if str(error) != told:
                    told = str(error)
                    self._emit(Refused(pylsl.local_clock(), told))
                continue
            if chosen is not None:
                return infos[chosen.uid]
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, RtbciError):
        return str(error)
    text = (str(error).splitlines() or [""])[0].rstrip(".")
    cause = type(error).__name__ + (f": {text}" if text else "")
    return (
        f"Receiving the stream failed ({cause}): start again, and report it with the log if it fails again."
    )
