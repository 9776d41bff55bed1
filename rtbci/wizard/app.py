"""The wizard as a programme."""

import threading

from PySide6.QtCore import QTimer

from rtbci.calibrate import Course
from rtbci.viewer.snapshot import ensure_application
from rtbci.wearers import Profile
from rtbci.wizard.window import WizardOptions, WizardWindow


def run_wizard(course: Course, options: WizardOptions, stop: threading.Event) -> tuple[Profile | None, bool]:
    """Show the window until it is closed; to be called from the main thread.

    Parameters
    ----------
    course : Course
    options : WizardOptions
    stop : threading.Event
        Closes the window when set.

    Returns
    -------
    Profile or None
        What was saved.
    bool
        Whether it was discarded on purpose.
    """
    application = ensure_application()
    window = WizardWindow(course, options)
    window.closed.connect(application.quit)

    def look() -> None:
        if stop.is_set():
            window.close()

    # It also lets Python see signals, which Qt's own loop would keep from it.
    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(100)
    window.show()
    window.start()
    try:
        application.exec()
    finally:
        timer.stop()
    if window.crash is not None:
        raise window.crash
    return (window.profile if window.saved else None), window.discarded
