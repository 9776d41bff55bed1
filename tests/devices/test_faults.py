"""The faulty sender sends what it says and dies as it is told."""

import os
import time

import numpy as np
import pylsl
import pytest

from devices.faults import FaultySender, waveform

LABELS = ("Cz", "Pz", "Oz")


def test_the_waveform_is_one_whatever_the_cut():
    whole = waveform(0, 500, 3)
    assert np.array_equal(whole[123:345], waveform(123, 222, 3))
    assert 10.0 < whole.std() < 30.0


def test_it_announces_what_it_was_given_and_is_gone_when_killed(source_id):
    with FaultySender(LABELS, source_id, name="three", rate=100.0, unit="volts") as sender:
        (info,) = pylsl.resolve_byprop("source_id", source_id, timeout=30.0)
        inlet = pylsl.StreamInlet(info, recover=False)
        full = inlet.info(30.0)
        assert full.get_channel_labels() == list(LABELS) and full.get_channel_units() == ["volts"] * 3
        assert (full.name(), full.nominal_srate(), full.channel_format()) == (
            "three",
            100.0,
            pylsl.cf_float32,
        )
        inlet.open_stream(30.0)
        sender.kill()
        # What came before it was killed is still there to be had.
        deadline = time.monotonic() + 30.0
        with pytest.raises(RuntimeError, match="lost"):
            while time.monotonic() < deadline:
                inlet.pull_sample(timeout=0.1)
        sender.restart(labels=("Fz",))
        (again,) = pylsl.resolve_byprop("source_id", source_id, timeout=30.0)
        assert again.channel_count() == 1 and again.uid() != info.uid()
        child = sender._process.pid
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
    pytest.fail("the child outlived its sender")
