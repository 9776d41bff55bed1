import mne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mne.channels.interpolation import _make_interpolation_matrix

from rtbci.montage import CHANNELS, leave_one_out, plan_remap, positions, spherical_spline
from tests.montage.make_positions import fitted_origin, spell, template

XYZ = positions(CHANNELS)


@given(st.sets(st.integers(0, 61), min_size=1, max_size=20))
def test_weights_equal_mnes(bad: set[int]) -> None:
    rows = sorted(bad)
    good = [i for i in range(62) if i not in bad]
    ours = spherical_spline(XYZ[good], XYZ[rows])
    np.testing.assert_allclose(ours, _make_interpolation_matrix(XYZ[good], XYZ[rows]), atol=1e-10)
    np.testing.assert_allclose(ours.sum(axis=1), 1.0, atol=1e-8)


def test_only_directions_count() -> None:
    lengths = np.linspace(0.5, 2, 50)[:, None]
    np.testing.assert_allclose(
        spherical_spline(XYZ[:50] * lengths, XYZ[50:] * 3), spherical_spline(XYZ[:50], XYZ[50:]), atol=1e-9
    )


def test_leave_one_out_is_what_leaving_each_out_gives() -> None:
    xyz = XYZ[::2]
    weights = leave_one_out(xyz)
    for i in range(len(xyz)):
        rest = [j for j in range(len(xyz)) if j != i]
        np.testing.assert_allclose(weights[i, rest], spherical_spline(xyz[rest], xyz[[i]])[0], atol=1e-9)
        assert weights[i, i] == 0


@pytest.fixture(scope="module")
def raw_eeg(shared_data) -> mne.io.BaseRaw:
    """Real EEG of the 58 montage channels that the recording has, under 10-05 names and positions."""
    raw = mne.io.read_raw_edf(shared_data / "recordings/eegmmidb/S001R01.edf", preload=True, verbose="error")
    names = {label: name for label in raw.ch_names for name in spell([label.strip(".").upper()])}
    raw.rename_channels(names)
    there = {name.upper() for name in raw.ch_names}
    raw.pick(spell([name for name in CHANNELS if name in there]))
    return raw.set_montage(template())


BAD = ["C3", "O2", "F8", "PO3"]


def test_a_whole_run_of_mne_gives_the_same_signals(raw_eeg) -> None:
    bad = spell(BAD)
    theirs = raw_eeg.copy()
    theirs.info["bads"] = bad
    origin = fitted_origin(spell(list(CHANNELS)))
    theirs.interpolate_bads(origin=origin, method={"eeg": "spline"}, reset_bads=False, verbose="error")

    good = [name for name in raw_eeg.ch_names if name not in bad]
    plan = plan_remap(good, ["V"] * len(good))
    ours = plan.matrix @ raw_eeg.get_data(good)
    for name in bad:
        row = ours[CHANNELS.index(name.upper())]
        np.testing.assert_allclose(row, theirs.get_data([name])[0] * 1e6, atol=1e-4)


def test_mnes_own_choice_of_origin_changes_little(raw_eeg) -> None:
    bad = spell(BAD)
    theirs = raw_eeg.copy()
    theirs.info["bads"] = bad
    theirs.interpolate_bads(method={"eeg": "spline"}, verbose="error")
    good = [name for name in raw_eeg.ch_names if name not in bad]
    ours = plan_remap(good, ["V"] * len(good)).matrix @ raw_eeg.get_data(good)
    for name in bad:
        row = ours[CHANNELS.index(name.upper())]
        assert np.corrcoef(row, theirs.get_data([name])[0])[0, 1] > 0.9999
