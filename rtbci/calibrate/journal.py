"""A sitting on the disk while it goes on: what a process that dies, and a power cut, leave to go on from.

The folder holds `sitting.json` (what was begun, and with which cap) and one XDF recording for each time that
the calibration was started: the EEG as it came in, the markers, and where the signal path began afresh. So it
can be replayed through the signal path, and for any bundle.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from rtbci.calibrate.parts import Part, Restart, load_part
from rtbci.calibrate.shown import ClipTable
from rtbci.calibrate.sitting_file import Begun, Cap
from rtbci.errors import ContractError, RecordingError
from rtbci.files import sync_folder, write_whole
from rtbci.record import Recorder
from rtbci.stream import Chunk, StreamContract

_T = TypeVar("_T")

_VERSION = 1
_SITTING_FILE = "sitting.json"
_LOCK_FILE = "lock"


class Journal:
    """What is recorded of one wearer's calibration until a profile is saved.

    Calls between `start` and `close` never wait for the disk; what they hand over is written within a
    quarter of a second and flushed to the disk once a second.

    Parameters
    ----------
    folder : Path
        Where it is or shall be; made for the owner alone. One that is there is gone on with.
    seed : int
        Order of the clips, for one that is begun.
    fresh : bool
        Forget what is there, and begin.
    clips : ClipTable, optional
        What is shown in place of the drawn corpus.

    Attributes
    ----------
    resumed : bool
        Whether there was one.
    seed : int
        That it was begun with.
    failure : RecordingError or None
        Why nothing more could be written, if so.

    Raises
    ------
    RecordingError
        If the folder cannot be made, what is in it cannot be read, another process is at it, or it was begun
        with other clips.
    """

    def __init__(self, folder: Path, seed: int, fresh: bool = False, clips: ClipTable | None = None) -> None:
        self.folder = folder
        self.failure: RecordingError | None = None
        self._recorder: Recorder | None = None
        self._streams = self._samples = 0
        self._lock = self._guard(self._take_lock)
        if fresh or not (folder / _SITTING_FILE).is_file():
            self._guard(self._forget)
        self.resumed = (folder / _SITTING_FILE).is_file()
        if self.resumed:
            self._begun = self._read()
            self._check_clips(clips)
        else:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._begun = Begun(_VERSION, seed, now, clips=clips)
            self._keep(self._begun)
        self.seed = self._begun.seed

    @property
    def clips(self) -> ClipTable | None:
        """What is shown in place of the drawn corpus, as it was when it was begun."""
        return self._begun.clips

    def _check_clips(self, clips: ClipTable | None) -> None:
        """Make sure that it goes on with what it was begun with; what is all watched needs no clips."""
        before = self._begun.clips
        if before == clips or (before and clips and before.fingerprint == clips.fingerprint):
            return
        if clips is None and self._begun.watched:
            return
        self._lock.close()
        was = "the drawn corpus" if before is None else f"the clips of folder '{before.folder}'"
        if before is None:
            what = "go on without --clips"
        elif clips is None:
            what = "name that folder with --clips"
        else:
            what = "name that folder as it was then"
        raise RecordingError(
            f"The calibration was begun with {was}, not with what is to be shown now; {what}, or begin anew "
            "with --fresh."
        )

    @property
    def contract(self) -> StreamContract | None:
        """The cap's, if one was ever connected."""
        return None if self._begun.cap is None else self._begun.cap.contract()

    def discard(self) -> None:
        """Delete it all, once a profile is saved.

        Raises
        ------
        RecordingError
            If that cannot be done.
        """
        self.close()
        self._guard(self._forget)
        self._lock.close()
        self._guard((self.folder / _LOCK_FILE).unlink)
        self._guard(self.folder.rmdir)

    def release(self) -> None:
        """Let go of it as it is, so that it can be gone on with."""
        self.close()
        self._lock.close()

    @property
    def watched(self) -> bool:
        """Whether watching was over: all clips, or no more that would help."""
        return self._begun.watched

    def end_watching(self, over: bool = True) -> None:
        """Note down that watching is over, or that it is not after all.

        Raises
        ------
        RecordingError
            If that cannot be done.
        """
        self._begun = msgspec.structs.replace(self._begun, watched=over)
        self._keep(self._begun)

    @property
    def consented(self) -> str:
        """When the wearer agreed (ISO 8601); empty if they were not asked."""
        return self._begun.consented

    def consent(self) -> None:
        """Note down that the wearer agrees, now.

        Raises
        ------
        RecordingError
            If that cannot be done.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._begun = msgspec.structs.replace(self._begun, consented=now)
        self._keep(self._begun)

    # ---- recording -----------------------------------------------------------------------------

    def start(self) -> None:
        """Begin a new part.

        Raises
        ------
        RecordingError
            If it cannot be made.
        """
        number = 1 + max((int(path.stem.rpartition("-")[2]) for path in self._paths()), default=0)
        path = self.folder / f"part-{number:03d}.xdf"
        self._recorder = self._guard(lambda: Recorder(path, on_failure=self._fail))
        self._guard(lambda: path.chmod(0o600))
        self._guard(lambda: sync_folder(self.folder))

    def connected(self, contract: StreamContract) -> None:
        """Begin the EEG of a stream that was connected, perhaps again.

        Raises
        ------
        ContractError
            If it is not the cap that the sitting was begun with.
        RecordingError
            If it cannot be noted down.
        """
        before = self.contract
        if before is None:
            self._begun = msgspec.structs.replace(self._begun, cap=Cap.of(contract))
            self._keep(self._begun)
        elif not contract.same_input(before):
            raise ContractError(
                f"The calibration was begun with stream '{before.name}' ({len(before.labels)} channels at "
                f"{before.rate_hz:g} Hz, {before.unit}), and '{contract.name}' is another cap; use the first "
                "one, or begin anew with --fresh."
            )
        if self._recorder is not None:
            self._recorder.add_eeg_stream(contract)
        self._streams += 1
        self._samples = 0

    def eeg(self, chunk: Chunk) -> None:
        """Record a chunk."""
        if self._recorder is not None and self._streams:
            self._recorder.eeg(chunk)
            self._samples += len(chunk.data)

    def marker(self, text: str, stamp: float) -> None:
        """Record a marker."""
        if self._recorder is not None:
            self._recorder.marker(text, stamp)

    def restarted(self, reason: str, lost: int, at: float) -> None:
        """Record that the signal path begins afresh with the next chunk."""
        if self._recorder is not None:
            note = Restart(reason, self._streams, self._samples, lost)
            self._recorder.event(msgspec.json.encode(note).decode(), at)

    def close(self) -> None:
        """End the part and wait until it is on the disk; a failure is left in `failure`."""
        if self._recorder is not None:
            recorder, self._recorder = self._recorder, None
            try:
                recorder.close()
            except RecordingError as error:
                self._fail(error)

    # ---- going on ------------------------------------------------------------------------------

    def parts(self, now: float) -> Iterator[Part]:
        """Read what earlier starts recorded, in order, on a clock that only goes forward.

        LSL's clock begins again when the machine does. So each part is moved back, if need be, to end
        before the next one begins, and the last to end before now.

        Parameters
        ----------
        now : float
            On LSL's clock.

        Raises
        ------
        RecordingError
            If a file cannot be read.
        """
        parts = [load_part(path) for path in self._paths()]
        limit = now
        moved: list[Part] = []
        for part in reversed(parts):
            first, last = part.span()
            late = min(0.0, limit - 1.0 - last) if part.stretches else 0.0
            moved.append(part.later(late))
            limit = first + late if part.stretches else limit
        yield from reversed(moved)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("part-*.xdf"))

    def _read(self) -> Begun:
        try:
            content = msgspec.json.decode((self.folder / _SITTING_FILE).read_bytes(), type=Begun)
            if content.version != _VERSION:
                raise ValueError(f"version {content.version}")
        except (OSError, ValueError, msgspec.DecodeError) as error:
            raise RecordingError(
                f"The calibration that was begun in {self.folder} cannot be gone on with ({error}); begin "
                "anew with --fresh."
            ) from error
        return content

    def _take_lock(self) -> IO[bytes]:
        """Make the folder and keep other processes out; the lock ends with this one, however it ends."""
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        lock = (self.folder / _LOCK_FILE).open("wb")
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                raise RecordingError(
                    f"Another calibration of this wearer is going on ({self.folder}); end that one first."
                ) from None
        return lock

    def _forget(self) -> None:
        # In this order a process that dies between leaves no sitting that lacks a part.
        (self.folder / _SITTING_FILE).unlink(missing_ok=True)
        sync_folder(self.folder)
        for path in self._paths():
            path.unlink()

    def _keep(self, begun: Begun) -> None:
        def write() -> None:
            write_whole(self.folder / _SITTING_FILE, msgspec.json.encode(begun))
            sync_folder(self.folder)

        self._guard(write)

    def _guard(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except OSError as error:
            raise RecordingError(
                f"The calibration cannot be kept in {self.folder} ({error.strerror}); make room there or set "
                "RTBCI_HOME to a folder of your own."
            ) from error

    def _fail(self, error: RecordingError) -> None:
        # The first one says what is wrong; what follows from it does not.
        if self.failure is None:
            cause = error.__cause__
            why = (cause.strerror if isinstance(cause, OSError) else None) or str(error)
            self.failure = RecordingError(
                f"The calibration can no longer be kept in {self.folder} ({why}); what was recorded until "
                "then is whole, so make room and begin again: it goes on from there."
            )
