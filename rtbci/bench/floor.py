"""The floor of sample-to-window latency: pylsl, scipy and a rolling buffer, by hand, without checks."""

import threading
import time

import numpy as np
import pylsl
from scipy.signal import butter, sosfilt

from rtbci.errors import StreamError

_OPEN_S = 5.0


def floor_latencies(info: pylsl.StreamInfo, seconds: float, stop: threading.Event) -> list[float]:
    """Measure the least that any Python runtime could take for the same stream.

    A causal band-pass (1-40 Hz, Butterworth of order 4) and a 2 s window, updated for each pull.

    Parameters
    ----------
    info : pylsl.StreamInfo
        The stream.
    seconds : float
        How long to measure.
    stop : threading.Event
        Ends it early; what was measured until then is returned.

    Returns
    -------
    list of float
        Milliseconds from the stamp of the newest sample to the window, one each 0.5 s of EEG.

    Raises
    ------
    StreamError
        If no sample comes.
    """
    rate, channels = info.nominal_srate(), info.channel_count()
    inlet = pylsl.StreamInlet(info, max_buflen=10, processing_flags=pylsl.proc_none)
    sos = butter(4, (1.0, 40.0), btype="bandpass", fs=rate, output="sos")
    state = np.zeros((sos.shape[0], 2, channels))
    window = np.zeros((round(2 * rate), channels))
    hop, seen, times = round(rate / 2), 0, []
    began = time.monotonic()
    while not stop.is_set() and time.monotonic() - began < seconds:
        # The first pull opens the stream; calls are short so that `stop` is heard.
        samples, stamps = inlet.pull_chunk(timeout=0.2, max_samples=64, min_samples=1)
        if not stamps:
            if seen == 0 and time.monotonic() - began > _OPEN_S:
                raise StreamError(
                    f"Stream '{info.name()}' sent nothing for {_OPEN_S:g} s; close what keeps this machine "
                    "busy and measure again."
                )
            continue
        filtered, state = sosfilt(sos, np.asarray(samples, dtype=np.float64), axis=0, zi=state)
        window = np.concatenate([window[len(filtered) :], filtered])
        if (seen + len(stamps)) // hop != seen // hop and seen > 2 * rate:
            times.append((pylsl.local_clock() - stamps[-1]) * 1e3)
        seen += len(stamps)
    inlet.close_stream()
    return times
