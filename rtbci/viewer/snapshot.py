"""Pictures of the window as PNG files that say where they come from."""

import os
import time
from pathlib import Path

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QApplication

from rtbci.errors import UsageError
from rtbci.viewer.display import has_display
from rtbci.viewer.provenance import as_text, provenance
from rtbci.viewer.state import ViewState


def write_snapshot(
    state: ViewState, path: Path, size: tuple[int, int] = (1600, 900), now: float | None = None
) -> None:
    """Draw the window as it would look now and save it; needs no display.

    To be called from the main thread, as everything of Qt.

    Parameters
    ----------
    state : ViewState
        What to show.
    path : Path
        The PNG file; its folder is made if needed.
    size : tuple of int
        Width and height in pixels.
    now : float, optional
        The time (monotonic seconds) for which to draw; by default that of the last message, so that a
        picture saved after the session does not show everything as old.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """
    from rtbci.viewer.window import Window

    application = ensure_application()
    window = Window(path.parent)
    window.resize(*size)
    window.show_state(state, now if now is not None else state.heard or 0.0)
    image = window.grab().toImage()
    window.deleteLater()
    application.processEvents()
    save_image(image, state, path)


def ensure_application() -> QApplication:
    """Return the one QApplication, made without a screen where there is none.

    Closing its last window does not end it: windows end the loop that waits for them. Qt's own ending is an
    event, which may arrive after that loop, and every loop of the process would then return at once.
    """
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        if not has_display():
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        application = QApplication(["rtbci"])
    application.setQuitOnLastWindowClosed(False)
    return application


def save_image(image: QImage, state: ViewState, path: Path) -> None:
    """Save an image of the window with the provenance of its picture as PNG text.

    `rtbci.viewer.provenance.read_provenance` reads it back.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """
    for key, text in as_text(provenance(state, time.monotonic())).items():
        image.setText(key, text)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {path.parent} cannot be made ({error.strerror}); choose another."
        ) from error
    writer = QImageWriter(str(path), QByteArray(b"png"))
    if not writer.write(image):
        raise UsageError(
            f"The picture {path} cannot be written ({writer.errorString()}); choose another folder."
        )
