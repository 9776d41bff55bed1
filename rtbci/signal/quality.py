"""Live quality of each channel: good, flat, railed, noisy, mains, odd or missing."""

import functools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rtbci.montage import CHANNELS, leave_one_out, positions, spherical_spline
from rtbci.signal.grid import Grid
from rtbci.signal.robust import spread

Array = NDArray[np.float64]

# Once a second, apart from the windows' ends and from the other steps' marks, so that no window waits for it.
_GRID = Grid(first=230, every=200)

FAULTS: tuple[str, ...] = ("flat", "railed", "noisy", "mains", "odd")
"""Faults in order of precedence: a channel with several is called by the first."""


@dataclass(frozen=True)
class Verdict:
    """Quality of the 62 channels at one moment."""

    at: int
    """Samples seen by then, counted from the start or the last reset."""
    verdicts: tuple[str, ...]
    """Per channel: good, flat, railed, noisy, mains, odd or missing."""
    scores: tuple[float, ...]
    """Per channel, 0 (useless) to 1 (good)."""
    cap: str = ""
    """What is wrong with the cap as a whole: nothing, quiet, loud or unlike EEG."""

    @property
    def bad(self) -> frozenset[int]:
        """Indices of channels that are there, but bad."""
        return frozenset(i for i, v in enumerate(self.verdicts) if v not in ("good", "missing"))


@dataclass(frozen=True)
class QualityState:
    """What is held against each channel."""

    count: int
    pending: tuple[tuple[Array, Array], ...]
    """Chunks (unfiltered, filtered) since the last mark."""
    held: Array
    """(faults, channels) how much is held against each, 0 to 1: it takes seconds to fill and to empty."""
    active: NDArray[np.bool_]
    """(faults, channels) faults in force."""
    likeness: Array
    """(channels,) running correlation with the prediction from the neighbours."""
    cap_held: float = 0.0
    """How much is held against the cap as a whole, 0 to 1."""
    cap: str = ""
    """As in `Verdict.cap`."""


@dataclass(frozen=True)
class ChannelQuality:
    """Judges every channel once a second, with hysteresis.

    Each second every fault is weighed for every channel; a fault is in force once its weight, a leaky
    mean over some seconds, passes `enter`, and until it has sunk below `leave`. Flat and railed channels
    count at once. The channel's prediction from the good ones (spherical splines) tells a bad electrode
    from a strong source: a blink or alpha shows in the neighbours too. Where most channels are bad at once
    they make the usual one, and none stands out: so the usual channel itself is judged, as the cap's.
    """

    rate: float = 200.0
    mains: float = 50.0
    missing: frozenset[int] = frozenset()
    """Indices of montage channels that the cap lacks; never judged, never used to judge."""
    flat_uv: float = 0.3
    """Spread below which a channel is dead: no amplifier on a head is that quiet."""
    rail_uv: float = 1000.0
    """Range that a channel must cover for its plateaus to be an amplifier's rails."""
    noisy_ratio: float = 4.0
    """What the neighbours do not explain, in multiples of the usual channel's whole amplitude,"""
    noisy_below: float = 0.7
    """in a channel that correlates less than this with its prediction: strong alpha is not noise."""
    mains_ratio: float = 10.0
    """Amplitude of the mains, before the notch, against that of the usual channel's EEG,"""
    mains_excess: float = 3.0
    """and against the usual channel's mains: what all have, the notch removes."""
    odd_below: float = 0.3
    """Correlation with the prediction from the neighbours that makes a channel odd,"""
    odd_until: float = 0.45
    """the one that ends it,"""
    odd_needs: float = 0.6
    """and the one that the usual channel must have for any to be called odd."""
    enough: int = 8
    """Trusted channels without which no neighbours are consulted."""
    quiet_below_uv: float = 1.5
    """Spread, band-passed, of the usual channel below which nothing of a brain is in it,"""
    loud_above_uv: float = 150.0
    """and the one above which it is not a brain's."""
    enter: float = 0.6
    leave: float = 0.2
    cap_enter: float = 0.85
    """The weight for the cap as a whole: five bad seconds, for a storm of artefacts passes."""
    leak: float = 0.35
    """Weight of the newest second: three bad ones to be in force, four good ones to be let off."""
    grid: Grid = _GRID

    def start(self) -> QualityState:
        """State before the first sample."""
        faults = (len(FAULTS), len(CHANNELS))
        return QualityState(0, (), np.zeros(faults), np.zeros(faults, bool), np.ones(len(CHANNELS)))

    def step(self, state: QualityState, raw: Array, clean: Array) -> tuple[QualityState, list[Verdict]]:
        """Judge a chunk.

        Parameters
        ----------
        state : QualityState
            From `start` or the last step.
        raw : ndarray (n, 62)
            Microvolt, before any filter but the resampling.
        clean : ndarray (n, 62)
            The same samples, band-passed and notched.

        Returns
        -------
        state : QualityState
            For the next step.
        verdicts : list of Verdict
            One for each second completed by the chunk.
        """
        given = []
        for start, stop, mark in self.grid.pieces(state.count, len(raw)):
            piece = (raw[start:stop].copy(), clean[start:stop].copy())
            pending, count = (*state.pending, piece), state.count + stop - start
            if mark:
                seconds = [np.concatenate(parts)[-self.grid.every :] for parts in zip(*pending, strict=True)]
                state = self._judge(state, seconds[0], seconds[1], count)
                given.append(self.verdict(state))
            else:
                state = replace(state, count=count, pending=pending)
        return state, given

    def verdict(self, state: QualityState) -> Verdict:
        """What the state amounts to."""
        words = []
        for i in range(len(CHANNELS)):
            faults = [name for name, on in zip(FAULTS, state.active[:, i], strict=True) if on]
            words.append("missing" if i in self.missing else faults[0] if faults else "good")
        scores = (1 - state.held.max(axis=0)) * np.clip(state.likeness / 0.7, 0.0, 1.0)
        scores[sorted(self.missing)] = 0.0
        return Verdict(state.count, tuple(words), tuple(float(s) for s in scores), state.cap)

    def _judge(self, state: QualityState, raw: Array, clean: Array, count: int) -> QualityState:
        flat, railed = self._flat(raw, clean), self._railed(raw)
        known = np.asarray(state.active.any(axis=0))
        known[sorted(self.missing)] = True
        alive = ~(known | flat | railed)
        if alive.any():
            # The device's own reference is in every channel and would make all of them look alike.
            clean = clean - np.median(clean[:, alive], axis=1, keepdims=True)
        amplitude = spread(clean)
        usual = max(float(np.median(amplitude[alive])) if alive.any() else 0.0, self.flat_uv)
        # A channel far out of the ordinary is judged by the others, but not they by it.
        trusted = alive & (amplitude <= 3 * usual)
        now, likeness, (noisy, mains, odd) = (
            state.likeness,
            state.likeness,
            np.zeros((3, len(CHANNELS)), bool),
        )
        if trusted.sum() >= self.enough:
            now, unexplained = _compare(clean, trusted)
            weight = np.where(flat | railed, 0.0, self.leak)
            likeness = likeness + weight * (now - likeness)
            noisy = self._noisy(state, now, unexplained / usual)
            mains = self._mains(raw, usual, trusted)
            odd = self._odd(state, likeness, trusted)
        weighed = np.array([flat, railed, noisy, mains, odd], dtype=np.float64)
        held = state.held + self.leak * (weighed - state.held)
        held[:2] = np.maximum(held[:2], weighed[:2])
        active = np.where(state.active, held > self.leave, held > self.enter)
        active[:, sorted(self.missing)] = False
        held[:, sorted(self.missing)] = 0.0
        cap_held, cap = self._cap(state, usual, now[trusted])
        return QualityState(count, (), held, active, likeness, cap_held, cap)

    def _cap(self, state: QualityState, usual: float, likeness: Array) -> tuple[float, str]:
        """Judge the usual channel; with too few to judge by, what was held against the cap stays."""
        if len(likeness) < self.enough:
            return state.cap_held, state.cap
        if usual < self.quiet_below_uv:
            fault = "quiet"
        elif usual > self.loud_above_uv:
            fault = "loud"
        else:
            fault = "unlike EEG" if np.median(likeness) < self.odd_needs else ""
        held = state.cap_held + self.leak * (bool(fault) - state.cap_held)
        if held > (self.leave if state.cap else self.cap_enter):
            return held, fault or state.cap
        return held, ""

    def _noisy(self, state: QualityState, likeness: Array, unexplained: Array) -> NDArray[np.bool_]:
        now = state.active[FAULTS.index("noisy")]
        limit = np.where(now, 0.75, 1.0) * self.noisy_ratio
        return np.asarray((unexplained > limit) & (likeness < self.noisy_below))

    def _odd(self, state: QualityState, likeness: Array, trusted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        if np.median(likeness[trusted]) < self.odd_needs:
            # Where the splines predict nobody (noise, a cap of another shape) they accuse nobody.
            return np.zeros(likeness.shape, bool)
        limit = np.where(state.active[FAULTS.index("odd")], self.odd_until, self.odd_below)
        return np.asarray(likeness < limit)

    def _flat(self, raw: Array, clean: Array) -> NDArray[np.bool_]:
        return np.asarray((np.ptp(raw, axis=0) < self.flat_uv) | (clean.std(axis=0) < self.flat_uv / 3))

    def _railed(self, raw: Array) -> NDArray[np.bool_]:
        """Channels that dwell at the ends of their range: still, and far from the middle."""
        low, high = raw.min(axis=0), raw.max(axis=0)
        span = high - low
        end = (raw > high - 0.01 * span) | (raw < low + 0.01 * span)
        still = np.abs(np.diff(raw, axis=0, prepend=raw[:1])) < 0.001 * span
        return np.asarray(((end & still).mean(axis=0) > 0.15) & (span > self.rail_uv))

    def _mains(self, raw: Array, usual: float, trusted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        if self.mains >= self.rate / 2:
            return np.zeros(raw.shape[1], bool)
        n = len(raw)
        window = np.hanning(n)
        tone = window * np.exp(-2j * np.pi * self.mains / self.rate * np.arange(n))
        amplitude = np.abs(tone @ (raw - raw.mean(axis=0))) * 2 / window.sum()
        others = np.median(amplitude[trusted])
        return np.asarray((amplitude > self.mains_ratio * usual) & (amplitude > self.mains_excess * others))


def _compare(clean: Array, trusted: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Correlation of each channel with its prediction from the trusted ones, and the unexplained spread."""
    predicted = clean @ _prediction(frozenset(np.flatnonzero(trusted).tolist())).T
    power = np.sqrt((clean**2).mean(axis=0) * (predicted**2).mean(axis=0))
    together = (clean * predicted).mean(axis=0)
    likeness = np.divide(together, power, out=np.zeros_like(power), where=power > 0)
    return likeness, spread(clean - predicted)


@functools.lru_cache(maxsize=256)
def _prediction(trusted: frozenset[int]) -> Array:
    """(62, 62) weights: each channel from the trusted ones other than itself."""
    n = len(CHANNELS)
    weights = np.zeros((n, n))
    good = sorted(trusted)
    rest = [i for i in range(n) if i not in trusted]
    if len(good) < 2:
        return weights
    xyz = positions(CHANNELS)
    weights[np.ix_(good, good)] = leave_one_out(xyz[good])
    if rest:
        weights[np.ix_(rest, good)] = spherical_spline(xyz[good], xyz[rest])
    return weights
