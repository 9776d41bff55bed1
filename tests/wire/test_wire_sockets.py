import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

from rtbci.errors import WireError
from rtbci.wire import (
    Publisher,
    PublisherKeys,
    Received,
    Subscriber,
    ViewerKeys,
    make_keys,
    read_publisher_keys,
    read_viewer_keys,
)
from rtbci.wire.messages import EegChunk, Notice, Picture, StreamState
from tests.wire.wire_examples import eeg, every_message, picture

LOCAL = "tcp://127.0.0.1:0"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(LOCAL, "one") as made:
        yield made


def greet(publisher: Publisher, subscriber: Subscriber, within: float = 30.0) -> None:
    """Wait until a message comes through: a subscription takes a moment to reach the sender."""
    end = time.monotonic() + within
    heard: list[Received] = []
    while not heard and time.monotonic() < end:
        publisher.send(StreamState(phase="searching", sentence="hello"))
        heard = subscriber.poll(0.02)
    # What else was sent meanwhile comes too, however late; nothing of it may be taken for what follows.
    while heard and heard[-1].number < publisher.sent(StreamState) - 1 and time.monotonic() < end:
        heard += subscriber.poll(0.05)
    assert heard and heard[-1].number == publisher.sent(StreamState) - 1, "nothing came through"


def collect(subscriber: Subscriber, count: int, within: float = 30.0) -> list[Received]:
    got: list[Received] = []
    end = time.monotonic() + within
    while len(got) < count and time.monotonic() < end:
        got += subscriber.poll(0.05)
    return got


def test_every_message_crosses_a_real_socket(publisher: Publisher) -> None:
    with Subscriber(publisher.endpoint) as subscriber:
        greet(publisher, subscriber)
        for header, buffers in every_message():
            publisher.send(header, *buffers)
        got = collect(subscriber, len(every_message()))
    for received, (header, buffers) in zip(got, every_message(), strict=True):
        assert type(received.header) is type(header)
        assert received.missed == 0
        assert received.session == "one"
        for a, b in zip(received.buffers, buffers, strict=True):
            np.testing.assert_array_equal(a, b)


def test_published_is_the_publishers_time_and_the_other_times_stay() -> None:
    with (
        Publisher(LOCAL, "s", clock=lambda: 123.5) as publisher,
        Subscriber(publisher.endpoint) as subscriber,
    ):
        greet(publisher, subscriber)
        publisher.send(*_flat(picture()))
        (received,) = collect(subscriber, 1)
    assert isinstance(received.header, Picture)
    assert received.header.times.published == 123.5
    assert (received.header.times.newest, received.header.times.received) == (10.0, 10.1)


def test_published_is_on_the_clock_of_lsl(publisher: Publisher) -> None:
    from pylsl import local_clock

    with Subscriber(publisher.endpoint) as subscriber:
        greet(publisher, subscriber)
        before = local_clock()
        publisher.send(*_flat(picture()))
        after = local_clock()
        (received,) = collect(subscriber, 1)
    assert isinstance(received.header, Picture)
    assert before <= received.header.times.published <= after


def test_only_the_topics_asked_for(publisher: Publisher) -> None:
    with Subscriber(publisher.endpoint, [Notice, StreamState]) as subscriber:
        greet(publisher, subscriber)
        for header, buffers in every_message():
            publisher.send(header, *buffers)
        got = collect(subscriber, 2)
        assert {type(received.header) for received in got} == {Notice, StreamState}
        assert not subscriber.poll(0.1)


def test_ipc(tmp_path: Path) -> None:
    with Publisher(f"ipc://{tmp_path}/wire", "s") as publisher, Subscriber(publisher.endpoint) as subscriber:
        greet(publisher, subscriber)


def test_a_slow_receiver_knows_what_it_missed_and_stops_nobody(publisher: Publisher) -> None:
    sent = 600
    header, (pixels,) = picture(frames=8, side=64)
    with Subscriber(publisher.endpoint) as slow:
        greet(publisher, slow)
        # Nobody reads meanwhile: a sender that waited would never come to an end.
        for _ in range(sent):
            publisher.send(header, pixels)
        got: list[Received] = []
        while not got or got[-1].number < sent:
            got += slow.poll(0.1)
            publisher.send(header, pixels)
    numbers = [received.number for received in got]
    assert numbers == sorted(set(numbers))
    assert 0 < sum(received.missed for received in got) == slow.missed[Picture]
    assert got[-1].number - got[0].number + 1 == len(got) + slow.missed[Picture]


def test_a_late_receiver_has_missed_nothing(publisher: Publisher) -> None:
    for _ in range(50):
        publisher.send(*_flat(eeg()))
    with Subscriber(publisher.endpoint) as late:
        greet(publisher, late)
        publisher.send(*_flat(eeg()))
        (received,) = collect(late, 1)
    assert received.number == 50
    assert received.missed == 0


def test_a_restarted_sender_is_heard_again_and_counted_anew() -> None:
    first = Publisher(LOCAL, "first")
    with Subscriber(first.endpoint) as subscriber:
        greet(first, subscriber)
        for _ in range(20):
            first.send(*_flat(eeg()))
        assert len(collect(subscriber, 20)) == 20
        first.close()
        with Publisher(first.endpoint, "second") as second:
            greet(second, subscriber)
            for _ in range(30):
                second.send(*_flat(eeg()))
            got = collect(subscriber, 30)
        assert [r.session for r in got] == ["second"] * 30
        assert subscriber.missed[EegChunk] == 0


def test_many_threads_send_without_a_hole(publisher: Publisher) -> None:
    with Subscriber(publisher.endpoint) as subscriber:
        greet(publisher, subscriber)
        got: list[Received] = []
        # Less is on its way than the queues hold: losses are another test's subject.
        room = threading.Semaphore(64)

        def send(text: str) -> None:
            for i in range(100):
                assert room.acquire(timeout=30)
                publisher.send(Notice(level="info", sentence=f"{text} {i}", at=0.0))

        threads = [threading.Thread(target=send, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 30
        while len(got) < 400 and time.monotonic() < end:
            fresh = subscriber.poll(0.05)
            got += fresh
            if fresh:
                room.release(len(fresh))
        for thread in threads:
            thread.join()
    assert [received.number for received in got] == list(range(400))
    for name in "abcd":
        mine = [
            r.header.sentence for r in got if isinstance(r.header, Notice) and r.header.sentence[0] == name
        ]
        assert mine == [f"{name} {i}" for i in range(100)]
    assert publisher.sent(Notice) == 400


def test_sending_after_closing_is_harmless() -> None:
    publisher = Publisher(LOCAL, "s")
    publisher.close()
    publisher.close()
    publisher.send(Notice(level="info", sentence="late", at=0.0))
    assert publisher.sent(Notice) == 0


def test_garbage_on_the_socket_is_counted_and_the_rest_still_read() -> None:
    context = zmq.Context()
    raw = context.socket(zmq.PUB)
    port = raw.bind_to_random_port("tcp://127.0.0.1")
    with Subscriber(f"tcp://127.0.0.1:{port}") as subscriber:
        end = time.monotonic() + 30
        while not subscriber.refused and time.monotonic() < end:
            raw.send_multipart([b"picture", b"\xff\x00garbage", b"x"])
            raw.send_multipart([b"stream"])
            assert subscriber.poll(0.02) == []
        assert subscriber.refused
        assert "check what sends" in subscriber.refusal or "not rtbci" in subscriber.refusal
    raw.close(0)
    context.term()


@pytest.mark.parametrize(
    "endpoint", ["tcp://0.0.0.0:0", "tcp://*:0", "tcp://[::]:0", "tcp://192.168.1.20:5577"]
)
def test_leaving_the_machine_needs_keys(endpoint: str) -> None:
    with pytest.raises(WireError, match="needs keys"):
        Publisher(endpoint, "s")
    with pytest.raises(WireError, match="keys"):
        Subscriber(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "5577",
        "127.0.0.1:5577",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:x",
        "tcp://h:70000",
        "udp://h:1",
        "ipc://",
    ],
)
def test_addresses_that_are_none(endpoint: str) -> None:
    for make in (Publisher, Subscriber):
        with pytest.raises(WireError, match=r"^[^\n]+\.$"):
            make(endpoint)


def test_a_taken_port_is_named(publisher: Publisher) -> None:
    with pytest.raises(WireError, match="in use"):
        Publisher(publisher.endpoint, "s")


@pytest.fixture
def keys(tmp_path: Path) -> tuple[PublisherKeys, ViewerKeys]:
    make_keys(tmp_path / "keys")
    return read_publisher_keys(tmp_path / "keys"), read_viewer_keys(tmp_path / "keys")


def test_with_keys_everything_comes_through_on_an_open_address(
    keys: tuple[PublisherKeys, ViewerKeys],
) -> None:
    with Publisher("tcp://0.0.0.0:0", "s", keys[0]) as publisher:
        local = publisher.endpoint.replace("0.0.0.0", "127.0.0.1")
        with Subscriber(local, keys=keys[1]) as subscriber:
            greet(publisher, subscriber)
            publisher.send(*_flat(picture()))
            (received,) = collect(subscriber, 1)
    np.testing.assert_array_equal(received.buffers[0], picture()[1][0])


@pytest.mark.parametrize("who", ["stranger", "wrong publisher", "no keys"])
def test_without_the_right_keys_nothing_comes_through(
    keys: tuple[PublisherKeys, ViewerKeys], tmp_path: Path, who: str
) -> None:
    ours, viewer = keys
    strange, stranger = make_keys(tmp_path / "other")
    wrong: dict[str, Any] = {
        # Knows the publisher's public key, but is not among those admitted.
        "stranger": ViewerKeys(stranger.public, stranger.secret, ours.public),
        "wrong publisher": ViewerKeys(viewer.public, viewer.secret, strange.public),
        "no keys": None,
    }
    with (
        Publisher(LOCAL, "s", ours) as publisher,
        Subscriber(publisher.endpoint, keys=viewer) as friend,
        Subscriber(publisher.endpoint, keys=wrong[who]) as other,
    ):
        greet(publisher, friend)
        for _ in range(20):
            publisher.send(*_flat(picture()))
            assert other.poll(0.02) == []
        assert collect(friend, 20)


def test_key_files_are_the_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    made = make_keys(tmp_path)
    assert (read_publisher_keys(tmp_path), read_viewer_keys(tmp_path / "viewer.keys")) == made
    for name in ("publisher.keys", "viewer.keys"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    with pytest.raises(WireError, match="there already"):
        make_keys(tmp_path)
    assert made[0].secret not in repr(made[0])
    assert made[1].secret not in repr(made[1])


def test_key_files_that_cannot_be_trusted_are_refused(tmp_path: Path) -> None:
    make_keys(tmp_path)
    viewer = tmp_path / "viewer.keys"
    with pytest.raises(WireError, match="for the viewer"):
        read_publisher_keys(viewer)
    viewer.chmod(0o644)
    with pytest.raises(WireError, match="chmod 600"):
        read_viewer_keys(viewer)
    viewer.chmod(0o600)
    text = viewer.read_text()
    for damaged in ("", "{}", text.replace(text.split('"public": "')[1][:40], "~" * 40), text[:-20]):
        viewer.write_text(damaged)
        with pytest.raises(WireError, match="new keys"):
            read_viewer_keys(viewer)
    with pytest.raises(WireError, match="cannot be read"):
        read_viewer_keys(tmp_path / "nothing")


def _flat(message: Any) -> tuple[Any, ...]:
    header, buffers = message
    return (header, *buffers)
