"""Colours, type and scale of the window."""

from pathlib import Path

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QFontDatabase

FONTS = Path(__file__).parent / "fonts"

BACKGROUND = QColor("#090c11")
CARD = QColor("#10151d")
CARD_EDGE = QColor("#1b2330")
TRACK = QColor("#1a222e")
TEXT = QColor("#eef2f7")
SOFT = QColor("#a3afbf")
FAINT = QColor("#66748a")
CHANCE = QColor("#a3afbf")
NULL = QColor("#c39af0")
GOOD = QColor("#45d39a")
WARN = QColor("#f2b04a")
BAD = QColor("#f4646c")
BLUE = QColor("#58b2f5")

STRENGTH = {"none": QColor("#7d8899"), "weak": WARN, "moderate": BLUE, "strong": GOOD}
WORDS = {
    "none": "No evidence",
    "weak": "Weak evidence",
    "moderate": "Moderate evidence",
    "strong": "Strong evidence",
}
VERDICTS = {
    "good": GOOD,
    "noisy": WARN,
    "mains": QColor("#ff8f4f"),
    "odd": QColor("#d987f0"),
    "flat": BAD,
    "railed": QColor("#ff4f86"),
    "missing": QColor("#66748a"),
}

DESIGNED_FOR = (1600, 900)


class Theme:
    """Fonts and lengths at the window's scale; lengths are given as at 1600 x 900."""

    def __init__(self) -> None:
        load_fonts()
        self.scale = 1.0

    def fit(self, width: int, height: int) -> None:
        """Choose the scale for a window of this size."""
        self.scale = max(0.5, min(width / DESIGNED_FOR[0], height / DESIGNED_FOR[1]))

    def px(self, length: float) -> float:
        """A length on this window."""
        return length * self.scale

    def font(self, size: float, bold: bool = False) -> QFont:
        """The window's font, `size` pixels high, with figures of equal width."""
        font = QFont("Inter")
        font.setPixelSize(max(8, round(size * self.scale)))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font


def load_fonts() -> None:
    """Make the shipped font known to Qt: machines without any fonts show text all the same."""
    if "Inter" in QFontDatabase.families():
        return
    for file in sorted(FONTS.glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(file))


def faded(colour: QColor, opacity: float) -> QColor:
    """The same colour, more transparent."""
    out = QColor(colour)
    out.setAlphaF(max(0.0, min(1.0, opacity)))
    return out


def inset(rect: QRectF, x: float, y: float | None = None) -> QRectF:
    """The rectangle without a margin of x (and y)."""
    dy = x if y is None else y
    return rect.adjusted(x, dy, -x, -dy)
