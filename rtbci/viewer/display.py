"""Whether there is a display to open a window on."""

import os
import platform

_INVISIBLE = ("offscreen", "minimal", "vnc")


def has_display() -> bool:
    """Whether a window would be seen by somebody.

    ``QT_QPA_PLATFORM`` decides where it is set; else, on Linux, ``DISPLAY`` or ``WAYLAND_DISPLAY``.
    """
    plugin = os.environ.get("QT_QPA_PLATFORM", "")
    if plugin:
        return plugin.split(":")[0] not in _INVISIBLE
    if platform.system() == "Linux":
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True
