from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from devices.caps import cap_names, load_cap
from rtbci.errors import UsageError
from rtbci.montage import CHANNELS, plan_remap

MISSING = {
    "seed-dv-62": set(),
    "eegmmidb-64": {"PO5", "PO6", "CB1", "CB2"},
    "actichamp-64": {"FPZ", "FCZ", "PO5", "PO6", "CB1", "CB2"},
    "eego-64": {"CPZ", "CB1", "CB2"},
}


def test_each_issued_cap_is_here():
    assert set(cap_names()) == set(MISSING)


@pytest.mark.parametrize("name", sorted(MISSING))
def test_each_cap_fits_the_montage(name):
    cap = load_cap(name)
    remap = plan_remap(cap.labels, [cap.unit] * len(cap.labels), cap.aliases)
    assert set(remap.interpolated) == MISSING[name]
    assert len(cap.labels) == int(name.rsplit("-", 1)[1]) == len(remap.matched) + len(remap.set_aside)
    assert remap.unit == "uV" and cap.rate_hz >= 128 and cap.reference and cap.ground
    uniform = np.ones(len(cap.labels))
    assert np.allclose(remap.matrix @ uniform, 1.0, atol=1e-6)


def test_the_seed_dv_cap_is_the_montage_itself():
    assert load_cap("seed-dv-62").labels == CHANNELS


def test_the_eegmmidb_cap_is_spelled_as_in_the_files(shared_data):
    import mne

    raw = mne.io.read_raw_edf(shared_data / "recordings/eegmmidb/S001R02.edf", verbose="ERROR")
    cap = load_cap("eegmmidb-64")
    assert cap.labels == tuple(raw.ch_names) and cap.rate_hz == raw.info["sfreq"]


def test_ones_own_cap(tmp_path):
    text = shipped("eego-64").replace("delay_s = 0.0", "delay_s = 0.0516").replace('"Fp1"', '"K1"')
    path = tmp_path / "ours.toml"
    path.write_text(text.replace('T3 = "T7"', 'K1 = "FP1"'))
    cap = load_cap(str(path))
    assert cap.id == "ours" and cap.delay_s == 0.0516
    assert replace(cap, id="").labels[0] == "K1"
    remap = plan_remap(cap.labels, [cap.unit] * 64, cap.aliases)
    assert remap.matched["FP1"] == 0


def shipped(name: str) -> str:
    import devices.caps

    return (Path(devices.caps.__file__).parent / f"{name}.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('unit = "uV"', 'unit = "furlongs"', "furlongs"),
        ("rate_hz = 512", "rate_hz = -1", "rate_hz"),
        ("rate_hz = 512", 'rate_hz = "fast"', "rate_hz"),
        ("delay_s = 0.0", "delay_s = 51.6", "below 1"),
        ('reference = "CPz"', "", "lacks reference"),
        ('ground = "AFz"', 'ground = "AFz"\ncolour = "red"', "colour"),
        ('"Fp1", "Fpz"', '"Fp1", "Fp1"', "FP1"),
        ('"Fp1", "Fpz"', '"Fp1", ""', "not empty"),
        ('T3 = "T7"', 'T3 = "nowhere"', "nowhere"),
        ("labels = [", "labels = [[", "TOML"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path, old, new, words):
    path = tmp_path / "ours.toml"
    path.write_text(shipped("eego-64").replace(old, new, 1))
    with pytest.raises(UsageError, match=words) as caught:
        load_cap(str(path))
    assert str(path) in str(caught.value)


def test_an_unknown_cap_lists_those_that_are_known(tmp_path):
    with pytest.raises(UsageError, match="actichamp-64, eegmmidb-64, eego-64, seed-dv-62"):
        load_cap("helmet")
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        load_cap(str(path))
