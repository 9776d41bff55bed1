"""Where a clip's objects stand, and how they and the camera move."""

import random
from dataclasses import dataclass

from rtbci.stimuli.draw.toolkit import Subject
from rtbci.stimuli.spec import ClipSpec

MIDDLE_S = 1.0
"""Time at which everything is where the specification says: the middle of a clip of two seconds."""

_TEMPO = {"slow": 0.35, "fast": 1.15}
_PACE = {"slow": 1.0, "fast": 4.5}
_PAN = {"slow": 0.012, "fast": 0.05}

_ROOM = (0.96, 0.6, 0.44)
"""For one, two and many: the width that one object may take, in heights of the picture."""
_LARGEST = (0.75, 0.58, 0.46)
"""For one, two and many: the largest size that specifications have."""
_FREEDOM = (1.0, 0.6, 0.5)
"""How much of `ClipSpec.x` is kept, so that groups are not cut off at the sides."""
_FARTHEST, _NEAREST = 0.66, 1.02
"""The lower edges that specifications ask for reach from the first to the second."""
_SPOTS: tuple[tuple[tuple[float, float, float], ...], ...] = (
    ((0.0, 0.0, 1.0),),
    ((-0.24, 0.03, 1.0), (0.25, -0.03, 0.92)),
    ((-0.3, 0.0, 0.94), (0.03, 0.06, 1.0), (0.32, -0.02, 0.92), (-0.1, -0.1, 0.72)),
)
"""For one, two and many: offset to the right and down in heights of the picture, factor on the size."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one object is at one moment.

    Attributes
    ----------
    index : int
        Which object; 0 is the main one.
    x, base : float
        The middle of its base, in heights of the picture from the upper left corner.
    size : float
        Its height in heights of the picture.
    facing_left : bool
    phase : float
        Its motion in cycles.
    ground : float
        Where its shadow lies, in heights of the picture from the top.
    """

    index: int
    x: float
    base: float
    size: float
    facing_left: bool
    phase: float
    ground: float


def tempo(spec: ClipSpec) -> float:
    """Cycles of motion a second."""
    return _TEMPO[spec.attribute("speed")]


def pan(spec: ClipSpec, t: float) -> float:
    """How far the camera has moved to the right, in heights of the picture; 0 in the clip's middle."""
    toward = -1.0 if spec.mirrored else 1.0
    return toward * _PAN[spec.attribute("speed")] * (t - MIDDLE_S)


def place(spec: ClipSpec, subject: Subject, t: float, aspect: float, horizon: float) -> list[Spot]:
    """Where the objects of a clip are at a moment, those farther away first.

    Parameters
    ----------
    spec : ClipSpec
    subject : Subject
    t : float
        Seconds since the clip's start.
    aspect : float
        Width of the picture over its height.
    horizon : float
        Where the ground begins, in heights of the picture from the top.
    """
    rng = random.Random(spec.seed * 64 + spec.concept)
    pace = _PACE[spec.attribute("speed")] * subject.travel
    room = _ROOM[spec.number] / (subject.width * subject.scale * _LARGEST[spec.number])
    size = spec.size * subject.scale * min(1.0, room)
    spots = []
    for index, (dx, dy, factor) in enumerate(_SPOTS[spec.number][: subject.most]):
        stray_x, stray_y, stray_phase = rng.uniform(-0.02, 0.02), rng.uniform(-0.02, 0.02), rng.random()
        # Two face each other now and then; those who travel all go the same way.
        turned = index == 1 and subject.travel == 0.0 and rng.random() < 0.5
        facing_left = spec.mirrored != turned
        phase = t * tempo(spec) + stray_phase
        height = size * factor
        x = (0.5 + (spec.x - 0.5) * _FREEDOM[spec.number]) * aspect + (dx + stray_x) * min(aspect, 1.3)
        x += (-1.0 if facing_left else 1.0) * pace * (t - MIDDLE_S) - pan(spec, t)
        base = _base(spec, subject, height, dy + stray_y, horizon)
        ground = base if _stands(spec, subject) else max(0.93, base)
        base -= subject.bob * height * _hop(phase)
        spots.append(Spot(index, x, base, height, facing_left, phase, ground))
    return sorted(spots, key=lambda spot: spot.base)


def _base(spec: ClipSpec, subject: Subject, height: float, down: float, horizon: float) -> float:
    if _stands(spec, subject) or _floats(spec, subject):
        # From the far edge of the ground to the picture's lower edge, whatever the place's horizon is.
        near = (spec.y + spec.size / 2 - _FARTHEST) / (_NEAREST - _FARTHEST)
        far_edge, near_edge = horizon + 0.08, 0.965 if _stands(spec, subject) else 0.88
        return min(far_edge + (near_edge - far_edge) * min(max(near, 0.0), 1.0) + down, 0.975)
    lift = 0.12 if subject.place == "air" else 0.05
    return spec.y - lift + height / 2 + down * (2.2 if spec.number else 1.0)


def _stands(spec: ClipSpec, subject: Subject) -> bool:
    """Under water nothing stands: a turtle, which walks elsewhere, swims."""
    return subject.place == "ground" and spec.attribute("scene") != "underwater"


def _floats(spec: ClipSpec, subject: Subject) -> bool:
    """What swims under water lies in the waves when it is seen from above them."""
    return subject.place == "water" or (subject.place == "deep" and spec.attribute("scene") != "underwater")


def _hop(phase: float) -> float:
    """Smooth rise and fall, -1 to 1, once a cycle."""
    wrapped = (phase % 1.0) * 2 - 1
    return 1 - 2 * wrapped * wrapped * (3 - 2 * abs(wrapped))
