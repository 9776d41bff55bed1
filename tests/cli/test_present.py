"""`rtbci present`: it tells the calibration what it showed, on a stream of its own."""

import os
import subprocess
import sys

import pylsl
import pytest

from rtbci.calibrate import MarkerOutlet
from rtbci.stimuli.markers import ClipMarker, EndMarker, decode
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
    try:
        assert outlet._outlet.wait_for_consumers(60)
        (shown,) = pylsl.resolve_byprop("name", f"{name}-shown", timeout=60)
        listener = pylsl.StreamInlet(shown, recover=False)
        # What is told before somebody listens is lost.
        listener.open_stream(60)
        onset = pylsl.local_clock() + 0.5
        outlet.send(ClipMarker("cat", 1_000_000, 1.0, "a.mp4"), onset)
        outlet.send(ClipMarker("cat", 5, 3.0), onset + 1.0)
        outlet.send(EndMarker(), onset + 4.0)
        told = []
        for _ in range(2):
            (text,), stamp = listener.pull_sample(timeout=60)
            told.append((decode(text), stamp))
        _, err = present.communicate(timeout=60)
    finally:
        present.kill()
    assert present.returncode == 0 and "lacks the clip a.mp4" in err
    (lacked, first), (shown, second) = told
    assert lacked.frames == 0 and first == pytest.approx(onset, abs=0.02)
    # A busy machine may show it late, and says so.
    assert shown.frames > 0 and onset + 0.98 <= second < onset + 4.0
    assert shown.late_ms == pytest.approx(1000 * (second - onset - 1.0), abs=20)
