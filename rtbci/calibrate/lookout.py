"""Which streams there are, and which of them can be decoded, found in the background."""

import threading
from dataclasses import dataclass

from rtbci.stream import Found, StreamQuery, StreamSettings, find_streams, inspect

_LOOK_S = 1.0


@dataclass(frozen=True)
class Seen:
    """A stream of EEG on the network.

    Attributes
    ----------
    found : Found
    verdict : str
        Whether it can be decoded, in one line.
    """

    found: Found
    verdict: str

    @property
    def fits(self) -> bool:
        """Whether it can be decoded."""
        return self.verdict.startswith("yes")

    @property
    def query(self) -> StreamQuery:
        """What names this stream and, as far as it tells, no other."""
        found = self.found
        return StreamQuery(found.name, found.type, found.source_id or None, found.host or None)


class Lookout:
    """Looks for EEG streams until it is stopped.

    Parameters
    ----------
    query : StreamQuery
        Which ones count.
    settings : StreamSettings, optional
        What the operator knows of them.
    """

    def __init__(self, query: StreamQuery, settings: StreamSettings | None = None) -> None:
        self._query = query
        self._settings = settings
        self._verdicts: dict[str, str] = {}
        self._stop = threading.Event()
        self.seen: tuple[Seen, ...] | None = None
        """By name; None before the first look is over."""
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            found = [one for one in find_streams(_LOOK_S, self._stop) if self._query.matches(one)]
            for one in found:
                # What a stream says of itself does not change; one that did not answer is asked again.
                if self._verdicts.get(one.uid, "unknown").startswith(("unknown", "gone")):
                    self._verdicts[one.uid] = inspect(one, self._settings)
            if not self._stop.is_set():
                self.seen = tuple(Seen(one, self._verdicts[one.uid]) for one in found)
