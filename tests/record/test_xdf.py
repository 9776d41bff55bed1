import io

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st

from rtbci.errors import RecordingError
from rtbci.record.xdf import XdfStream, boundary, file_start


def load(content: bytes):
    return pyxdf.load_xdf(io.BytesIO(content), dejitter_timestamps=False)


def eeg(number=1, sample_format="float32", labels=("Fp1", "Cz", "TRIG")):
    return XdfStream(
        number,
        name="cap",
        kind="EEG",
        source_id="s1",
        labels=labels,
        units=("uV",) * len(labels),
        rate_hz=200.0,
        sample_format=sample_format,
        host="lab",
        types=("EEG", "", "TRIG"),
        notes={"delay_removed_s": "0.05"},
    )


@given(
    st.sampled_from(["float32", "double64", "int8", "int16", "int32"]),
    st.lists(st.integers(0, 20), max_size=8),
    st.integers(0, 2**32 - 1),
)
def test_numbers_and_stamps_come_back_bit_for_bit(sample_format, sizes, seed):
    rng = np.random.default_rng(seed)
    stream = eeg(sample_format=sample_format)
    content = file_start("now") + stream.header()
    values, stamps = [np.zeros((0, 3))], [np.zeros(0)]
    for size in sizes:
        block = rng.integers(-128, 128, (size, 3)).astype(np.float64)
        if sample_format == "double64":
            block = rng.standard_normal((size, 3)) * 1e-7
        if sample_format == "float32":
            block = rng.standard_normal((size, 3)).astype(np.float32).astype(np.float64)
        times = rng.uniform(0, 1e6, size)
        content += stream.samples(block, times) + boundary()
        values.append(block)
        stamps.append(times)
    streams, header = load(content + stream.footer())
    assert header["info"]["version"] == ["1.0"]
    np.testing.assert_array_equal(streams[0]["time_series"], np.concatenate(values))
    np.testing.assert_array_equal(streams[0]["time_stamps"], np.concatenate(stamps))
    assert streams[0]["footer"]["info"]["sample_count"] == [str(sum(sizes))]


def test_what_no_number_is_comes_back_too():
    stream = eeg()
    block = np.array([[np.nan, np.inf, -np.inf]])
    streams, _ = load(file_start("now") + stream.header() + stream.samples(block, np.array([1.0])))
    np.testing.assert_array_equal(streams[0]["time_series"], block)


@given(st.lists(st.text(max_size=400), max_size=6))
def test_text_comes_back(texts):
    stream = XdfStream(7, name="markers", kind="Markers", source_id="", labels=("marker",))
    content = file_start("now") + stream.header()
    content += b"".join(stream.text(text, 0.5 * i) for i, text in enumerate(texts))
    streams, _ = load(content + stream.footer())
    assert [row[0] for row in streams[0]["time_series"]] == texts
    np.testing.assert_array_equal(streams[0]["time_stamps"], 0.5 * np.arange(len(texts)))


def test_a_long_text_and_a_large_chunk():
    stream, markers = eeg(), XdfStream(2, name="m", kind="Markers", source_id="", labels=("m",))
    block = np.arange(30_000, dtype=np.float64).reshape(-1, 3)
    content = file_start("now") + stream.header() + markers.header()
    content += stream.samples(block, np.arange(10_000.0)) + markers.text("ä" * 70_000, 3.0)
    streams, _ = load(content)
    np.testing.assert_array_equal(streams[0]["time_series"], block)
    assert streams[1]["time_series"][0] == ["ä" * 70_000]


@given(st.text(max_size=30))
def test_any_label_makes_a_readable_header(label):
    stream = eeg(labels=(label, "Cz", "C3"))
    streams, _ = load(file_start("now") + stream.header())
    assert len(streams[0]["info"]["desc"][0]["channels"][0]["channel"]) == 3


def test_the_header_says_what_the_device_said():
    streams, _ = load(file_start("now") + eeg().header())
    info = streams[0]["info"]
    assert (info["name"], info["type"], info["source_id"], info["hostname"]) == (
        ["cap"],
        ["EEG"],
        ["s1"],
        ["lab"],
    )
    assert float(info["nominal_srate"][0]) == 200.0
    channels = info["desc"][0]["channels"][0]["channel"]
    assert [c["label"][0] for c in channels] == ["Fp1", "Cz", "TRIG"]
    assert [c["unit"][0] for c in channels] == ["uV"] * 3
    assert [c["type"][0] for c in channels] == ["EEG", "EEG", "TRIG"]
    assert info["desc"][0]["delay_removed_s"] == ["0.05"]


@pytest.mark.parametrize(
    ("sample_format", "value"), [("float32", 0.1), ("int16", 40_000.0), ("int16", 0.5), ("int32", np.nan)]
)
def test_what_would_be_changed_is_refused(sample_format, value):
    with pytest.raises(RecordingError, match="do not fit"):
        eeg(sample_format=sample_format).samples(np.full((1, 3), value), np.zeros(1))


def test_another_number_of_channels_is_refused():
    with pytest.raises(RecordingError, match="begin a new stream"):
        eeg().samples(np.zeros((2, 4)), np.zeros(2))
    with pytest.raises(RecordingError, match="begin a new stream"):
        eeg().samples(np.zeros((2, 3)), np.zeros(3))
