"""The recorder: everything that came in and was decoded, into one XDF file, losing nothing."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import RecordingError
from rtbci.record import decoded, xdf
from rtbci.record.salvage import whole_length
from rtbci.wire.messages import Evidence, Picture

_log = logging.getLogger(__name__)

WRITE_EVERY_S = 0.25
"""How much a killed process can lose."""
SYNC_EVERY_S = 1.0
"""How much a power cut can lose."""
BOUNDARY_EVERY_S = 10.0
_WATCHED_BACKLOG = 5000
_BATCH_BYTES = 1 << 20


class EegContract(Protocol):
    """What the recorder needs to know of an EEG stream; `rtbci.stream.StreamContract` is one."""

    @property
    def name(self) -> str:
        """Name of the stream."""

    @property
    def source_id(self) -> str:
        """Id of the device."""

    @property
    def host(self) -> str:
        """Name of the sending machine."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Channels as the device spells them."""

    @property
    def units(self) -> tuple[str, ...]:
        """Units as the device spells them."""

    @property
    def types(self) -> tuple[str, ...]:
        """LSL's type of each channel, or nothing where the device does not say."""

    @property
    def unit(self) -> str:
        """Unit that the EEG channels were taken to be in."""

    @property
    def delay_s(self) -> float:
        """The device's fixed delay, which is taken off the stamps already."""

    @property
    def rate_hz(self) -> float:
        """Nominal rate."""

    @property
    def format(self) -> str:
        """LSL's channel format, such as float32."""


class EegChunk(Protocol):
    """A chunk of samples; `rtbci.stream.Chunk` is one."""

    @property
    def data(self) -> NDArray[np.float64]:
        """Samples, (n, channels), in device units."""

    @property
    def stamps(self) -> NDArray[np.float64]:
        """Raw stamps, (n,)."""

    @property
    def received(self) -> float:
        """When it came in."""


class Recorder:
    """Writes one session to one new file, on a thread of its own.

    Every call returns at once. The queue behind it has no bound, because a recorder may not drop; it is
    watched, and a disk that cannot keep up is logged. A failure (a full disk, a drive pulled out) stops the
    recording: what was written before stays readable, `on_failure` is called once, and `close` raises.

    The file holds, as XDF streams: the EEG in the device's own format, unit and stamps (a new stream for
    each time the sender came back), when each chunk was received, the markers, the events (gaps, losses,
    repairs) and the decoded messages as JSON (`rtbci.record.from_text` reads them).

    Parameters
    ----------
    path : Path
        A file that does not exist yet.
    pictures : bool
        Whether pictures and clips are kept too; the evidence always is.
    on_failure : callable, optional
        Gets the error, on the recorder's thread.

    Raises
    ------
    RecordingError
        If the file exists or cannot be made.
    """

    def __init__(
        self,
        path: Path,
        *,
        pictures: bool = False,
        on_failure: Callable[[RecordingError], None] | None = None,
    ) -> None:
        self.path = path
        self._pictures = pictures
        self._on_failure = on_failure
        if path.exists():
            raise RecordingError(f"{path} exists already and is never overwritten; give another name.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # "x" again: another recorder may have been quicker since the check.
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise RecordingError(
                f"The recording {path} cannot be made ({error.strerror}); "
                "choose a folder that can be written."
            ) from error
        self._queue: queue.SimpleQueue[Callable[[], bytes] | None] = queue.SimpleQueue()
        # Nothing may come behind the end of the queue.
        self._lock = threading.Lock()
        self._failure: RecordingError | None = None
        self._closed = False
        self._warned = False
        self.unwritten = 0
        """Items that came after a failure and are lost."""
        self._streams: list[xdf.XdfStream] = []
        self._eeg: xdf.XdfStream | None = None
        self._received: xdf.XdfStream | None = None
        start = xdf.file_start(datetime.now(UTC).isoformat(timespec="seconds"))
        self._put(lambda: start)
        self._markers = self._add("markers", "Markers", ("marker",))
        self._events = self._add("rtbci-events", "Events", ("event",))
        self._decoded = self._add("rtbci-decoded", "Decoded", ("message",))
        self._thread = threading.Thread(target=self._run, name="recorder")
        self._thread.start()

    def add_eeg_stream(self, contract: EegContract) -> None:
        """Begin an EEG stream; chunks that follow belong to it."""
        self._eeg = self._add(
            contract.name,
            "EEG",
            contract.labels,
            source_id=contract.source_id,
            units=contract.units,
            rate_hz=contract.rate_hz,
            sample_format=contract.format if contract.format in xdf.NUMERIC_FORMATS else "double64",
            host=contract.host,
            types=contract.types,
            notes={"unit_taken": contract.unit, "delay_removed_s": repr(contract.delay_s)},
        )
        self._received = self._add(
            f"{contract.name}-received", "Received", ("samples", "received"), sample_format="double64"
        )

    def eeg(self, chunk: EegChunk) -> None:
        """Record a chunk and when it was received, under its newest sample's stamp.

        Raises
        ------
        RecordingError
            If no stream was begun.
        """
        stream, received = self._eeg, self._received
        if stream is None or received is None:
            raise RecordingError(
                f"EEG came for {self.path} before its stream was begun; add the stream first."
            )
        if len(chunk.data) == 0:
            return
        # Copies: the sender of the chunk may use its buffers again before they are written.
        data, stamps, arrival = chunk.data.copy(), chunk.stamps.copy(), chunk.received
        self._put(lambda: stream.samples(data, stamps))
        row = np.array([[len(data), arrival]])
        self._put(lambda: received.samples(row, stamps[-1:]))

    def marker(self, text: str, stamp: float) -> None:
        """Record a marker under the stamp that it came with."""
        self._put(lambda: self._markers.text(text, stamp))

    def event(self, sentence: str, at: float) -> None:
        """Record that something befell the stream or the session."""
        self._put(lambda: self._events.text(sentence, at))

    def evidence(self, evidence: Evidence, *buffers: NDArray[Any]) -> None:
        """Record what was decoded, with any of its buffers, under the time of decoding."""
        self._put(lambda: self._decoded.text(decoded.to_text(evidence, buffers), evidence.times.decoded))

    def picture(self, picture: Picture, frames: NDArray[np.uint8]) -> None:
        """Record a picture or clip under the time it was drawn, if pictures are kept."""
        if self._pictures:
            self._put(lambda: self._decoded.text(decoded.to_text(picture, (frames,)), picture.times.drawn))

    @property
    def backlog(self) -> int:
        """How many items wait to be written."""
        return self._queue.qsize()

    def close(self) -> None:
        """Write what waits, end the file and wait until it is on the disk.

        Raises
        ------
        RecordingError
            If the recording failed, now or before.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    # ---- on the caller's thread ------------------------------------------------------------------

    def _add(
        self,
        name: str,
        kind: str,
        labels: tuple[str, ...],
        *,
        source_id: str = "",
        units: tuple[str, ...] = (),
        rate_hz: float = 0.0,
        sample_format: str = "string",
        host: str = "",
        types: tuple[str, ...] = (),
        notes: Mapping[str, str] | None = None,
    ) -> xdf.XdfStream:
        stream = xdf.XdfStream(
            len(self._streams) + 1,
            name=name,
            kind=kind,
            source_id=source_id,
            labels=labels,
            units=units,
            rate_hz=rate_hz,
            sample_format=sample_format,
            host=host,
            types=types,
            notes=notes,
        )
        self._streams.append(stream)
        self._put(stream.header)
        return stream

    def _put(self, item: Callable[[], bytes]) -> None:
        with self._lock:
            if self._closed:
                raise RecordingError(f"The recording {self.path} is closed; begin a new one.")
            self._queue.put(item)
        behind = self._queue.qsize() > _WATCHED_BACKLOG
        if behind and not self._warned:
            _log.warning("The disk cannot keep up with the recording %s; nothing is lost yet.", self.path)
        self._warned = behind

    # ---- on the recorder's thread ----------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._write_all()
            os.fsync(self._file.fileno())
        except OSError as error:
            failure = RecordingError(
                f"Recording to {self.path} stopped ({error.strerror}); what was written until then is "
                "whole, so make room or choose another disk and begin a new recording."
            )
            failure.__cause__ = error
            self._fail(failure)
        except RecordingError as error:
            self._fail(error)
        finally:
            self._file.close()

    def _write_all(self) -> None:
        """Write items until the end comes, in batches so that small chunks do not cost a call each."""
        batch = bytearray()
        written = synced = marked = time.monotonic()
        ended = False
        while not ended:
            try:
                item = self._queue.get(timeout=WRITE_EVERY_S)
                if item is None:
                    batch += b"".join(stream.footer() for stream in self._streams)
                    ended = True
                else:
                    batch += self._encode(item, batch)
            except queue.Empty:
                pass
            now = time.monotonic()
            if not (ended or now - written >= WRITE_EVERY_S or len(batch) >= _BATCH_BYTES):
                continue
            if now - marked >= BOUNDARY_EVERY_S:
                batch += xdf.boundary()
                marked = now
            self._write(batch)
            batch.clear()
            written = now
            if now - synced >= SYNC_EVERY_S:
                os.fsync(self._file.fileno())
                synced = now

    def _encode(self, item: Callable[[], bytes], batch: bytearray) -> bytes:
        """Make an item's chunk; if it cannot be made, at least what came before it is kept."""
        try:
            return item()
        except RecordingError:
            self._write(batch)
            raise

    def _write(self, batch: bytearray) -> None:
        view = memoryview(batch)
        while len(view):
            view = view[self._file.write(view) :]
        view.release()

    def _fail(self, error: RecordingError) -> None:
        _log.error("%s", error)
        self._failure = error
        self._cut_to_whole_chunks()
        if self._on_failure is not None:
            self._on_failure(error)
        while self._queue.get() is not None:
            self.unwritten += 1

    def _cut_to_whole_chunks(self) -> None:
        """Take away the part of a chunk that a full disk left at the end."""
        try:
            with self.path.open("rb") as file:
                whole = whole_length(file)
            os.truncate(self.path, whole)
        except OSError as error:
            # The disk may be gone altogether; the failure itself has been told already.
            _log.error("The end of %s could not be tidied (%s).", self.path, error.strerror)
