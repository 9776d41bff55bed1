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
_LEAST = 0.5
"""So many clips must have been seen to begin, and this share of all, for any of it to be believed: a channel
with pulses of its own looks now and then as if it had seen one."""
_CLEAR = 0.5
"""A change is seen if the levels on its two sides are this far apart, as a share of dark to bright, …"""
_ABOVE_NOISE = 5.0
"""… and this many times what is left of each side about its level: for white noise that is at most two, where
it drifts three and a half, and for a photodiode with a twentieth of noise a dozen."""
_SIDE = 3
"""Samples that a level needs: one or two outliers at an edge would be the best step of any noise."""


@dataclass(frozen=True)
class Light:
    """What a photodiode saw of the clips.

    Attributes
    ----------
    onsets : ndarray, shape (clips,)
        When each was announced for.
    delays : ndarray, shape (clips,)
        Seconds from there to the change of light; NaN where none was seen, and everywhere if it was of too
        few to be believed.
    """

    onsets: Floats
    delays: Floats

    @property
    def blind(self) -> bool:
        """Whether nothing was seen: then clips began when they were announced for."""
        return bool(np.isnan(self.delays).all())

    @property
    def usual(self) -> float:
        """Median delay in seconds."""
        return 0.0 if self.blind else float(np.nanmedian(self.delays))

    @property
    def corrections(self) -> dict[float, float]:
        """How much later than it was announced for each clip began: as seen, or the usual."""
        later = np.where(np.isnan(self.delays), self.usual, self.delays)
        return dict(zip(self.onsets.tolist(), later.tolist(), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return it as a report holds it: `clips`, `missed`, and `delay_ms` (`p5`, `p50`, `p95`) if any."""
        seen = 1000 * self.delays[~np.isnan(self.delays)]
        counts: dict[str, Any] = {"clips": len(seen), "missed": len(self.delays) - len(seen)}
        if self.blind:
            return counts
        return counts | {"delay_ms": {f"p{q}": round(float(np.percentile(seen, q)), 1) for q in (5, 50, 95)}}


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
        """Return what was seen of the clips that were announced for these times; None if there are none.

        Parameters
        ----------
        onsets : ndarray, shape (clips,)
            On the clock of the stamps.
        """
        if not self._values or not len(onsets):
            return None
        nothing = Light(onsets, np.full(len(onsets), np.nan))
        values, stamps = np.concatenate(self._values), np.concatenate(self._stamps)
        first = np.searchsorted(stamps, onsets - BEFORE_S)
        last = np.searchsorted(stamps, onsets + AFTER_S)
        near = [slice(a, b) for a, b in zip(first, last, strict=True)]
        around = [values[part] for part in near]
        pooled = np.concatenate(around)
        pooled = pooled[np.isfinite(pooled)]
        if not len(pooled):
            return nothing
        dark, bright = np.percentile(pooled, (10, 90))
        delays = np.array(
            [
                _change(values[part], stamps[part] - onset, dark, bright)
                for part, onset in zip(near, onsets, strict=True)
            ]
        )
        seen = np.count_nonzero(np.isfinite(delays))
        return Light(onsets, delays) if seen >= max(_FEWEST, _LEAST * len(delays)) else nothing


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
    if len(values) < 2 * _SIDE or not np.isfinite(values).all() or bright <= dark:
        return np.nan
    n = np.arange(1, len(values))
    total = np.cumsum(values)
    before, after = total[:-1] / n, (total[-1] - total[:-1]) / (len(values) - n)
    gain = n * (len(values) - n) * (after - before) ** 2
    k = _SIDE - 1 + int(np.argmax(gain[_SIDE - 1 : len(values) - _SIDE]))
    low, high = np.median(values[: k + 1]), np.median(values[k + 1 :])
    noise = np.sqrt(np.mean((values - np.where(np.arange(len(values)) <= k, low, high)) ** 2))
    if abs(high - low) < max(_CLEAR * (bright - dark), _ABOVE_NOISE * noise):
        return np.nan
    middle = 0.5 * (low + high)
    # The sample in the middle of a rise may fall on either side of the best step.
    for j in (k, k - 1, k + 1):
        if 0 <= j < len(values) - 1 and (values[j] - middle) * (values[j + 1] - middle) <= 0:
            share = (middle - values[j]) / (values[j + 1] - values[j]) if values[j + 1] != values[j] else 0.0
            return float(at[j] + share * (at[j + 1] - at[j]))
    return np.nan
