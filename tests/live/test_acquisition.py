"""What the inlet's thread makes of what befalls a stream, without a stream."""

from types import SimpleNamespace

import pytest

from rtbci.live.acquisition import Acquisition
from rtbci.live.latency import LatencyBook
from rtbci.live.mailbox import Mailbox
from rtbci.montage import CHANNELS, plan_remap
from rtbci.signal import RepairChange
from rtbci.stream import Connected, Lost, Refused, Searching, StreamContract
from rtbci.wire.messages import StreamState

CONTRACT = StreamContract(
    name="cap",
    source_id="cap-1",
    host="here",
    uid="1",
    labels=CHANNELS,
    units=("uV",) * len(CHANNELS),
    types=("EEG",) * len(CHANNELS),
    rate_hz=200.0,
    format="float32",
    remap=plan_remap(CHANNELS, ("uV",) * len(CHANNELS)),
)


class Kept:
    """A publisher that keeps what it is given."""

    def __init__(self):
        self.headers = []

    def send(self, header, *buffers):
        self.headers.append(header)

    def states(self):
        return [header for header in self.headers if isinstance(header, StreamState)]


@pytest.fixture
def acquisition(tiny_bundle):
    made = Acquisition(tiny_bundle, Kept(), Mailbox(), LatencyBook())
    return SimpleNamespace(take=made.on_item, acquisition=made, states=made._publisher.states)


def test_what_was_repaired_before_a_loss_is_not_said_of_the_new_connection(acquisition):
    acquisition.take(Connected(CONTRACT))
    acquisition.acquisition._on_repair(RepairChange(1.0, {"O1": "flat"}, ("O1",), ()))
    acquisition.take(Lost(2.0, "gone"))
    acquisition.take(Searching(2.0))
    acquisition.take(Connected(CONTRACT))
    assert acquisition.states()[-1].repaired == ()
    # The report still tells of it.
    assert acquisition.acquisition.repaired_ever == {"O1"}


def test_the_reason_of_a_loss_stays_on_show_while_it_is_searched(acquisition):
    acquisition.take(Searching(0.0))
    assert acquisition.states()[-1].phase == "searching"
    acquisition.take(Connected(CONTRACT))
    acquisition.take(Lost(2.0, "the sender closed the connection"))
    acquisition.take(Searching(2.0))
    acquisition.acquisition.send_state()
    last = acquisition.states()[-1]
    assert last.phase == "lost"
    assert "the sender closed the connection" in last.sentence
    acquisition.take(Refused(3.0, "a cap of 12 channels is too small"))
    acquisition.take(Searching(3.0))
    assert acquisition.states()[-1].phase == "refused"
    acquisition.take(Connected(CONTRACT))
    assert acquisition.states()[-1].phase == "streaming"
