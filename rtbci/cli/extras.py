"""Commands that need more than the base install say what to install."""

import importlib
import importlib.util

from rtbci.errors import UsageError


def need(command: str, extra: str, *modules: str) -> None:
    """Make sure that the modules of an extra are there.

    Raises
    ------
    UsageError
        If one is missing; the sentence says what to install.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"`rtbci {command}` needs {', '.join(missing)}, which the base install leaves out; "
            f"run pip install 'rtbci[{extra}]' with the project's constraints.txt."
        )


QT_LIBRARIES = "libegl1 libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0"
"""Packages of Debian and Ubuntu with what Qt needs of the system."""


def need_qt() -> None:
    """Make sure that Qt can be loaded; it needs libraries of the system that servers may lack.

    Raises
    ------
    UsageError
        If it cannot; the sentence says what to install.
    """
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        raise UsageError(
            f"Qt cannot be loaded here ({error}), and windows and pictures (PNG) both need it; on Debian or "
            f"Ubuntu run apt-get install {QT_LIBRARIES}; the text view (--headless) works without."
        ) from error


def has_qt() -> bool:
    """Whether Qt can be loaded."""
    try:
        need_qt()
    except UsageError:
        return False
    return True
