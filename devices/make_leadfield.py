"""Make `leadfield.npz`, the head that the simulated wearers share: ``python -m devices.make_leadfield``.

A four-shell sphere (mne's default: brain, fluid, skull, scalp) of 9 cm with dipoles on a cortical shell of
7.2 cm. The array ships, so that the wearer needs no mne; this script says where it came from.
"""

from pathlib import Path

import mne
import numpy as np
from numpy.typing import NDArray

from rtbci.montage import CHANNELS, positions

RADIUS_M = 0.09
SHELL_M = 0.072
POINTS = 480
TARGET = Path(__file__).with_name("leadfield.npz")


def cortical_points(count: int = POINTS) -> NDArray[np.float64]:
    """Evenly spread points of the cortical shell (Fibonacci spiral), without its bottom; metres."""
    total = round(count / 0.72)
    index = np.arange(total) + 0.5
    up = 1.0 - 2.0 * index / total
    angle = np.pi * (1.0 + 5.0**0.5) * index
    ring = np.sqrt(1.0 - up**2)
    points = np.stack([ring * np.cos(angle), ring * np.sin(angle), up], axis=1)
    return SHELL_M * points[up > -0.44]


def forward(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Potential at each electrode for a unit dipole along x, y and z, average reference.

    Returns
    -------
    ndarray, shape (points, 62, 3)
        In volt per ampere-metre.
    """
    xyz = RADIUS_M * positions(CHANNELS)
    montage = mne.channels.make_dig_montage(dict(zip(CHANNELS, xyz, strict=True)), coord_frame="head")
    info = mne.create_info(list(CHANNELS), 200.0, "eeg").set_montage(montage)
    sphere = mne.make_sphere_model(r0=(0.0, 0.0, 0.0), head_radius=RADIUS_M, verbose="error")
    outward = points / np.linalg.norm(points, axis=1, keepdims=True)
    source = mne.setup_volume_source_space(pos={"rr": points, "nn": outward}, verbose="error")
    solved = mne.make_forward_solution(
        info, trans=None, src=source, bem=sphere, meg=False, mindist=0.0, verbose="error"
    )
    field = solved["sol"]["data"].reshape(len(CHANNELS), -1, 3).transpose(1, 0, 2)
    if len(field) != len(points):
        raise RuntimeError(f"The forward model kept {len(field)} of {len(points)} points.")
    return field - field.mean(axis=1, keepdims=True)


def main() -> None:
    """Write the array next to this file."""
    points = cortical_points()
    field = forward(points)
    scale = np.sqrt((field**2).sum(axis=2).max())
    np.savez_compressed(TARGET, points=points.astype(np.float32), field=(field / scale).astype(np.float32))


if __name__ == "__main__":
    main()
