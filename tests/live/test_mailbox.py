import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from rtbci.live.mailbox import Mailbox


@given(st.lists(st.one_of(st.integers(1, 100), st.none())))
def test_newest_wins_and_every_item_is_taken_or_counted(script):
    """Numbers are put, None means that the reader takes."""
    box: Mailbox[int] = Mailbox()
    put = taken = 0
    newest = None
    for step in script:
        if step is None:
            item = box.get(timeout=0)
            assert item == newest
            taken += item is not None
            newest = None
        else:
            box.put(step)
            newest = step
            put += 1
    assert put == taken + box.superseded + (newest is not None)


def test_reader_waits_and_is_woken_by_close():
    box: Mailbox[int] = Mailbox()
    got = []
    reader = threading.Thread(target=lambda: got.append(box.get()))
    reader.start()
    time.sleep(0.05)
    assert not got
    box.close()
    reader.join(30)
    assert got == [None]
    assert box.closed


def test_writer_is_never_held_up_by_a_slow_reader():
    box: Mailbox[int] = Mailbox()
    for i in range(10_000):
        box.put(i)
    assert box.superseded == 9_999
    assert box.get() == 9_999
