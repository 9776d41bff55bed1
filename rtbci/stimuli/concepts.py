"""The forty concepts, in SEED-DV's order, and the attributes that a clip of the corpus has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that can be watched.

    Attributes
    ----------
    index : int
        Position in `CONCEPTS`, from 0. SEED-DV's own labels count from 1.
    name : str
        One lower-case word.
    group : str
        One of the nine coarse groups.
    """

    index: int
    name: str
    group: str


_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("land animal", ("cat", "dog", "elephant", "horse", "panda", "rabbit", "bird")),
    ("water animal", ("fish", "jellyfish", "whale", "turtle")),
    ("plant", ("flower", "mushroom", "tree")),
    ("exercise", ("boxing", "dancing", "running", "skiing")),
    ("human", ("face", "couple", "crowd")),
    ("natural scene", ("beach", "city", "mountain", "road", "water", "fireworks")),
    ("food", ("banana", "cake", "drink", "pizza", "watermelon")),
    ("musical instrument", ("drum", "guitar", "piano")),
    ("transportation", ("motorbike", "car", "balloon", "airplane", "ship")),
)

CONCEPTS: tuple[Concept, ...] = tuple(
    Concept(index, name, group)
    for index, (group, name) in enumerate((group, name) for group, names in _GROUPS for name in names)
)
CONCEPT_NAMES: tuple[str, ...] = tuple(concept.name for concept in CONCEPTS)
GROUPS: tuple[str, ...] = tuple(group for group, _ in _GROUPS)

COLOURS: tuple[str, ...] = ("red", "orange", "yellow", "green", "blue", "purple", "brown", "grey")
NUMBERS: tuple[str, ...] = ("one", "two", "many")
SPEEDS: tuple[str, ...] = ("slow", "fast")
SKIES: tuple[str, ...] = ("day", "sunset", "night", "overcast")
SCENES: tuple[str, ...] = (
    "meadow",
    "forest",
    "savanna",
    "snow",
    "beach",
    "sea",
    "underwater",
    "mountains",
    "city",
    "road",
    "room",
    "table",
    "stage",
)
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "colour": COLOURS,
    "number": NUMBERS,
    "speed": SPEEDS,
    "scene": SCENES,
    "sky": SKIES,
}
"""Every attribute's name and its possible values, in the order used by labels and posteriors."""
