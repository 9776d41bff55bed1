"""The floor of sample-to-window latency: pylsl, scipy and a rolling buffer, by hand, without checks."""

import time

import numpy as np
import pylsl
from scipy.signal import butter, sosfilt


def floor_latencies(info: pylsl.StreamInfo, seconds: float) -> list[float]:
    """Measure the least that any Python runtime could take for the same stream.

    A causal band-pass (1-40 Hz, Butterworth of order 4) and a 2 s window, updated for each pull.

    Parameters
    ----------
    info : pylsl.StreamInfo
        The stream.
    seconds : float
        How long to measure.

    Returns
    -------
    list of float
        Milliseconds from the stamp of the newest sample to the window, one each 0.5 s of EEG.
    """
    rate, channels = info.nominal_srate(), info.channel_count()
    inlet = pylsl.StreamInlet(info, max_buflen=10, processing_flags=pylsl.proc_none)
    inlet.open_stream(timeout=5.0)
    inlet.flush()
    sos = butter(4, (1.0, 40.0), btype="bandpass", fs=rate, output="sos")
    state = np.zeros((sos.shape[0], 2, channels))
    window = np.zeros((round(2 * rate), channels))
    hop, seen, times = round(rate / 2), 0, []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        samples, stamps = inlet.pull_chunk(timeout=0.2, max_samples=64, min_samples=1)
        if not stamps:
            continue
        filtered, state = sosfilt(sos, np.asarray(samples, dtype=np.float64), axis=0, zi=state)
        window = np.concatenate([window[len(filtered) :], filtered])
        if (seen + len(stamps)) // hop != seen // hop and seen > 2 * rate:
            times.append((pylsl.local_clock() - stamps[-1]) * 1e3)
        seen += len(stamps)
    inlet.close_stream()
    return times
