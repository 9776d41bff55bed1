"""`rtbci present`: it tells the calibration what it showed, on a stream of its own."""

import os
import subprocess
import sys
import threading
import time

import pylsl
import pytest

from rtbci.calibrate import MarkerOutlet
from rtbci.stimuli.markers import ClipMarker, EndMarker, decode
from rtbci.stream import MarkerStream, StreamQuery
from tests.cli.conftest import ROOT

DRIVER = """
import sys
import rtbci.viewer.display
rtbci.viewer.display.has_display = lambda: True
from rtbci.cli import main
main()
"""


def test_a_clip_that_it_lacks_is_told_as_not_shown(source_id):
    name = f"{source_id}-clips"
    outlet = MarkerOutlet(name, name)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", DRIVER, "present", name, "--window", "--photodiode", "top-left"]
    present = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    told, enough = [], threading.Event()

    def on_marker(text, stamp):
        told.append((decode(text), stamp))
        if len(told) == 2:
            enough.set()

    listener = MarkerStream(StreamQuery(name=f"{name}-shown", type="Markers"), on_marker)
    listener.start()
    try:
        assert outlet._outlet.wait_for_consumers(60)
        deadline = time.monotonic() + 60
        while not pylsl.resolve_byprop("name", f"{name}-shown", timeout=1) and time.monotonic() < deadline:
            pass
        # The listener finds the stream within a moment.
        time.sleep(2.0)
        onset = pylsl.local_clock() + 0.5
        outlet.send(ClipMarker("cat", 1_000_000, 1.0, "a.mp4"), onset)
        outlet.send(ClipMarker("cat", 5, 1.0), onset + 1.0)
        outlet.send(EndMarker(), onset + 2.0)
        assert enough.wait(60)
        _, err = present.communicate(timeout=60)
    finally:
        present.kill()
        listener.stop()
    assert present.returncode == 0 and "lacks the clip a.mp4" in err
    (lacked, first), (shown, second) = told
    assert lacked.frames == 0 and first == pytest.approx(onset, abs=0.02)
    assert shown.frames > 0 and second == pytest.approx(onset + 1.0, abs=0.5)
