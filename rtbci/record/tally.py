"""Recording without decoding: a stream and its markers into a recorder, with a count of what befell them."""

import threading
from typing import Any

from rtbci.errors import ContractError, RecordingError, RtbciError, StreamError
from rtbci.record.recorder import Recorder
from rtbci.stream import (
    Chunk,
    Connected,
    EegStream,
    Failed,
    Gap,
    Lost,
    MarkerStream,
    Refused,
    Resumed,
    Stalled,
    StreamEvent,
    StreamQuery,
    StreamSettings,
)


class RecordingSession:
    """Records one EEG stream and the marker stream that belongs to it.

    Parameters
    ----------
    query : StreamQuery
        The EEG stream.
    settings : StreamSettings
        What the operator knows of it.
    recorder : Recorder
        Where everything goes; closed by `stop`.

    Attributes
    ----------
    sentence : str
        What goes on, for the operator.
    failed : threading.Event
        Set once there is no point in going on: writing failed, or what was found first does not fit.
    """

    def __init__(self, query: StreamQuery, settings: StreamSettings, recorder: Recorder) -> None:
        self._recorder = recorder
        self._stream = EegStream(query, settings=settings, on_item=self._on_item)
        self._markers: MarkerStream | None = None
        self._samples = self._lost = self._gaps = self._marker_count = 0
        self._name = ""
        self._connections = self._losses = 0
        self._refusals: list[str] = []
        self._failure: RtbciError | None = None
        self.failed = threading.Event()
        self.sentence = "Looking for the EEG stream."

    def start(self) -> None:
        """Begin."""
        self._stream.start()

    def stop(self) -> dict[str, Any]:
        """End, and return what was recorded."""
        self._stream.stop()
        if self._markers is not None:
            self._markers.stop()
        try:
            self._recorder.close()
        except RecordingError as error:
            self._failure = self._failure or error
        return {
            "file": str(self._recorder.path),
            "name": self._name,
            "samples": self._samples,
            "lost_samples": self._lost,
            "gaps": self._gaps,
            "markers": self._marker_count,
            "connections": self._connections,
            "losses": self._losses,
            "refusals": self._refusals,
        }

    def raise_failure(self) -> None:
        """Raise what ended the recording, if anything did."""
        if self._failure is not None:
            raise self._failure

    def _on_item(self, item: Chunk | StreamEvent) -> None:
        match item:
            case Chunk():
                self._recorder.eeg(item)
                self._samples += len(item.data)
                self.sentence = f"Recording '{self._name}': {self._samples} samples, {self._lost} lost."
            case Connected(contract=contract):
                self._name = contract.name
                self._connections += 1
                self._recorder.add_eeg_stream(contract)
                if self._markers is None:
                    query = StreamQuery(type="Markers", source_id=f"{contract.source_id}-markers")
                    self._markers = MarkerStream(query, on_marker=self._on_marker)
                    self._markers.start()
            case Gap(at=at, lost=lost):
                self._lost += lost
                self._gaps += 1
                self._recorder.event(f"{lost} samples were lost.", at)
            case Stalled(at=at):
                self._tell("The stream is silent.", at)
            case Resumed(at=at):
                self._tell("Samples are coming again.", at)
            case Lost(at=at, reason=reason):
                self._losses += 1
                self._tell(f"The stream was lost ({reason}).", at)
            case Refused(at=at, reason=reason):
                self._refusals.append(reason)
                self._tell(reason, at)
                if self._connections == 0:
                    # As in a live session: better to end with the reason than to wait for another cap.
                    self._failure = self._failure or ContractError(reason)
                    self.failed.set()
            case Failed(at=at, reason=reason):
                self._failure = self._failure or StreamError(reason)
                self.failed.set()
                self._tell(reason, at)

    def _tell(self, sentence: str, at: float) -> None:
        self.sentence = sentence
        self._recorder.event(sentence, at)

    def _on_marker(self, text: str, stamp: float) -> None:
        self._marker_count += 1
        self._recorder.marker(text, stamp)
