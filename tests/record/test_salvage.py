import io
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.replay import read_recording
from rtbci.errors import RecordingError
from rtbci.record import read_xdf, whole_length
from rtbci.record.xdf import XdfStream, boundary, file_start


def recording():
    """A file, and where each of its chunks ends."""
    eeg = XdfStream(
        1, name="cap", kind="EEG", source_id="", labels=("a", "b"), rate_hz=100.0, sample_format="float32"
    )
    markers = XdfStream(2, name="m", kind="Markers", source_id="", labels=("m",))
    chunks = [file_start("now"), eeg.header(), markers.header()]
    for i in range(12):
        chunks.append(eeg.samples(np.full((3, 2), float(i)), np.arange(3.0) + 3 * i))
        chunks.append(markers.text(f"marker {i}", float(i)))
    chunks += [boundary(), eeg.footer(), markers.footer()]
    return b"".join(chunks), np.cumsum([len(chunk) for chunk in chunks])


CONTENT, ENDS = recording()


@given(st.integers(0, len(CONTENT)))
def test_wherever_it_is_cut_all_whole_chunks_are_read(tmp_path_factory, cut):
    whole = max((int(end) for end in ENDS if end <= cut), default=4 if cut >= 4 else 0)
    assert whole_length(io.BytesIO(CONTENT[:cut])) == whole
    path = tmp_path_factory.mktemp("cut") / "cut.xdf"
    path.write_bytes(CONTENT[:cut])
    if whole == 0:
        with pytest.raises(RecordingError, match="no XDF"):
            read_xdf(path)
        return
    streams, complete = read_xdf(path)
    assert complete == (whole == cut)
    kept = int(np.sum(whole >= ENDS))
    assert len(streams) == np.clip(kept - 1, 0, 2)
    if len(streams) == 2:
        blocks = np.clip((kept - 3 + 1) // 2, 0, 12)
        texts = np.clip((kept - 3) // 2, 0, 12)
        np.testing.assert_array_equal(streams[0]["time_series"][:, 0], np.repeat(np.arange(float(blocks)), 3))
        np.testing.assert_array_equal(streams[0]["time_stamps"], np.arange(3.0 * blocks))
        assert [row[0] for row in streams[1]["time_series"]] == [f"marker {i}" for i in range(texts)]


def test_what_a_recorder_left_out_is_not_warned_of(tmp_path, caplog):
    path = tmp_path / "no-clocks.xdf"
    path.write_bytes(CONTENT)
    logging.getLogger("pyxdf").setLevel(logging.NOTSET)
    read_xdf(path)
    read_recording(path)
    assert not [record for record in caplog.records if record.name.startswith("pyxdf")]


def test_recordings_of_other_programs_are_whole(shared_data):
    for path in sorted((shared_data / "recordings" / "xdf").glob("*.xdf")):
        with path.open("rb") as file:
            assert whole_length(file) == path.stat().st_size, path.name


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(RecordingError, match="cannot be read"):
        read_xdf(tmp_path / "nothing.xdf")
