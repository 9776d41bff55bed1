"""What watching a clip does to a simulated wearer's cortex, and so to the electrodes.

A population-wide random code turns what the eye could take from a clip (`ClipSpec.features`) into the
activity of 28 sources. Two kernels are evoked: an early and a late response to the onset, of either sign. Two
are rhythms that last as long as the clip and whose power carries the code, as alpha and theta power do: one
at the source's own frequency, one of motion whose frequency follows the clip's speed. The evoked part is
found by a decoder that knows the onset, the rhythms also by one that does not. Wearers share the code; each
has own source positions and orientations, gains, latency, tempo and saturation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.wearer_head import topographies, unit
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS, GROUPS
from rtbci.stimuli.spec import ClipSpec

Array = NDArray[np.float64]

SOURCES = 28
KERNELS = 4
TAIL_S = 0.6
"""How long a response outlasts its clip."""
_POPULATION_SEED = 62_200
_CONCEPT, _GROUP, _ATTRIBUTE, _LAYOUT, _CONSTANT = 1.0, 0.35, 0.36, 0.25, 0.5
_DEPTH = 0.5
"""How strongly the code modulates a rhythm's amplitude, which is its exponential."""


@dataclass(frozen=True)
class Code:
    """The random code that all wearers share.

    Attributes
    ----------
    mixing : ndarray, shape (28, 4, 75)
        From a clip's features to the amplitude of each kernel at each source.
    directions, orientations : ndarray, shape (28, 3)
        Mean places and directions of the sources; visual areas, temporal and parietal association.
    centre_s, width_s, hertz, phase : ndarray, shape (28, 4)
        Shape of each kernel: middle and spread of the two onset responses (the other two last as long as
        the clip), frequency and phase of its oscillation.
    """

    mixing: Array
    directions: Array
    orientations: Array
    centre_s: Array
    width_s: Array
    hertz: Array
    phase: Array


def population_code(seed: int = _POPULATION_SEED) -> Code:
    """Draw the code; the same seed gives the same population."""
    rng = np.random.default_rng(seed)
    shape = (SOURCES, KERNELS)
    groups = rng.standard_normal((*shape, len(GROUPS))) * _GROUP
    concepts = rng.standard_normal((*shape, len(CONCEPTS))) * _CONCEPT
    concepts += groups[..., [GROUPS.index(concept.group) for concept in CONCEPTS]]
    attributes = rng.standard_normal((*shape, sum(map(len, ATTRIBUTES.values())))) * _ATTRIBUTE
    layout = rng.standard_normal((*shape, 4)) * _LAYOUT
    constant = rng.standard_normal((*shape, 1)) * _CONSTANT
    mixing = np.concatenate([concepts, attributes, layout, constant], axis=2)

    front = np.concatenate(
        [rng.uniform(-1.0, -0.55, 16), rng.uniform(-0.6, 0.2, 8), rng.uniform(0.2, 0.8, 4)]
    )
    up = np.concatenate([rng.uniform(-0.3, 0.4, 16), rng.uniform(-0.2, 0.9, 8), rng.uniform(0.2, 0.7, 4)])
    side = np.where(np.arange(SOURCES) % 2, 1.0, -1.0) * rng.uniform(0.15, 0.9, SOURCES)
    directions = unit(np.stack([side, front, up], axis=1))
    ones = np.ones(SOURCES)
    return Code(
        mixing=mixing,
        directions=directions,
        orientations=unit(directions + 0.9 * rng.standard_normal((SOURCES, 3))),
        centre_s=np.stack(
            [rng.uniform(0.12, 0.3, SOURCES), rng.uniform(0.4, 0.9, SOURCES), ones, ones], axis=1
        ),
        width_s=np.stack(
            [rng.uniform(0.05, 0.1, SOURCES), rng.uniform(0.12, 0.25, SOURCES), ones, ones], axis=1
        ),
        hertz=np.stack(
            [
                rng.uniform(3.0, 9.0, SOURCES),
                rng.uniform(2.0, 6.0, SOURCES),
                rng.uniform(4.0, 10.0, SOURCES),
                rng.uniform(3.0, 5.5, SOURCES),
            ],
            axis=1,
        ),
        phase=rng.uniform(0.0, 2.0 * np.pi, shape),
    )


class Responder:
    """One wearer's cortex behind the 62 electrodes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything that is this wearer's own.
    rate : float
        Samples a second.
    """

    def __init__(self, rng: np.random.Generator, rate: float) -> None:
        self.rate = rate
        self._code = code = population_code()
        directions = unit(code.directions + 0.1 * rng.standard_normal((SOURCES, 3)))
        orientations = unit(code.orientations + 0.25 * rng.standard_normal((SOURCES, 3)))
        self._field = topographies(directions, orientations)
        self._gain = np.exp(0.3 * rng.standard_normal(SOURCES))
        self._latency_s = rng.uniform(0.0, 0.15) + rng.uniform(-0.015, 0.015, SOURCES)
        self._tempo = rng.uniform(0.94, 1.06)
        self._saturation = rng.uniform(0.1, 0.3)

    def response(self, spec: ClipSpec, seconds: float, strength: float) -> Array:
        """The electrodes' answer to one clip, from its onset on.

        Parameters
        ----------
        spec : ClipSpec
            What is shown.
        seconds : float
            For how long.
        strength : float
            Gain of this trial (attention).

        Returns
        -------
        ndarray, shape (n, 62)
            Arbitrary units; the wearer scales them to microvolt.
        """
        amplitude = self._code.mixing @ spec.features().astype(np.float64)
        amplitude[:, 2:] = np.exp(_DEPTH * amplitude[:, 2:])
        t = np.arange(round((seconds + TAIL_S) * self.rate)) / self.rate
        drive = np.einsum("tsk,sk->ts", self._kernels(t, seconds, spec.speed), amplitude)
        drive = np.tanh(self._saturation * drive) / self._saturation
        return np.asarray(strength * (drive * self._gain) @ self._field, dtype=np.float64)

    def _kernels(self, t: Array, seconds: float, speed: int) -> Array:
        code = self._code
        local = (t[:, None] - self._latency_s) * self._tempo
        since = local[:, :, None]
        bump = np.exp(-0.5 * ((since - code.centre_s) / code.width_s) ** 2)
        rise, fall = (local - 0.2) / 0.15, (seconds + 0.1 - local) / 0.15
        lasting = np.clip(rise, 0.0, 1.0) * np.clip(fall, 0.0, 1.0)
        bump[:, :, 2] = lasting
        bump[:, :, 3] = lasting
        hertz = code.hertz * np.array([1.0, 1.0, 1.0, 1.7 if speed else 1.0])
        wave = bump * np.cos(2.0 * np.pi * hertz * since + code.phase)
        return np.where(since >= 0.0, wave, 0.0)
