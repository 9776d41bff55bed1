"""What a clip shows, in one line of English."""

from typing import NamedTuple

from rtbci.errors import StimulusError
from rtbci.stimuli.spec import ClipSpec


class Wording(NamedTuple):
    """The words for one concept: its noun, and what it does slowly and fast."""

    singular: str
    plural: str
    slow: str
    fast: str


# Places and foods have no gait of their own: their second word says what moves in the picture.
WORDINGS: dict[str, Wording] = {
    "cat": Wording("cat", "cats", "walking slowly", "running fast"),
    "dog": Wording("dog", "dogs", "walking slowly", "running fast"),
    "elephant": Wording("elephant", "elephants", "walking slowly", "walking fast"),
    "horse": Wording("horse", "horses", "walking slowly", "galloping fast"),
    "panda": Wording("panda", "pandas", "walking slowly", "walking fast"),
    "rabbit": Wording("rabbit", "rabbits", "hopping slowly", "hopping fast"),
    "bird": Wording("bird", "birds", "gliding slowly", "flapping fast"),
    "fish": Wording("fish", "fish", "swimming slowly", "swimming fast"),
    "jellyfish": Wording("jellyfish", "jellyfish", "drifting slowly", "pulsing fast"),
    "whale": Wording("whale", "whales", "swimming slowly", "swimming fast"),
    "turtle": Wording("turtle", "turtles", "crawling slowly", "paddling fast"),
    "flower": Wording("flower", "flowers", "swaying slowly", "swaying fast"),
    "mushroom": Wording("mushroom", "mushrooms", "swaying slowly", "swaying fast"),
    "tree": Wording("tree", "trees", "swaying slowly", "swaying fast"),
    "boxing": Wording("pair of people boxing", "pairs of people boxing", "slowly", "fast"),
    "dancing": Wording("person dancing", "people dancing", "slowly", "fast"),
    "running": Wording("person running", "people running", "slowly", "fast"),
    "skiing": Wording("person skiing", "people skiing", "slowly", "fast"),
    "face": Wording("face", "faces", "turning slowly", "talking fast"),
    "couple": Wording("couple", "couples", "walking slowly", "walking fast"),
    "crowd": Wording("crowd", "crowds", "swaying slowly", "waving fast"),
    "beach": Wording("umbrella", "umbrellas", "slow", "fast"),
    "city": Wording("car", "cars", "slow", "fast"),
    "mountain": Wording("mountain", "mountains", "slow", "fast"),
    "road": Wording("car", "cars", "slow", "fast"),
    "water": Wording("waterfall", "waterfalls", "flowing slowly", "rushing fast"),
    "fireworks": Wording("firework", "fireworks", "bursting slowly", "bursting fast"),
    "banana": Wording("banana", "bananas", "turning slowly", "turning fast"),
    "cake": Wording("cake", "cakes", "glowing slowly", "flickering fast"),
    "drink": Wording("drink", "drinks", "bubbling slowly", "bubbling fast"),
    "pizza": Wording("pizza", "pizzas", "turning slowly", "turning fast"),
    "watermelon": Wording("watermelon", "watermelons", "rocking slowly", "rocking fast"),
    "drum": Wording("drum", "drums", "beating slowly", "beating fast"),
    "guitar": Wording("guitar", "guitars", "playing slowly", "playing fast"),
    "piano": Wording("piano", "pianos", "playing slowly", "playing fast"),
    "motorbike": Wording("motorbike", "motorbikes", "riding slowly", "riding fast"),
    "car": Wording("car", "cars", "driving slowly", "driving fast"),
    "balloon": Wording("hot-air balloon", "hot-air balloons", "drifting slowly", "rising fast"),
    "airplane": Wording("airplane", "airplanes", "flying slowly", "flying fast"),
    "ship": Wording("ship", "ships", "sailing slowly", "sailing fast"),
}

_PLACES = {
    "meadow": "in a meadow",
    "forest": "in a forest",
    "savanna": "on the savanna",
    "snow": "in the snow",
    "beach": "on a beach",
    "sea": "on the sea",
    "underwater": "under water",
    "mountains": "in the mountains",
    "city": "in a city",
    "road": "on a road",
    "room": "in a room",
    "table": "on a table",
    "stage": "on a stage",
}
_PLACES_BELOW = {
    "meadow": "over a meadow",
    "savanna": "over the savanna",
    "sea": "over the sea",
    "mountains": "over the mountains",
    "city": "over a city",
}
_FLYING = frozenset({"bird", "balloon", "airplane", "fireworks"})
_SKIES = {"day": "by day", "sunset": "at sunset", "night": "at night", "overcast": "under clouds"}
_CLOTHED = frozenset({"boxing", "dancing", "running", "skiing", "couple", "crowd"})
_QUANTITIES = ("", "two", "many")


def caption(spec: ClipSpec) -> str:
    """Say in one line of English what a clip shows.

    Every caption names the concept, the colour, the number, the speed, the place and the sky.

    Examples
    --------
    ``"two orange cats walking slowly in a forest at night"``,
    ``"a beach with many red umbrellas and slow waves at sunset"``.
    """
    return f"{_subject(spec)} {_SKIES[spec.attribute('sky')]}"


def _subject(spec: ClipSpec) -> str:
    name, colour = spec.name, spec.attribute("colour")
    words = WORDINGS.get(name)
    if words is None:
        raise StimulusError(f"The concept '{name}' has no wording; add one to WORDINGS in captions.py.")
    motion = words.slow if spec.attribute("speed") == "slow" else words.fast
    if name == "beach":
        return f"a beach with {_counted(spec, colour, words)} and {motion} waves"
    if name in ("city", "road"):
        return f"a {name} with {_counted(spec, motion, words, colour)}"
    if name == "mountain":
        return f"{_counted(spec, colour, words)} under {motion} clouds"
    place = _place(spec)
    if name in _CLOTHED:
        return f"{_counted(spec, '', words)} {motion} in {colour} clothes {place}"
    if name == "face":
        return f"{_counted(spec, '', words)} with {colour} hair {motion} {place}"
    return f"{_counted(spec, colour, words)} {motion} {place}"


def _counted(spec: ClipSpec, first: str, words: Wording, second: str = "") -> str:
    """Quantity, adjectives and noun: ``"two orange cats"``, ``"an orange cat"``."""
    noun = words.singular if spec.number == 0 else words.plural
    phrase = " ".join(part for part in (first, second, noun) if part)
    if spec.number:
        return f"{_QUANTITIES[spec.number]} {phrase}"
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _place(spec: ClipSpec) -> str:
    scene = spec.attribute("scene")
    if spec.name in _FLYING:
        return _PLACES_BELOW.get(scene, _PLACES[scene])
    if spec.name == "whale" and scene == "sea":
        return "in the sea"
    return _PLACES[scene]
