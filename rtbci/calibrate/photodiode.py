"""When clips truly began, by a photodiode in front of the square that turns with each clip's first frame."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import ContractError
from rtbci.stream import StreamContract

Floats = NDArray[np.float64]

BEFORE_S = 0.1
AFTER_S = 0.4
"""A change of light is looked for from so long before a marker to so long after it."""
_FEWEST = 5
"""Clips whose change was seen, from which it is said what the screen adds."""
_CLEAR = 0.5
"""A change is seen if the levels on its two sides are this far apart, as a share of dark to bright."""


@dataclass(frozen=True)
class Light:
    """What a photodiode saw of the clips.

    Attributes
    ----------
    onsets : ndarray, shape (clips,)
        When each was announced for.
    delays : ndarray, shape (clips,)
        Seconds from there to the change of light; NaN where none was seen.
    """

    onsets: Floats
    delays: Floats

    @property
    def usual(self) -> float:
        """Median delay in seconds."""
        return float(np.nanmedian(self.delays))

    @property
    def corrections(self) -> dict[float, float]:
        """How much later than it was announced for each clip began: as seen, or the usual."""
        later = np.where(np.isnan(self.delays), self.usual, self.delays)
        return dict(zip(self.onsets.tolist(), later.tolist(), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return it as a report holds it: `clips`, `missed`, and `delay_ms` (`p5`, `p50`, `p95`)."""
        seen = 1000 * self.delays[~np.isnan(self.delays)]
        return {
            "clips": len(seen),
            "missed": len(self.delays) - len(seen),
            "delay_ms": {f"p{q}": round(float(np.percentile(seen, q)), 1) for q in (5, 50, 95)},
        }


class Photodiode:
    """Collects one channel, and finds where it changes after each marker.

    Parameters
    ----------
    channel : int
        Of the stream.
    """

    def __init__(self, channel: int) -> None:
        self._channel = channel
        self._values: list[Floats] = []
        self._stamps: list[Floats] = []

    def push(self, data: Floats, stamps: Floats) -> None:
        """Take samples of the whole stream, shape (n, channels), and their stamps, shape (n,)."""
        self._values.append(data[:, self._channel].copy())
        self._stamps.append(stamps.copy())

    def found(self, onsets: Floats) -> Light | None:
        """Return what was seen of the clips that were announced for these times; None if of too few.

        Parameters
        ----------
        onsets : ndarray, shape (clips,)
            On the clock of the stamps.
        """
        if not self._values or not len(onsets):
            return None
        values, stamps = np.concatenate(self._values), np.concatenate(self._stamps)
        first = np.searchsorted(stamps, onsets - BEFORE_S)
        last = np.searchsorted(stamps, onsets + AFTER_S)
        near = [slice(a, b) for a, b in zip(first, last, strict=True)]
        around = [values[part] for part in near]
        pooled = np.concatenate(around)
        pooled = pooled[np.isfinite(pooled)]
        if not len(pooled):
            return None
        dark, bright = np.percentile(pooled, (10, 90))
        delays = np.array(
            [
                _change(values[part], stamps[part] - onset, dark, bright)
                for part, onset in zip(near, onsets, strict=True)
            ]
        )
        return Light(onsets, delays) if np.isfinite(delays).sum() >= _FEWEST else None


def channel_of(contract: StreamContract, label: str) -> int:
    """Index of a photodiode's channel by its label.

    Raises
    ------
    ContractError
        If the stream has no channel of that label, or it is an electrode.
    """
    if label in contract.remap.set_aside and label in contract.labels:
        return contract.labels.index(label)
    others = ", ".join(contract.remap.set_aside) or "none"
    raise ContractError(
        f"Stream '{contract.name}' has no photodiode channel '{label}'; its channels that are no electrodes "
        f"of the decoder: {others}."
    )


def _change(values: Floats, at: Floats, dark: float, bright: float) -> float:
    """Time of the one change of level, between samples; NaN if there is none that is clear.

    The change is where a step fits best, by least squares; its time is where the line between the two samples
    crosses the middle of the two levels.
    """
    if len(values) < 6 or not np.isfinite(values).all() or bright <= dark:
        return np.nan
    n = np.arange(1, len(values))
    total = np.cumsum(values)
    before, after = total[:-1] / n, (total[-1] - total[:-1]) / (len(values) - n)
    k = int(np.argmax(n * (len(values) - n) * (after - before) ** 2))
    low, high = np.median(values[: k + 1]), np.median(values[k + 1 :])
    if abs(high - low) < _CLEAR * (bright - dark):
        return np.nan
    middle = 0.5 * (low + high)
    # The sample in the middle of a rise may fall on either side of the best step.
    for j in (k, k - 1, k + 1):
        if 0 <= j < len(values) - 1 and (values[j] - middle) * (values[j + 1] - middle) <= 0:
            share = (middle - values[j]) / (values[j + 1] - values[j]) if values[j + 1] != values[j] else 0.0
            return float(at[j] + share * (at[j + 1] - at[j]))
    return np.nan
