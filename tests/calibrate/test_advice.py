import pytest

from rtbci.calibrate import readiness
from rtbci.montage import CHANNELS
from rtbci.signal import Verdict


def verdict(cap="", **faults):
    words = tuple(faults.get(name, "good") for name in CHANNELS)
    return Verdict(1000, words, tuple(float(word == "good") for word in words), cap)


def test_nothing_is_said_before_the_first_second():
    assert readiness(None).state == "wait"


def test_a_good_cap_needs_no_advice():
    found = readiness(verdict())
    assert (found.state, found.advice) == ("good", ())
    assert "All 62" in found.sentence


def test_each_poor_electrode_gets_its_remedy_the_worst_first():
    found = readiness(verdict(T7="railed", FP2="noisy", P3="flat", CB1="missing"), ("CB1",))
    assert found.state == "usable"
    assert [one.channel for one in found.advice] == ["P3", "T7", "FP2"]
    assert str(found.advice[1]) == "T7: no contact; wet it and press"
    assert "58 of 61" in found.sentence


@pytest.mark.parametrize(("bad", "state"), [(16, "usable"), (17, "bad")])
def test_what_no_window_survives_is_said(bad, state):
    found = readiness(verdict(**dict.fromkeys(CHANNELS[:bad], "noisy")))
    assert found.state == state
    assert ("ground and reference" in found.sentence) == (state == "bad")


@pytest.mark.parametrize("cap", ["quiet", "loud", "unlike EEG"])
def test_a_cap_that_is_off_as_a_whole_is_bad_whatever_its_electrodes_say(cap):
    assert readiness(verdict(cap)).state == "bad"
