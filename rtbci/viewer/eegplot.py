"""The traces of the scrolling EEG, drawn by pyqtgraph."""

from math import ceil

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from rtbci.viewer import theme as look
from rtbci.viewer.history import EegHistory
from rtbci.viewer.theme import Theme
from rtbci.viewer.traces import lost_stretches, thinned

_REACH = 2.5
"""Lanes that a trace may leave its own by."""
_MARGIN = 0.4


class EegPlot(pg.PlotWidget):  # type: ignore[misc]
    """One lane a channel, the newest sample at the right edge; one curve for all traces of a colour."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, background=look.CARD)
        self._theme = theme
        self._curves: dict[str, pg.PlotCurveItem] = {}
        self._borders: list[int] = []
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.hideAxis("bottom")
        self.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self.getViewBox().setDefaultPadding(0)
        axis = self.getAxis("left")
        axis.setPen(None)
        axis.setTextPen(look.SOFT)
        axis.setStyle(tickLength=0)
        self._lines = pg.PlotCurveItem(pen=pg.mkPen(look.CARD_EDGE), connect="pairs")
        self._gaps = pg.BarGraphItem(x0=[], x1=[], y0=0, y1=1, pen=None, brush=look.faded(look.BAD, 0.28))
        self.addItem(self._lines)
        self.addItem(self._gaps)

    @property
    def lane_px(self) -> float:
        """Height of a lane on the screen."""
        (bottom, top) = self.getViewBox().viewRange()[1]
        return float(self.height() / (top - bottom))

    def name_lanes(self, lanes: int, names: list[tuple[float, str]], borders: list[int], size: float) -> None:
        """Set the number of lanes, the names beside them (lanes from the top), and lines between some."""
        axis = self.getAxis("left")
        axis.setStyle(tickFont=self._theme.font(size), tickTextOffset=round(self._theme.px(8)))
        axis.setWidth(round(self._theme.px(78)))
        axis.setTicks([[(lanes - at, name) for at, name in names]])
        self.setYRange(-_MARGIN, lanes + _MARGIN, padding=0)
        self._borders = [lanes - border for border in borders]

    def show_traces(
        self, history: EegHistory, picks: NDArray[np.intp], lane_uv: float, colours: list[QColor]
    ) -> None:
        """Draw the history of the picked channels, each in its colour."""
        start, data = history.since(0)
        per_bin = ceil(2 * history.capacity / max(1, self.width()))
        numbers, values = thinned(start, data[:, picks], per_bin)
        seconds = (numbers - history.total) / history.rate
        levels = len(picks) - 0.5 - np.arange(len(picks))
        y = np.clip(values / lane_uv, -_REACH, _REACH) + levels
        # A row of NaN keeps the end of a trace from the beginning of the next.
        nothing = np.full((1, len(picks)), np.nan)
        x, y = np.concatenate((seconds, nothing)), np.concatenate((y, nothing))
        names = np.array([colour.name() for colour in colours])
        for name in {*names.tolist(), *self._curves}:
            mine = names == name
            self._curve(name).setData(x[:, mine].T.ravel(), y[:, mine].T.ravel(), connect="finite")
        self._show_seconds(history, len(picks))
        self._show_gaps(history, start, data, len(picks))

    def _curve(self, colour: str) -> pg.PlotCurveItem:
        # Qt draws fine lines smoothly at no cost, but smooth wide ones a hundred times slower.
        width = max(1, round(self.devicePixelRatioF()))
        if colour not in self._curves:
            self._curves[colour] = pg.PlotCurveItem()
            self.addItem(self._curves[colour])
        self._curves[colour].setPen(pg.mkPen(colour, width=width))
        self._curves[colour].opts["antialias"] = width == 1
        return self._curves[colour]

    def _show_seconds(self, history: EegHistory, lanes: int) -> None:
        self.setXRange(-history.seconds, 0, padding=0)
        newest = history.total / history.rate
        marks = np.arange(ceil(newest - history.seconds), newest) - newest
        borders = np.array(self._borders, dtype=float)
        x = np.concatenate((np.repeat(marks, 2), np.tile((-history.seconds, 0.0), len(borders))))
        y = np.concatenate((np.tile((0.0, lanes), len(marks)), np.repeat(borders, 2)))
        self._lines.setData(x, y, connect="pairs")

    def _show_gaps(self, history: EegHistory, start: int, data: NDArray[np.floating], lanes: int) -> None:
        stretches = np.array(lost_stretches(data), dtype=float).reshape(-1, 2)
        x = (start + stretches - history.total) / history.rate
        self._gaps.setOpts(x0=x[:, 0], x1=x[:, 1], y1=lanes)
