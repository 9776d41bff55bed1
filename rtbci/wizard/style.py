"""How the wizard's forms look: the viewer's colours and type, for Qt's own widgets."""

from PySide6.QtGui import QColor

from rtbci.viewer import theme as look
from rtbci.viewer.theme import Theme


def sheet(theme: Theme) -> str:
    """Return the style sheet at the theme's scale."""

    def px(length: float) -> str:
        return f"{max(1, round(theme.px(length)))}px"

    def tint(colour: QColor, opacity: float) -> str:
        return f"rgba({colour.red()}, {colour.green()}, {colour.blue()}, {opacity})"

    text, soft, faint = look.TEXT.name(), look.SOFT.name(), look.FAINT.name()
    return f"""
    * {{ font-family: Inter; font-size: {px(20)}; color: {text}; }}
    QWidget#wizard {{ background: {look.BACKGROUND.name()}; }}
    QLabel {{ background: transparent; }}
    QLabel#title {{ font-size: {px(40)}; font-weight: 600; }}
    QLabel#lead {{ font-size: {px(21)}; color: {soft}; }}
    QLabel#heading {{ font-size: {px(24)}; font-weight: 600; }}
    QLabel#note {{ font-size: {px(18)}; color: {soft}; }}
    QLabel#note[tone="warn"] {{ color: {look.WARN.name()}; }}
    QFrame#card {{ background: {look.CARD.name()}; border: 1px solid {look.CARD_EDGE.name()};
        border-radius: {px(14)}; }}
    QLabel#message {{ font-size: {px(19)}; padding: {px(12)} {px(20)}; border-radius: {px(10)}; }}
    QLabel#message[tone="bad"] {{ background: {tint(look.BAD, 0.16)}; color: {text}; }}
    QLabel#message[tone="good"] {{ background: {tint(look.GOOD, 0.14)}; color: {text}; }}
    QLabel#message[tone="info"] {{ color: {soft}; }}
    QPushButton {{ background: {look.TRACK.name()}; border: 1px solid #2a3545; border-radius: {px(10)};
        padding: {px(13)} {px(30)}; font-weight: 600; }}
    QPushButton:hover {{ background: #222d3c; }}
    QPushButton:focus {{ border: 1px solid {look.BLUE.name()}; }}
    QPushButton:disabled {{ color: #445063; border-color: {look.TRACK.name()}; }}
    QPushButton#primary {{ background: {look.BLUE.name()}; border: 1px solid {look.BLUE.name()};
        color: #06121d; padding: {px(13)} {px(40)}; }}
    QPushButton#primary:hover {{ background: #7cc3f8; }}
    QPushButton#primary:disabled {{ background: {look.TRACK.name()}; color: {faint};
        border-color: {look.TRACK.name()}; }}
    QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {{ background: {look.BACKGROUND.name()};
        border: 1px solid #2a3545; border-radius: {px(9)}; padding: {px(10)} {px(14)};
        selection-background-color: {look.BLUE.name()}; min-height: {px(26)}; }}
    QLineEdit#name {{ font-size: {px(28)}; font-weight: 600; }}
    QLineEdit#name:disabled {{ background: transparent; border-color: {look.TRACK.name()}; color: {soft}; }}
    QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{
        border: 1px solid {look.BLUE.name()}; }}
    QComboBox::drop-down {{ border: 0; width: {px(30)}; }}
    QComboBox::down-arrow {{ image: none; }}
    QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{
        width: 0; border: 0; }}
    QComboBox QAbstractItemView {{ background: {look.CARD.name()}; border: 1px solid #2a3545;
        selection-background-color: {look.TRACK.name()}; outline: 0; }}
    QCheckBox {{ spacing: {px(14)}; background: transparent; }}
    QCheckBox::indicator {{ width: {px(22)}; height: {px(22)}; border: {px(2)} solid {faint};
        border-radius: {px(6)}; background: {look.BACKGROUND.name()}; }}
    QCheckBox::indicator:checked {{ background: {look.BLUE.name()}; border-color: {look.BLUE.name()}; }}
    QCheckBox:focus {{ color: {look.BLUE.name()}; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
    QScrollBar:vertical {{ background: transparent; width: {px(10)}; }}
    QScrollBar::handle:vertical {{ background: #2a3545; border-radius: {px(5)}; min-height: {px(40)}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        height: 0; background: transparent; }}
    QToolTip {{ background: {look.CARD.name()}; color: {text}; border: 1px solid #2a3545; }}
    """
