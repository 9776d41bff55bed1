"""What a place is made of: layers that drift against each other, and what moves by itself."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QPainter

from rtbci.stimuli.draw.skies import View

Paints = Callable[[QPainter, View], None]
Moves = Callable[[QPainter, View, float], None]


@dataclass(frozen=True, slots=True)
class Layer:
    """Part of a background that stays the same through a clip.

    Attributes
    ----------
    paint : callable
        Paints it once, in heights of the picture, from `View.left` to `View.right`.
    depth : float
        How much of the camera's movement it makes: 0 for the sky, 1 for what the objects stand on.
    drift : float
        Its own movement to the right, in heights of the picture a second.
    """

    paint: Paints
    depth: float = 0.0
    drift: float = 0.0


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A place.

    Attributes
    ----------
    horizon : float
        Where the ground begins, in heights of the picture from the top.
    layers : tuple of Layer
        From the farthest to the nearest; the first must cover everything.
    behind, before : callable or None
        What moves behind and before the objects, given the seconds since the clip's start.
    indoors : bool
        Whether the light comes from lamps and windows.
    """

    horizon: float
    layers: tuple[Layer, ...]
    behind: Moves | None = None
    before: Moves | None = None
    indoors: bool = False
