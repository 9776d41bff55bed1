import pickle
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.errors import WireError
from rtbci.wire.codec import pack, unpack
from rtbci.wire.messages import TOPICS, WIRE_VERSION, EegChunk, Header
from tests.wire.wire_examples import Message, eeg, every_message, evidence, picture


@pytest.mark.parametrize("message", every_message(), ids=lambda m: type(m[0]).__name__)
def test_every_message_comes_back_as_it_went(message: Message) -> None:
    header, buffers = message
    envelope, back = unpack([bytes(frame) for frame in pack(header, buffers, "s", 7)])
    assert envelope.header == header
    assert (envelope.session, envelope.number, envelope.version) == ("s", 7, WIRE_VERSION)
    for sent, received in zip(buffers, back, strict=True):
        assert received.dtype == sent.dtype
        np.testing.assert_array_equal(received, sent)
        assert not received.flags.writeable


def test_every_header_has_an_example() -> None:
    assert {type(header) for header, _ in every_message()} == set(TOPICS)


def test_buffers_are_views_of_what_came_in() -> None:
    header, (pixels,) = picture(frames=4)
    frames = [bytes(frame) for frame in pack(header, (pixels,), "s", 0)]
    _, (back,) = unpack(frames)
    assert np.shares_memory(back, np.frombuffer(frames[2], np.uint8))


def test_packing_does_not_copy_what_is_contiguous() -> None:
    header, (pixels,) = picture()
    assert np.shares_memory(np.frombuffer(pack(header, (pixels,), "s", 0)[2], np.uint8), pixels)


def test_other_layouts_and_element_types_are_converted() -> None:
    header, _ = eeg(samples=3)
    data = np.asfortranarray(np.arange(3 * 62, dtype=np.float64).reshape(3, 62))
    _, (back,) = unpack(pack(header, (data,), "s", 0))
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, data)


@pytest.mark.parametrize("buffers", [(), (np.zeros((9, 62)),), (np.zeros((10, 62)),) * 2, (np.zeros(620),)])
def test_sender_is_told_of_buffers_that_do_not_fit(buffers: tuple[Any, ...]) -> None:
    with pytest.raises(WireError, match="EegChunk"):
        pack(eeg(samples=10)[0], buffers, "s", 0)


def test_another_version_is_named_even_if_its_header_makes_no_sense_here() -> None:
    raw = msgspec.msgpack.encode({"version": WIRE_VERSION + 1, "header": {"type": "hologram"}})
    with pytest.raises(WireError, match=f"wire version {WIRE_VERSION + 1}.*same rtbci on both sides"):
        unpack([b"picture", raw])


def test_unknown_topic_is_refused() -> None:
    _, raw = pack(*every_message()[0], "s", 0)
    with pytest.raises(WireError, match="unknown topic"):
        unpack([b"streams", raw])


def test_topic_and_header_must_agree() -> None:
    _, raw = pack(*every_message()[0], "s", 0)
    with pytest.raises(WireError, match="holds a StreamState"):
        unpack([b"notice", raw])


@pytest.mark.parametrize("message", [picture(), eeg(), evidence()], ids=lambda m: type(m[0]).__name__)
@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"\0", lambda b: b""])
def test_a_buffer_of_another_length_is_refused(message: Message, change: Any) -> None:
    frames = [bytes(frame) for frame in pack(*message, "s", 0)]
    with pytest.raises(WireError, match="faulty"):
        unpack([*frames[:-1], change(frames[-1])])


@pytest.mark.parametrize("shape", [(-1, -16, 16, 3), (1, 16, 16), (2**62, 2**62, 0, 3), (16, 16, 1, 3)])
def test_shapes_that_lie_are_refused(shape: tuple[int, ...]) -> None:
    topic, raw, pixels = pack(*picture(), "s", 0)
    envelope = msgspec.msgpack.decode(raw)
    envelope["shapes"] = [shape]
    with pytest.raises(WireError):
        unpack([topic, msgspec.msgpack.encode(envelope), pixels])


def test_negative_sizes_in_the_header_are_refused() -> None:
    header = EegChunk(first=0.0, rate_hz=200.0, samples=-1, channels=-62)
    with pytest.raises(WireError):
        pack(header, (np.zeros((1, 62), np.float32),), "s", 0)


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (_explode, ())


def _explode() -> None:
    raise AssertionError("a pickle was opened")


def test_a_pickle_is_refused_unopened() -> None:
    bomb = pickle.dumps(_Bomb())
    topic, raw, *_ = pack(*picture(), "s", 0)
    for frames in ([topic, bomb], [bomb, bomb], [topic, raw, bomb]):
        with pytest.raises(WireError):
            unpack(frames)


_topics = st.sampled_from([*TOPICS.values(), b"nonsense", b""])


@given(topic=_topics, rest=st.lists(st.binary(max_size=200), max_size=4))
def test_hostile_bytes_give_a_wire_error_and_nothing_else(topic: bytes, rest: list[bytes]) -> None:
    with pytest.raises(WireError):
        unpack([topic, *rest])


@given(
    message=st.sampled_from(every_message()),
    where=st.floats(0, 1, exclude_max=True),
    byte=st.integers(0, 255),
    cut=st.booleans(),
)
def test_a_damaged_header_is_read_or_refused(message: Message, where: float, byte: int, cut: bool) -> None:
    topic, raw, *buffers = (bytes(frame) for frame in pack(*message, "s", 0))
    at = int(where * len(raw))
    damaged = raw[:at] if cut else raw[:at] + bytes([byte]) + raw[at + 1 :]
    header: Header
    try:
        header = unpack([topic, damaged, *buffers])[0].header
    except WireError:
        return
    assert TOPICS[type(header)] == topic


@given(depth=st.integers(1, 100_000))
def test_deeply_nested_headers_are_refused(depth: int) -> None:
    nested = b"\x91" * depth + b"\x00"
    raw = b"\x82" + msgspec.msgpack.encode("version") + b"\x01" + msgspec.msgpack.encode("x") + nested
    with pytest.raises(WireError):
        unpack([b"stream", raw])
