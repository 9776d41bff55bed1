"""The contract check on descriptions, without a network."""

import numpy as np
import pylsl
import pytest

from devices.faults import waveform
from rtbci.errors import ContractError
from rtbci.montage import CHANNELS
from rtbci.stream import StreamSettings
from rtbci.stream.contract import check, describe, settle

LABELS = (*CHANNELS, "M1", "M2")


def stream(labels=LABELS, unit="uV", rate=200.0, kind="float32", channels=None, types=None, described=True):
    info = pylsl.StreamInfo("cap", "EEG", channels or len(labels), rate, kind, "id")
    if described:
        parent = info.desc().append_child("channels")
        units = (unit,) * len(labels) if unit is None or isinstance(unit, str) else unit
        for label, one, type_ in zip(labels, units, types or ("EEG",) * len(labels), strict=True):
            channel = parent.append_child("channel")
            channel.append_child_value("label", label)
            channel.append_child_value("type", type_)
            if one is not None:
                channel.append_child_value("unit", one)
    return info


def accept(info, operator=None, gain=1.0):
    """The contract, as made of a second of 10 Hz waves times `gain`."""
    operator = operator or StreamSettings()
    description = check(describe(info), operator)
    return settle(description, operator, gain * waveform(0, 200, info.channel_count()))


def test_the_full_description_is_read():
    description = describe(stream(unit="microvolts"))
    assert description.labels == LABELS and set(description.units) == {"microvolts"}
    assert set(description.types) == {"EEG"} and description.found.rate_hz == 200.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"labels": LABELS[:32]}, "lacks 30"),
        ({"unit": "furlongs"}, "furlongs.*V, mV, uV"),
        ({"rate": 0.0}, "irregular rate"),
        ({"rate": 50.0}, "at least 100 Hz"),
        ({"described": False}, "names none of its 64 channels"),
        ({"labels": ("",) * 64}, "names none of its 64 channels"),
        ({"labels": (*LABELS[:-1], "Fp1")}, "electrode FP1"),
        ({"channels": 66}, "66 channels but describes 64"),
        ({"kind": "string"}, "no numbers"),
    ],
)
def test_what_cannot_fit_is_refused(options, words):
    with pytest.raises(ContractError, match=words) as caught:
        check(describe(stream(**options)), StreamSettings())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("stated", "gain", "unit", "notices"),
    [
        ("microvolts", 1.0, "uV", 0),
        ("mV", 1e-3, "mV", 0),
        ("Volts", 1e-6, "V", 0),
        (None, 1.0, "uV", 1),
        ("", 1e-6, "V", 1),
        ("unknown", 1e-3, "mV", 1),
        ("V", 1.0, "uV", 1),
        ("uV", 1e-6, "V", 1),
        ("mV", 1.0, "mV", 1),
        ("uV", 1000.0, "uV", 1),
    ],
    ids=str,
)
def test_a_stated_unit_stands_unless_it_is_impossible(stated, gain, unit, notices):
    contract = accept(stream(unit=stated, kind="double64"), gain=gain)
    assert contract.unit == unit and len(contract.notices) == notices
    assert contract.remap.matrix[0, 0] == {"uV": 1.0, "mV": 1e3, "V": 1e6}[unit]


def test_the_operators_unit_stands_whatever_the_amplitude():
    contract = accept(stream(unit="volts"), StreamSettings(unit="mV"))
    assert contract.unit == "mV" and contract.notices == ()


def test_the_caps_unit_and_labels_fill_in_only_what_is_unsaid():
    cap = StreamSettings(labels=LABELS, cap_unit="mV")
    assert accept(stream(described=False), cap, 1e-3).labels == LABELS
    assert accept(stream(unit=None), cap, 1e-3).unit == "mV"
    assert accept(stream(unit="uV"), cap).unit == "uV"
    with pytest.raises(ContractError, match="given cap has 64"):
        accept(stream(described=False, channels=62), cap)


def test_a_flat_beginning_without_a_unit_is_refused():
    with pytest.raises(ContractError, match="flat"):
        accept(stream(unit=None), gain=0.0)
    assert accept(stream(unit="uV"), gain=0.0).unit == "uV"


def test_units_of_other_channels_do_not_matter():
    labels = (*LABELS, "TRIGGER", "Battery")
    contract = accept(stream(labels, unit=("uV",) * 64 + ("none", "percent")))
    assert contract.unit == "uV" and contract.remap.set_aside[-2:] == ("TRIGGER", "Battery")


def test_an_electrode_declared_to_be_eog_is_not_taken_for_eeg():
    types = tuple("EOG" if label == "FP1" else "EEG" for label in LABELS)
    contract = accept(stream(types=types))
    assert contract.remap.interpolated == ("FP1",)
    assert any("FP1" in label for label in contract.remap.set_aside)
    everything = accept(stream(types=("misc",) * 64))
    assert everything.remap.interpolated == ()


def test_the_same_input_is_recognised():
    one, same = accept(stream()), accept(stream())
    assert one.same_input(same) and one.n_channels == 64
    assert not one.same_input(accept(stream(rate=250.0)))
    assert not one.same_input(accept(stream(unit="mV"), gain=1e-3))
    assert not one.same_input(accept(stream(labels=tuple(reversed(LABELS)))))


def test_strange_amplitudes_are_said():
    contract = accept(stream(), gain=1000.0)
    assert "far above that of EEG" in contract.notices[0]
    assert np.isfinite(contract.remap.matrix).all()
