import json

import numpy as np
import pytest

from rtbci.errors import ContractError
from rtbci.montage import CHANNELS, REGIONS, canonical, positions
from tests.montage.make_positions import compute, spell


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Fc5.", "FC5"),
        ("T10.", "T10"),
        ("Cz..", "CZ"),
        ("EEG Fp1-REF", "FP1"),
        ("EEG FPZ-LE", "FPZ"),
        ("EEG_O1", "O1"),
        ("eeg Oz - A1", "OZ"),
        (" po 7 ", "PO7"),
        ("T3", "T7"),
        ("t4", "T8"),
        ("T5-Ref", "P7"),
        ("T6", "P8"),
        ("AFp3h", "AFP3H"),
        ("EOG left", "EOGLEFT"),
        ("EEGTRIG", "EEGTRIG"),
        ("", ""),
    ],
)
def test_labels_are_read_as_devices_spell_them(label: str, name: str) -> None:
    assert canonical(label) == name


def test_a_bipolar_derivation_is_not_an_electrode() -> None:
    assert canonical("Fp1-F7") not in CHANNELS
    assert canonical("EEG C3-C4") not in CHANNELS


def test_every_channel_keeps_its_own_name() -> None:
    assert [canonical(name) for name in CHANNELS] == list(CHANNELS)
    assert len(set(CHANNELS)) == 62


def test_order_and_regions_are_the_published_ones(shared_data) -> None:
    facts = json.loads((shared_data / "seed_dv" / "seed_dv_facts.json").read_text())
    assert list(CHANNELS) == facts["channel_order"]
    assert {k: list(v) for k, v in REGIONS.items()} == facts["regions_proposed_by_name_0based"]


def test_positions_equal_mnes_template_seen_from_its_fitted_origin(shared_data) -> None:
    table = compute(shared_data / "seed_dv" / "seed_dv_facts.json")
    np.testing.assert_allclose(positions(list(table)), np.array(list(table.values())), atol=1e-9)
    assert len(spell(list(CHANNELS))) == 60


def test_positions_are_directions_right_front_up() -> None:
    xyz = positions(CHANNELS)
    assert xyz.shape == (62, 3)
    assert xyz.dtype == np.float64
    np.testing.assert_allclose(np.linalg.norm(xyz, axis=1), 1.0, atol=1e-8)
    t8, fpz, cz = positions(["T8", "FPZ", "CZ"])
    assert t8[0] > 0.9
    assert fpz[1] > 0.9
    assert cz[2] > 0.9


def test_cb_electrodes_lie_at_the_back_below_po7_and_beside_o1() -> None:
    cb1, cb2, o1, po7 = positions(["CB1", "CB2", "O1", "PO7"])
    np.testing.assert_allclose(cb1 * [-1, 1, 1], cb2, atol=0.01)
    assert po7[0] < cb1[0] < o1[0] < 0


def test_an_unknown_electrode_is_named_in_the_error() -> None:
    with pytest.raises(ContractError, match="'EOG1'"):
        positions(["CZ", "EOG1"])


def test_no_electrodes_have_no_positions() -> None:
    assert positions([]).shape == (0, 3)
