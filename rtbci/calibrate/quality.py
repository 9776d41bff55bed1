"""How good the signal was while a wearer watched: what the signal path said of each channel, each second."""

from collections import Counter
from typing import Any

from rtbci.montage import CHANNELS
from rtbci.signal import Verdict


class QualityTally:
    """Counts verdicts and windows; for one thread."""

    def __init__(self) -> None:
        self._verdicts = [Counter[str]() for _ in CHANNELS]
        self._last: Verdict | None = None
        self._windows = self._clean = 0

    def window(self, clean: bool) -> None:
        """Count a window."""
        self._windows += 1
        self._clean += int(clean)

    def verdict(self, verdict: Verdict | None) -> None:
        """Count what is said of the channels; the same verdict counts once."""
        if verdict is None or verdict is self._last:
            return
        self._last = verdict
        for counter, word in zip(self._verdicts, verdict.verdicts, strict=True):
            counter[word] += 1

    def to_json(self) -> dict[str, Any]:
        """Return it as a report holds it.

        Returns
        -------
        dict
            `channels`: for each of the 62 the word that was said most often and the share of seconds in which
            it was good; `clean`: share of windows with few channels replaced and few values clipped.
        """
        channels = {
            name: {
                "verdict": counter.most_common(1)[0][0],
                "good": round(counter["good"] / counter.total(), 3),
            }
            for name, counter in zip(CHANNELS, self._verdicts, strict=True)
            if counter
        }
        return {"channels": channels, "clean": round(self._clean / max(1, self._windows), 3)}
