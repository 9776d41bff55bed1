"""From a device's samples to clean ones: remap, resample, filter, judge, repair, reference."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rtbci.bundle.schema import Preprocessing
from rtbci.montage import CHANNELS, Remap
from rtbci.signal.filters import BandPass, Cascade, FilterState, Notch
from rtbci.signal.linear import per_sample
from rtbci.signal.quality import ChannelQuality, QualityState, Verdict
from rtbci.signal.repair import Repair, RepairState
from rtbci.signal.resample import Resample, ResampleState

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ConditionState:
    """States of the steps."""

    newest: Array | None
    """(n_in,) newest finite value of each input channel."""
    resample: ResampleState
    filters: FilterState
    quality: QualityState
    repair: RepairState


@dataclass(frozen=True, eq=False)
class Condition:
    """Settings of the steps, in order."""

    matrix: Array
    resample: Resample
    filters: Cascade
    quality: ChannelQuality
    repair: Repair

    @classmethod
    def of(cls, p: Preprocessing, rate_in: float, remap: Remap) -> "Condition":
        """Steps for a bundle's preprocessing and a device."""
        missing = frozenset(CHANNELS.index(name) for name in remap.interpolated)
        return cls(
            matrix=remap.matrix,
            resample=Resample(rate_in, p.rate_hz),
            filters=Cascade(
                (BandPass(p.low_hz, p.high_hz, p.order, p.rate_hz), Notch(p.mains_hz, p.rate_hz))
            ),
            quality=ChannelQuality(rate=p.rate_hz, mains=p.mains_hz, missing=missing),
            repair=Repair(missing),
        )

    def start(self) -> ConditionState:
        """State before the first sample."""
        return ConditionState(
            None,
            self.resample.start(),
            self.filters.start(),
            self.quality.start(),
            self.repair.start(),
        )

    def restart(self, state: ConditionState) -> ConditionState:
        """State after a gap: filters start afresh, what is held against channels stays."""
        quality = replace(state.quality, count=0, pending=())
        return ConditionState(None, self.resample.start(), self.filters.start(), quality, state.repair)

    def step(self, state: ConditionState, data: Array) -> tuple[ConditionState, Array, list[Verdict]]:
        """Condition a chunk.

        Parameters
        ----------
        state : ConditionState
            From `start`, `restart` or the last step.
        data : ndarray (n, n_in)
            Samples in the device's units. Values that are not finite are replaced by the channel's last
            finite one.

        Returns
        -------
        state : ConditionState
            For the next step.
        uv : ndarray (m, 62)
            Microvolt at the decoder's rate, against the average of all channels.
        verdicts : list of Verdict
            Those given on the way; repairs follow from the next sample on.
        """
        data, newest = _finite(np.asarray(data, dtype=np.float64), state.newest)
        resample, raw = self.resample.step(state.resample, per_sample(self.matrix, data))
        filters, clean = self.filters.step(state.filters, raw)
        done = state.quality.count
        quality, verdicts = self.quality.step(state.quality, raw, clean)
        uv = np.empty_like(clean)
        repair, start = state.repair, 0
        for verdict in verdicts:
            stop = verdict.at - done
            repair, uv[start:stop] = self.repair.step(repair, clean[start:stop])
            if verdict.bad != repair.bad:
                repair = self.repair.turn(verdict.bad)
            start = stop
        repair, uv[start:] = self.repair.step(repair, clean[start:])
        return ConditionState(newest, resample, filters, quality, repair), uv, verdicts


def _finite(data: Array, newest: Array | None) -> tuple[Array, Array | None]:
    """Hold each channel's last finite value where a value is none; 0 before the first."""
    if len(data) == 0:
        return data, newest
    if not np.isfinite(data).all():
        before = np.zeros((1, data.shape[1])) if newest is None else newest[None]
        data = np.concatenate([before, data])
        rows = np.where(np.isfinite(data), np.arange(len(data))[:, None], 0)
        data = np.take_along_axis(data, np.maximum.accumulate(rows, axis=0), axis=0)[1:]
    return data, data[-1].copy()
