"""A simulated wearer: EEG in which the clips being watched can be found, more or less.

No real brain answers like this. The knob `snr` exists to test every part of the system on anything from a
wearer far clearer than life to one as faint as real recordings. What it means was measured with a linear
decoder (ridge on windows cut at the onset) fitted to 1000 clips of the wearer's own, on 200 others; forty
concepts, chance 2.5 %, mean of four wearers:

======== ========= =================================================================
snr      top-1     name in `SNR_LEVELS`
======== ========= =================================================================
2.0      98 %
1.0      69 %      "demo": a demonstration of the system, not of any brain
0.55     25 %      "claimed": about what papers on EEG-to-video report
0.3      7 %
0.27     6 %       "realistic": what independent work finds on real SEED-DV (3 to 6 %)
======== ========= =================================================================
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from devices.wearer_background import Background
from devices.wearer_response import Responder
from rtbci.montage import CHANNELS
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.spec import CLIP_SECONDS, ClipSpec, clip_spec

Array = NDArray[np.float64]

SNR_LEVELS: dict[str, float] = {"demo": 1.0, "claimed": 0.55, "realistic": 0.27}
_UNIT = 2.5
"""Factor from the response's arbitrary units to microvolt at snr 1."""
_SURROGATE_CLIPS = 60


class Wearer:
    """Endless EEG of one simulated wearer.

    Deterministic: the seed and the sequence of `watch` calls decide every sample, however `render` cuts them,
    bit for bit.

    Parameters
    ----------
    seed : int
        Who it is; also the noise.
    snr : float
        Amplitude of the answer to clips; 1 is the demo's clear wearer, see `SNR_LEVELS`.
    rate : float
        Samples a second.
    surrogate : bool
        Replace the answers by noise of the same spectrum and covariance that knows nothing of the clips:
        the null control. `watch` is then without effect.
    session : int
        Another sitting of the same wearer: the same head, other noise.
    """

    def __init__(
        self, seed: int, snr: float = 1.0, rate: float = 200.0, surrogate: bool = False, session: int = 0
    ) -> None:
        if rate <= 0 or snr < 0:
            raise ValueError("a wearer needs a positive rate and an snr of zero or more")
        self.rate = rate
        self.snr = snr
        self.position = 0
        """Samples rendered so far."""
        self._responder = Responder(np.random.default_rng((seed, 0)), rate)
        self._background = Background(seed, rate, session=session)
        self._trials = np.random.default_rng((seed, 3, session))
        self._ready = np.empty((0, len(CHANNELS)))
        self._answers: deque[tuple[int, Array]] = deque()
        self._loop = self._surrogate(np.random.default_rng((seed, 4, session))) if surrogate else None

    def watch(self, spec: ClipSpec, onset_sample: int, seconds: float = CLIP_SECONDS) -> None:
        """Show a clip.

        Parameters
        ----------
        spec : ClipSpec
            What is shown.
        onset_sample : int
            When it starts, counted from the wearer's first sample. What lies before the samples already
            rendered is lost.
        seconds : float
            For how long.
        """
        strength = float(np.exp(0.15 * self._trials.standard_normal()))
        if self._loop is None:
            self._answers.append((onset_sample, self._answer(spec, seconds, strength)))

    def close_eyes(self, onset_sample: int, seconds: float) -> None:
        """Close the eyes, with which alpha waxes; within a second, as a person who is asked to.

        Parameters
        ----------
        onset_sample : int
            When, counted from the wearer's first sample.
        seconds : float
            For how long.
        """
        self._background.close_eyes(onset_sample, onset_sample + round(seconds * self.rate))

    def render(self, n: int) -> Array:
        """The next samples.

        Parameters
        ----------
        n : int
            How many.

        Returns
        -------
        ndarray, shape (n, 62)
            Microvolt, in the order of `rtbci.montage.CHANNELS`.
        """
        blocks = [self._ready]
        while sum(map(len, blocks)) < n:
            blocks.append(self._background.block())
        joined = np.concatenate(blocks)
        out, self._ready = joined[:n].copy(), joined[n:]
        start, self.position = self.position, self.position + n
        if self._loop is not None:
            out += np.take(self._loop, np.arange(start, start + n), axis=0, mode="wrap")
        for onset, answer in self._answers:
            first, last = max(onset, start), min(onset + len(answer), self.position)
            if first < last:
                out[first - start : last - start] += answer[first - onset : last - onset]
        self._answers = deque(item for item in self._answers if item[0] + len(item[1]) > self.position)
        return out

    def _answer(self, spec: ClipSpec, seconds: float, strength: float) -> Array:
        return self.snr * _UNIT * self._responder.response(spec, seconds, strength)

    def _surrogate(self, rng: np.random.Generator) -> Array:
        """Answers to two minutes of clips with all phases redrawn, common to the channels (Theiler 1992)."""
        step = round(CLIP_SECONDS * self.rate)
        total = np.zeros((_SURROGATE_CLIPS * step, len(CHANNELS)))
        for index in range(_SURROGATE_CLIPS):
            spec = clip_spec(int(rng.integers(len(CONCEPTS))), int(rng.integers(2**31)))
            answer = self._answer(spec, CLIP_SECONDS, 1.0)
            total += np.roll(np.pad(answer, ((0, len(total) - len(answer)), (0, 0))), index * step, axis=0)
        spectrum = np.fft.rfft(total, axis=0)
        turn = np.exp(2j * np.pi * rng.random(len(spectrum)))
        turn[0] = 1.0
        return np.asarray(np.fft.irfft(spectrum * turn[:, None], n=len(total), axis=0), dtype=np.float64)
