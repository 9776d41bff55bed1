"""The live signal path: samples as they come in, windows for the decoder out."""

import logging
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rtbci.bundle.schema import Preprocessing
from rtbci.montage import CHANNELS, Remap
from rtbci.signal.condition import Condition
from rtbci.signal.normalise import Normalise
from rtbci.signal.quality import Verdict
from rtbci.signal.windower import Windower

Array = NDArray[np.float64]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Window:
    """Two seconds of EEG, ready for the decoder."""

    uv: NDArray[np.float32]
    """(62, length) microvolt: filtered, repaired, average reference."""
    z: NDArray[np.float32]
    """(62, length) the decoder's input: robustly scaled, clipped, whitened."""
    end: int
    """Index of its newest sample at the decoder's rate, counted since the chain began."""
    newest: float
    """Stamp of the newest raw sample that it rests on."""
    clean: bool
    """Whether the decoder should trust it: few channels replaced, few values clipped, a cap like EEG."""


@dataclass(frozen=True)
class RepairChange:
    """A change in which channels are replaced by their neighbours."""

    at: float
    """Stamp of the newest raw sample when it happened."""
    repaired: dict[str, str]
    """All channels replaced from now on, each with its fault."""
    fresh: tuple[str, ...]
    """Those newly replaced."""
    returned: tuple[str, ...]
    """Those good again."""


@dataclass(frozen=True, eq=False)
class ChainSettings:
    """All that the chain does, decided before the first sample."""

    condition: Condition
    normalise: Normalise
    windower: Windower
    max_replaced: int = 16
    """Channels replaced, for whatever reason, beyond which a window is not clean."""
    max_clipped: float = 0.05
    """Share of clipped values beyond which a window is not clean."""

    @classmethod
    def from_preprocessing(
        cls,
        p: Preprocessing,
        rate_in: float,
        remap: Remap,
        prior_covariance: Array | None = None,
        *,
        mains_hz: float | None = None,
        realign: bool = True,
    ) -> "ChainSettings":
        """Settings for a bundle and a device.

        Parameters
        ----------
        p : Preprocessing
            The bundle's.
        rate_in : float
            The device's rate in hertz.
        remap : Remap
            How the device's channels become the montage's.
        prior_covariance : ndarray (62, 62), optional
            The cohort's mean covariance of scaled EEG, or the wearer's own.
        mains_hz : float, optional
            Frequency of the mains here, if it is not the bundle's.
        realign : bool
            Whether whitening follows the running covariance; else the prior whitens for good.
        """
        if mains_hz is not None:
            p = msgspec.structs.replace(p, mains_hz=mains_hz)
        return cls(
            condition=Condition.of(p, rate_in, remap),
            normalise=Normalise.of(p, prior_covariance, realign),
            windower=Windower(round(p.window_s * p.rate_hz), round(p.hop_s * p.rate_hz)),
        )


class Chain:
    """Turns chunks of samples into windows; each chunk's windows are ready when `push` returns.

    Parameters
    ----------
    settings : ChainSettings
        What it does.
    """

    def __init__(self, settings: ChainSettings) -> None:
        self.settings = settings
        self.quality: Verdict | None = None
        """Latest verdict on the channels."""
        self.uv_tail: Array = np.empty((0, len(CHANNELS)))
        """(n, 62) samples that the last push produced, as in `Window.uv`."""
        self.events: tuple[RepairChange, ...] = ()
        """What the last push changed."""
        self._before = 0
        self._condition = settings.condition.start()
        self._normalise = settings.normalise.start()
        self._windower = settings.windower.start()

    def push(self, data: ArrayLike, stamps: ArrayLike) -> list[Window]:
        """Take a chunk.

        Parameters
        ----------
        data : array-like (n, n_in)
            Samples in the device's units.
        stamps : array-like (n,)
            Stamp of each.

        Returns
        -------
        list of Window
            Those that the chunk completes, oldest first.
        """
        data = np.asarray(data, dtype=np.float64)
        stamps = np.asarray(stamps, dtype=np.float64)
        if len(data) != len(stamps):
            raise ValueError(f"{len(data)} samples came with {len(stamps)} stamps")
        s = self.settings
        repaired = self._condition.repair.bad
        taken, given = self._condition.resample.taken, self._condition.resample.given
        self._condition, uv, verdicts = s.condition.step(self._condition, data)
        self.uv_tail = uv
        self.events = tuple(self._changes(repaired, verdicts, stamps))
        before = self.quality
        if verdicts:
            self.quality = verdicts[-1]

        windows = []
        start = 0
        while start < len(uv):
            # Up to the next window's end, so that it is normalised by what is in force there.
            stop = min(len(uv), s.windower.next_end(given + start) + 1 - given)
            self._normalise = s.normalise.observe(self._normalise, uv[start:stop])
            self._windower, ready = s.windower.step(self._windower, uv[start:stop])
            for end, samples in ready:
                newest = float(stamps[s.condition.resample.newest_input(end) - taken])
                judged = next((v for v in reversed(verdicts) if v.at <= end + 1), before)
                windows.append(self._window(end, samples, newest, judged))
            start = stop
        return windows

    @property
    def covariance(self) -> Array | None:
        """Running covariance (62, 62) of the scaled EEG; None before there is one."""
        state = self._normalise.align
        return state.covariance / state.weight if state.weight > 0 else None

    def reset(self, reason: str, forget: bool = False) -> None:
        """Start afresh after a gap: no window, filter or unfinished second spans it.

        Parameters
        ----------
        reason : str
            Why, for the log.
        forget : bool
            Whether to forget what was learned of the wearer and the electrodes too.
        """
        s = self.settings
        _log.info("the signal chain starts afresh: %s", reason)
        self._before += self._windower.count
        self._windower = s.windower.start()
        self._condition = s.condition.start() if forget else s.condition.restart(self._condition)
        self._normalise = s.normalise.start() if forget else s.normalise.restart(self._normalise)
        self.uv_tail = self.uv_tail[:0]
        self.events = ()
        if forget:
            self.quality = None

    def _window(self, end: int, uv: Array, newest: float, judged: Verdict | None) -> Window:
        s = self.settings
        shown = np.ascontiguousarray(uv.T, dtype=np.float32)
        z, clipped = s.normalise.window(self._normalise, shown)
        replaced = len(self._condition.repair.bad | s.condition.repair.missing)
        return Window(
            uv=shown,
            z=z,
            end=self._before + end,
            newest=newest,
            clean=replaced <= s.max_replaced
            and bool(clipped <= s.max_clipped)
            and not (judged is not None and judged.cap),
        )

    def _changes(
        self, repaired: frozenset[int], verdicts: list[Verdict], stamps: Array
    ) -> list[RepairChange]:
        changes = []
        for verdict in verdicts:
            if verdict.bad != repaired:
                changes.append(
                    RepairChange(
                        at=float(stamps[-1]),
                        repaired={CHANNELS[i]: verdict.verdicts[i] for i in sorted(verdict.bad)},
                        fresh=tuple(CHANNELS[i] for i in sorted(verdict.bad - repaired)),
                        returned=tuple(CHANNELS[i] for i in sorted(repaired - verdict.bad)),
                    )
                )
            repaired = verdict.bad
        return changes
