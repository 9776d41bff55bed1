"""Writes rtbci/montage/positions.csv: the 10-05 electrodes of mne's template head on the unit sphere.

Usage: python tests/montage/make_positions.py shared/data/seed_dv/seed_dv_facts.json

The runtime needs no mne, so it ships the table; `test_positions.py` computes it afresh and compares.
"""

import json
import sys
from pathlib import Path

import mne
import numpy as np

TABLE = Path(__file__).resolve().parents[2] / "rtbci" / "montage" / "positions.csv"


def template() -> mne.channels.DigMontage:
    """The 10-05 template, under the name that this version of mne gives it."""
    builtin = mne.channels.get_builtin_montages()
    return mne.channels.make_standard_montage(
        "colin27_1005" if "colin27_1005" in builtin else "standard_1005"
    )


def head_positions(labels: list[str]) -> np.ndarray:
    """(n, 3) positions in metres in mne's head coordinates."""
    info = mne.create_info(labels, 200.0, "eeg", verbose="error").set_montage(template())
    return np.array([ch["loc"][:3] for ch in info["chs"]])


def fitted_origin(labels: list[str]) -> np.ndarray:
    """Centre (3,) of the sphere that mne fits to these electrodes, in head coordinates, metres."""
    info = mne.create_info(labels, 200.0, "eeg", verbose="error").set_montage(template())
    return mne.bem.fit_sphere_to_headshape(info, units="m", verbose="error")[1]


def spell(channels: list[str]) -> list[str]:
    """mne's spelling of upper-case names, without those that it lacks."""
    spelling = {name.upper(): name for name in template().ch_names}
    return [spelling[name] for name in channels if name in spelling]


def unit(xyz: np.ndarray) -> np.ndarray:
    return xyz / np.linalg.norm(xyz, axis=1, keepdims=True)


def compute(facts_file: Path) -> dict[str, np.ndarray]:
    """Unit vector of every electrode, by upper-case name."""
    facts = json.loads(facts_file.read_text())
    channels = facts["channel_order"]
    cap = np.array(facts["unit_sphere_xyz_right_front_up"])
    shared = spell(channels)
    origin = fitted_origin(shared)
    names = list(template().ch_names)
    table = dict(zip((n.upper() for n in names), unit(head_positions(names) - origin), strict=True))

    # CB1 and CB2: the SEED-DV layout turned (Kabsch) onto the template by the 60 electrodes that both have.
    rows = [channels.index(name.upper()) for name in shared]
    u, _, vt = np.linalg.svd(cap[rows].T @ np.array([table[n.upper()] for n in shared]))
    turn = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    for name in ("CB1", "CB2"):
        table[name] = unit(cap[[channels.index(name)]] @ turn)[0]
    return table


def main() -> None:
    table = compute(Path(sys.argv[1]))
    rows = [f"{name},{x:.9f},{y:.9f},{z:.9f}" for name, (x, y, z) in sorted(table.items())]
    TABLE.write_text("\n".join(["label,right,front,up", *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
