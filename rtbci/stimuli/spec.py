"""What is in a clip: a concept, its attributes and its layout, all from one seed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import StimulusError
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPT_NAMES, SCENES

CLIP_SECONDS = 2.0
CLIP_FPS = 24.0

_SCENES_OF: Mapping[str, tuple[str, ...]] = {
    "cat": ("meadow", "forest", "room", "city"),
    "dog": ("meadow", "forest", "room", "beach"),
    "elephant": ("savanna", "meadow", "forest"),
    "horse": ("savanna", "meadow", "beach", "mountains"),
    "panda": ("forest", "meadow", "mountains"),
    "rabbit": ("meadow", "forest", "snow"),
    "bird": ("forest", "meadow", "mountains", "sea"),
    "fish": ("underwater",),
    "jellyfish": ("underwater",),
    "whale": ("underwater", "sea"),
    "turtle": ("underwater", "beach", "meadow"),
    "flower": ("meadow", "forest", "mountains"),
    "mushroom": ("forest", "meadow"),
    "tree": ("meadow", "savanna", "snow", "mountains"),
    "boxing": ("room", "stage"),
    "dancing": ("room", "stage", "beach"),
    "running": ("road", "meadow", "city", "beach"),
    "skiing": ("snow", "mountains"),
    "face": ("room", "meadow", "city", "stage"),
    "couple": ("meadow", "beach", "city", "road"),
    "crowd": ("city", "stage", "meadow"),
    "beach": ("beach",),
    "city": ("city",),
    "mountain": ("mountains",),
    "road": ("road",),
    "water": ("mountains", "forest"),
    "fireworks": ("city", "sea"),
    "banana": ("table",),
    "cake": ("table",),
    "drink": ("table", "beach"),
    "pizza": ("table",),
    "watermelon": ("table", "meadow"),
    "drum": ("stage", "room"),
    "guitar": ("stage", "room"),
    "piano": ("stage", "room"),
    "motorbike": ("road", "city", "savanna"),
    "car": ("road", "city", "beach"),
    "balloon": ("meadow", "mountains", "savanna", "sea"),
    "airplane": ("mountains", "city", "sea"),
    "ship": ("sea",),
}


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """Everything that decides what a clip of the corpus shows.

    Attributes
    ----------
    concept : int
        Index into `CONCEPTS`.
    seed : int
        The seed it was made from; it also decides details that have no name here.
    colour, number, speed, scene, sky : int
        Indices into the attributes' values (`ATTRIBUTES`).
    x, y : float
        Centre of the main object, as a fraction of width and height from the top left.
    size : float
        Height of the main object as a fraction of the picture's, 0.35 to 0.75.
    mirrored : bool
        Whether the main object faces left.
    """

    concept: int
    seed: int
    colour: int
    number: int
    speed: int
    scene: int
    sky: int
    x: float
    y: float
    size: float
    mirrored: bool

    @property
    def name(self) -> str:
        """The concept's name."""
        return CONCEPT_NAMES[self.concept]

    def attribute(self, name: str) -> str:
        """Value of one attribute in words, for example ``spec.attribute("sky")``."""
        return ATTRIBUTES[name][int(getattr(self, name))]

    def features(self) -> NDArray[np.float32]:
        """What an eye could take from the clip, as numbers.

        Returns
        -------
        ndarray, shape (75,), float32
            One-hot concept (40), colour (8), number (3), speed (2), scene (13) and sky (4),
            then x, y and size scaled to about -1..1, the mirror as -1 or 1, and a constant 1.
        """
        parts = [_one_hot(self.concept, len(CONCEPT_NAMES))]
        parts += [_one_hot(int(getattr(self, name)), len(values)) for name, values in ATTRIBUTES.items()]
        layout = ((self.x - 0.5) * 4, (self.y - 0.55) * 4, (self.size - 0.55) * 5)
        parts.append(np.array([*layout, 1.0 if self.mirrored else -1.0, 1.0], dtype=np.float32))
        return np.concatenate(parts)


def _one_hot(index: int, length: int) -> NDArray[np.float32]:
    out = np.zeros(length, dtype=np.float32)
    out[index] = 1.0
    return out


def clip_spec(concept: int | str, seed: int) -> ClipSpec:
    """Make the clip of a concept that belongs to a seed.

    Parameters
    ----------
    concept : int or str
        Index or name of the concept.
    seed : int
        Any non-negative integer; the same seed always gives the same clip.

    Raises
    ------
    StimulusError
        If there is no such concept.
    """
    if isinstance(concept, str):
        if concept not in CONCEPT_NAMES:
            raise StimulusError(
                f"There is no concept '{concept}' in the corpus; choose one of {', '.join(CONCEPT_NAMES)}."
            )
        concept = CONCEPT_NAMES.index(concept)
    if not 0 <= concept < len(CONCEPT_NAMES):
        raise StimulusError(f"Concept {concept} is outside 0..{len(CONCEPT_NAMES) - 1}; choose one inside.")
    rng = np.random.default_rng((seed, concept))
    name = CONCEPT_NAMES[concept]
    number = int(rng.choice(3, p=(0.5, 0.28, 0.22)))
    size = float(rng.uniform(*((0.52, 0.75), (0.44, 0.58), (0.35, 0.46))[number]))
    sky = ATTRIBUTES["sky"].index("night") if name == "fireworks" else int(rng.integers(4))
    return ClipSpec(
        concept=concept,
        seed=seed,
        colour=int(rng.integers(len(ATTRIBUTES["colour"]))),
        number=number,
        speed=int(rng.integers(2)),
        scene=SCENES.index(str(rng.choice(_SCENES_OF[name]))),
        sky=sky,
        x=float(rng.uniform(0.34, 0.66)),
        y=float(rng.uniform(0.48, 0.64)),
        size=size,
        mirrored=bool(rng.integers(2)),
    )
