"""Finding streams: exactly one must match, or the error says what is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from time import monotonic

import pylsl

from rtbci.errors import StoppedError, StreamError

_FORMATS = {
    pylsl.cf_float32: "float32",
    pylsl.cf_double64: "double64",
    pylsl.cf_string: "string",
    pylsl.cf_int8: "int8",
    pylsl.cf_int16: "int16",
    pylsl.cf_int32: "int32",
    pylsl.cf_int64: "int64",
}
POLL_S = 0.02
# A second stream that matches must have the time to answer too, or a duplicate would go unseen. Of several
# senders on one machine only one hears LSL's first call; the others are reached by the second, 0.5 s later.
SETTLE_S = 0.7


def _host(name: str) -> str:
    """Clean the host's name, which the operating system may give with padding."""
    return name.strip().strip("\x00")


@dataclass(frozen=True)
class Found:
    """A stream that is on the network, as its sender announces it in short."""

    name: str
    type: str
    source_id: str
    host: str
    channels: int
    rate_hz: float
    format: str
    uid: str

    @classmethod
    def of(cls, info: pylsl.StreamInfo) -> "Found":
        """Read it from LSL's short description."""
        return cls(
            name=info.name(),
            type=info.type(),
            source_id=info.source_id(),
            host=_host(info.hostname()),
            channels=info.channel_count(),
            rate_hz=info.nominal_srate(),
            format=_FORMATS.get(info.channel_format(), "undefined"),
            uid=info.uid(),
        )

    def __str__(self) -> str:
        rate = f"{self.rate_hz:g} Hz" if self.rate_hz > 0 else "irregular"
        kind = self.type or "no type"
        source = f"source id {self.source_id!r}" if self.source_id else "no source id"
        return f"{self.name!r} ({kind}, {self.channels} channels, {rate}, {source}, host {self.host})"


@dataclass(frozen=True)
class StreamQuery:
    """Which stream is meant; None means that anything will do."""

    name: str | None = None
    type: str | None = "EEG"
    source_id: str | None = None
    host: str | None = None

    def matches(self, found: Found) -> bool:
        """Whether the stream is one that is asked for; the type is compared without regard to case."""
        return (
            self.name in (None, found.name)
            and (self.type is None or self.type.casefold() == found.type.casefold())
            and self.source_id in (None, found.source_id)
            and self.host in (None, found.host)
        )

    def __str__(self) -> str:
        parts = [f"type {self.type!r}"] if self.type is not None else []
        parts += [f"name {self.name!r}"] if self.name is not None else []
        parts += [f"source id {self.source_id!r}"] if self.source_id is not None else []
        parts += [f"host {self.host!r}"] if self.host is not None else []
        return " and ".join(parts) or "any properties"


def choose(query: StreamQuery, streams: Sequence[Found], prefer_source: str | None = None) -> Found | None:
    """Pick the one stream that matches, None if there is none.

    Parameters
    ----------
    prefer_source
        Source id of the stream that was connected before: if exactly one of several has it, it is that one.

    Raises
    ------
    StreamError
        If several match, naming them and the option that tells them apart.
    """
    matching = [found for found in streams if query.matches(found)]
    if len(matching) > 1 and prefer_source:
        same = [found for found in matching if found.source_id == prefer_source]
        matching = same if len(same) == 1 else matching
    if len(matching) <= 1:
        return matching[0] if matching else None
    listed = "; ".join(str(found) for found in matching)
    if len({found.name for found in matching}) > 1:
        raise StreamError(f"{len(matching)} streams have {query}: {listed}; give --name to choose one.")
    name = matching[0].name
    if len({found.source_id for found in matching}) == len(matching):
        remedy = "give --source-id to choose one"
    elif len({found.host for found in matching}) == len(matching):
        remedy = "give --host to choose one"
    else:
        remedy = "they cannot be told apart, so stop all but one"
    raise StreamError(f"There are several streams named {name!r}: {listed}; {remedy}.")


class Finder:
    """Looks for streams in the background; each call to `streams` returns at once."""

    def __init__(self, forget_after: float = 1.5) -> None:
        self._resolver = pylsl.ContinuousResolver(forget_after=forget_after)

    def infos(self) -> dict[str, pylsl.StreamInfo]:
        """Return the short descriptions of all streams that answer now, by uid."""
        return {info.uid(): info for info in self._resolver.results()}


def find_streams(timeout: float = 1.0, stop: Event | None = None) -> list[Found]:
    """List all streams that answer within `timeout` seconds, or until `stop` is set, by name."""
    finder = Finder(forget_after=max(timeout, 1.5))
    (stop or Event()).wait(timeout)
    streams = [Found.of(info) for info in finder.infos().values()]
    return sorted(streams, key=lambda found: (found.name, found.source_id, found.host))


def resolve_one(query: StreamQuery, timeout: float = 5.0, stop: Event | None = None) -> pylsl.StreamInfo:
    """Find the one stream that is asked for; `stop` ends the search early.

    Returns
    -------
    pylsl.StreamInfo
        LSL's short description of it; labels and units come with the full one, from an inlet.

    Raises
    ------
    StreamError
        If none or several match; the sentence lists what is there.
    StoppedError
        If `stop` was set first.
    """
    stop = stop or Event()
    finder = Finder()
    deadline = monotonic() + timeout
    settled = False
    while True:
        infos = finder.infos()
        streams = [Found.of(info) for info in infos.values()]
        if not settled and any(query.matches(found) for found in streams):
            settled, deadline = True, monotonic() + SETTLE_S
        if monotonic() >= deadline:
            break
        if stop.wait(POLL_S):
            raise StoppedError(f"Stopped before a stream with {query} was found; there is nothing to report.")
    chosen = choose(query, streams)
    if chosen is not None:
        return infos[chosen.uid]
    if streams:
        there = "there are " if len(streams) > 1 else "there is "
        there += "; ".join(str(found) for found in sorted(streams, key=lambda found: found.name))
        if any(StreamQuery(type=query.type).matches(found) for found in streams):
            remedy = "start the sender, or choose one of these with --name or --source-id"
        else:
            remedy = f"start the sender, or have it announce its type as {query.type!r}"
    else:
        there = "nothing else is there either"
        remedy = "start the sender, and check that both machines are on one network and in one LSL session"
    raise StreamError(f"No stream with {query} answered within {timeout:g} s; {there}; {remedy}.")
