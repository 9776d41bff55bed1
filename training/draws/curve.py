"""The learning curve of the generator that draws, as JSON and as a picture."""

import importlib.util
import logging
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)

CURVE_FILE = "curve.json"
PLOT_FILE = "curve.png"


class Point(msgspec.Struct, frozen=True):
    """One measurement.

    Attributes
    ----------
    step : int
    seconds : float
        Spent so far, the making of the corpus included.
    training : float or None
        Mean loss since the last measurement.
    own, other, none : float
        Loss on held-out pictures with strong evidence of their own, of another scene, and without any. The
        evidence counts as far as the first lies below the others.
    clips : float
        Loss on held-out clips with their own evidence.
    """

    step: int
    seconds: float
    training: float | None
    own: float
    other: float
    none: float
    clips: float


def read_curve(folder: Path) -> list[Point]:
    """Read what `write_curve` wrote; empty where there is nothing."""
    file = folder / CURVE_FILE
    return msgspec.json.decode(file.read_bytes(), type=list[Point]) if file.is_file() else []


def write_curve(folder: Path, curve: list[Point]) -> None:
    """Write the curve as JSON and, where matplotlib is installed, as a picture."""
    file = folder / CURVE_FILE
    partial = file.with_suffix(".tmp")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(curve), indent=1))
    partial.replace(file)
    if importlib.util.find_spec("matplotlib") is None:
        log.info("no picture of the curve: matplotlib comes with the extra `bench`")
        return
    _plot(folder / PLOT_FILE, curve)


def _plot(file: Path, curve: list[Point]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.2), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    minutes = [point.seconds / 60 for point in curve]
    lines = (
        ("other", "pictures, another scene's evidence", "#c2703d", "-"),
        ("none", "pictures, no evidence", "#8b97a8", "-"),
        ("own", "pictures, their own evidence", "#1f6fb4", "-"),
        ("clips", "clips, their own evidence", "#1f6fb4", "--"),
    )
    for name, label, colour, style in lines:
        marker = "o" if len(curve) < 3 else None
        axes.plot(
            minutes,
            [getattr(point, name) for point in curve],
            style,
            color=colour,
            label=label,
            linewidth=1.8,
            marker=marker,
        )
    axes.set_xlabel("minutes")
    axes.set_ylabel("loss on held-out scenes")
    axes.set_title("A generator that draws: does the evidence count?", loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=9)
    figure.savefig(file)
