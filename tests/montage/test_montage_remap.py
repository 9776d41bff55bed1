import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.errors import ContractError
from rtbci.montage import (
    CHANNELS,
    UnknownUnitError,
    judge_unit,
    parse_unit,
    plan_remap,
    positions,
    spherical_spline,
)

RNG = np.random.default_rng(7)


@pytest.mark.parametrize(
    ("unit", "texts"),
    [
        ("V", ["V", "v", "volt", "Volts", "VOLTS"]),
        ("mV", ["mV", "millivolt", "millivolts", "MilliVolts", "mv"]),
        (
            "uV",
            ["uV", "UV", "µV", "μV", "microvolts", "microvolt", "micro volts", "MicroVolts", "[uV]", "mcV"],
        ),
        ("nV", ["nV", "nanovolts", "nanovolt"]),
        (None, ["", "unknown", "n/a", "counts", "a.u.", "T", "kV", "uVolt2"]),
    ],
)
def test_units_in_all_their_spellings(unit: str | None, texts: list[str]) -> None:
    assert [parse_unit(text) for text in texts] == [unit] * len(texts)


@given(
    st.sampled_from([("V", 1e-6), ("mV", 1e-3), ("uV", 1.0), ("nV", 1e3)]),
    st.floats(1.0, 300.0),
    st.floats(-1e5, 1e5),
    st.integers(0, 20),
)
def test_the_unit_is_judged_from_amplitude(
    unit: tuple[str, float], amplitude: float, offset: float, dead: int
) -> None:
    name, factor = unit
    eeg = np.random.default_rng(0).normal(offset, amplitude, (500, 62))
    eeg[:, :dead] = offset
    found, scale = judge_unit(eeg * factor)
    assert found == name
    assert scale * factor == pytest.approx(1.0)


def test_a_flat_or_absent_signal_has_no_unit() -> None:
    with pytest.raises(ContractError, match="flat"):
        judge_unit(np.ones((500, 62)))
    with pytest.raises(ContractError, match="without samples"):
        judge_unit(np.empty((0, 62)))
    with pytest.raises(ContractError, match="flat"):
        judge_unit(np.full((100, 4), np.nan))


def test_the_montage_itself_is_only_scaled() -> None:
    plan = plan_remap(CHANNELS, ["V"] * 62)
    np.testing.assert_array_equal(plan.matrix, np.eye(62) * 1e6)
    assert plan.interpolated == plan.set_aside == ()
    assert plan.unit == "V"


@given(st.permutations(range(62)), st.integers(0, 5))
def test_order_and_extra_channels_do_not_matter(order: list[int], extras: int) -> None:
    others = ["EOG", "ECG", "TRIG", "M1", "AFz"][:extras]
    labels = [*others, *(CHANNELS[i].lower() for i in order)]
    plan = plan_remap(labels, [""] * extras + ["uV"] * 62)
    eeg = np.arange(62.0)
    np.testing.assert_array_equal(plan.matrix @ np.concatenate([np.full(extras, 1e9), eeg[list(order)]]), eeg)
    assert plan.set_aside == tuple(others)


def test_units_may_differ_between_channels() -> None:
    units = ["mV" if i % 2 else "nV" for i in range(62)]
    plan = plan_remap(CHANNELS, units)
    assert plan.unit == "mixed"
    np.testing.assert_array_equal(np.diag(plan.matrix), [1e3 if i % 2 else 1e-3 for i in range(62)])


def test_a_given_unit_overrides_what_the_device_says() -> None:
    assert plan_remap(CHANNELS, ["V"] * 62, given_unit="microvolts").matrix[0, 0] == 1.0
    with pytest.raises(UnknownUnitError, match="'furlong'"):
        plan_remap(CHANNELS, ["V"] * 62, given_unit="furlong")


def test_missing_channels_come_from_the_others_whatever_the_units() -> None:
    there = [name for name in CHANNELS if name not in ("C3", "O1")]
    units = ["mV" if i % 2 else "uV" for i in range(len(there))]
    scale = np.array([1e3 if unit == "mV" else 1.0 for unit in units])
    plan = plan_remap(there, units)
    assert plan.interpolated == ("C3", "O1")
    uv = RNG.normal(size=len(there))
    expected = spherical_spline(positions(there), positions(["C3", "O1"])) @ uv
    out = plan.matrix @ (uv / scale)
    np.testing.assert_allclose(out[[CHANNELS.index("C3"), CHANNELS.index("O1")]], expected)


def test_the_64_channel_cap_of_eegmmidb_maps_with_four_interpolated(shared_data) -> None:
    raw = mne.io.read_raw_edf(shared_data / "recordings/eegmmidb/S001R01.edf", verbose="error")
    plan = plan_remap(raw.ch_names, ["uV"] * 64)
    assert plan.interpolated == ("PO5", "PO6", "CB1", "CB2")
    assert plan.set_aside == ("Af7.", "Afz.", "Af8.", "T9..", "T10.", "Iz..")
    assert raw.ch_names[plan.matched["FC5"]] == "Fc5."
    np.testing.assert_allclose(plan.matrix.sum(axis=1), 1.0, atol=1e-8)


def test_aliases_name_what_only_this_device_calls_so() -> None:
    labels = ["Brain-1", *CHANNELS[1:]]
    assert plan_remap(labels, ["uV"] * 62, aliases={"Brain-1": "Fp1"}).matched["FP1"] == 0
    assert plan_remap(labels, ["uV"] * 62).interpolated == ("FP1",)


def test_nameless_channels_are_set_aside() -> None:
    plan = plan_remap(["", *CHANNELS, " "], ["uV"] * 64)
    assert plan.set_aside == ("unnamed channel 1", "unnamed channel 64")


def sentence(error: pytest.ExceptionInfo[ContractError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_a_32_channel_cap_is_refused_with_what_is_missing_and_what_to_do() -> None:
    front = "Fp1 Fp2 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8"
    back = "TP9 CP5 CP1 CP2 CP6 TP10 P7 P3 Pz P4 P8 PO9 O1 Oz O2 PO10"
    labels = [*front.split(), *back.split()]
    assert len(labels) == 32
    with pytest.raises(ContractError) as error:
        plan_remap(labels, ["uV"] * 32)
    text = sentence(error)
    assert "lacks 34" in text
    assert "at most 16" in text
    assert "use a cap with more electrodes" in text


def test_as_many_as_allowed_may_be_missing_and_no_more() -> None:
    assert len(plan_remap(CHANNELS[16:], ["uV"] * 46).interpolated) == 16
    with pytest.raises(ContractError, match="lacks 17"):
        plan_remap(CHANNELS[17:], ["uV"] * 45)


@pytest.mark.parametrize("twin", ["CZ", "Cz.", "EEG Cz-REF", "cz"])
def test_two_channels_of_one_name_are_refused(twin: str) -> None:
    with pytest.raises(ContractError) as error:
        plan_remap([*CHANNELS, twin], ["uV"] * 63)
    assert "electrode CZ" in sentence(error)


def test_old_and_new_name_of_one_place_are_two_channels_of_one_name() -> None:
    with pytest.raises(ContractError, match="T7"):
        plan_remap([*CHANNELS, "T3"], ["uV"] * 63)


def test_labels_and_units_must_be_there() -> None:
    with pytest.raises(ContractError, match="names none"):
        plan_remap([""] * 62, ["uV"] * 62)
    with pytest.raises(ContractError, match="names none"):
        plan_remap([], [])
    with pytest.raises(ContractError, match="62 labels but 3 units"):
        plan_remap(CHANNELS, ["uV"] * 3)


def test_an_unknown_unit_of_an_eeg_channel_is_refused_but_not_of_a_trigger() -> None:
    with pytest.raises(UnknownUnitError, match="'FPZ'"):
        plan_remap(CHANNELS, ["uV", "counts", *["uV"] * 60])
    assert plan_remap([*CHANNELS, "TRIG"], [*["uV"] * 62, "integer"]).set_aside == ("TRIG",)
