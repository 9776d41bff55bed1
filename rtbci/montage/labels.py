"""Electrode labels as devices spell them, and where those electrodes are."""

import csv
import functools
import re
from collections.abc import Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import ContractError

# Names for the same place in the older 10-20 naming.
_SYNONYMS = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
_PREFIX = re.compile(r"^EEG(?=[\s_:.\-])[\s_:.\-]*", re.IGNORECASE)
# Only words that can be nothing but a reference: "FP1-F7" is a bipolar derivation and must not become FP1.
_SUFFIX = re.compile(r"[\s_\-]+(REF|LE|AVG|AV|AR|CAR|A1|A2|A1A2|M1|M2|M1M2|A1\+A2|M1\+M2)$", re.IGNORECASE)


@functools.cache
def _table() -> dict[str, tuple[float, float, float]]:
    text = resources.files("rtbci.montage").joinpath("positions.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["label"]: (float(row["right"]), float(row["front"]), float(row["up"])) for row in rows}


def canonical(label: str) -> str:
    """Name of an electrode in upper-case 10-05 naming, however the device spells it.

    Dots, spaces and case are dropped (``Fc5.`` is ``FC5``), so are a leading ``EEG`` and a trailing
    reference (``EEG Fp1-REF`` is ``FP1``), and old names become new ones (``T3`` is ``T7``).

    Parameters
    ----------
    label : str
        The device's label.

    Returns
    -------
    str
        The 10-05 name, or the cleaned label where it is not the name of a known electrode.
    """
    text = _SUFFIX.sub("", _PREFIX.sub("", label.strip()))
    text = re.sub(r"[\s.]+", "", text).upper()
    return _SYNONYMS.get(text, text)


def has_position(label: str) -> bool:
    """Whether the electrode's place is known."""
    return canonical(label) in _table()


def positions(labels: Sequence[str]) -> NDArray[np.float64]:
    """Directions of electrodes on the unit sphere.

    The 10-05 positions of mne's template head, seen from the centre of the sphere that fits its scalp
    electrodes best; CB1 and CB2, which 10-05 lacks, from the SEED-DV cap's own layout.

    Parameters
    ----------
    labels : sequence of str
        Labels in any spelling that `canonical` understands.

    Returns
    -------
    ndarray (n, 3) float64
        Unit vectors: right, front, up.

    Raises
    ------
    ContractError
        If a label is not the name of a known electrode.
    """
    table = _table()
    unknown = [label for label in labels if canonical(label) not in table]
    if unknown:
        raise ContractError(
            f"No position is known for {', '.join(map(repr, unknown))}: use 10-05 names, or give aliases."
        )
    return np.array([table[canonical(label)] for label in labels], dtype=np.float64).reshape(len(labels), 3)
