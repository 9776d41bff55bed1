"""What to do about the electrodes, in words for whoever stands behind the wearer."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from rtbci.montage import CHANNELS
from rtbci.signal import ChainSettings, Verdict

_REMEDIES = {
    "flat": "no signal; see that it is plugged in, wet it and press",
    "railed": "no contact; wet it and press",
    "noisy": "loose; part the hair below it, wet it and press",
    "mains": "mains hum; wet it, and keep its lead off cables",
    "odd": "unlike its neighbours; check its place and its plug",
}
_CAP = {
    "quiet": "The cap is too quiet for EEG: see that it is on a head and that ground and reference touch.",
    "loud": "The cap is too loud for EEG: see to ground and reference first, and let the wearer sit still.",
    "unlike EEG": "What comes from the cap does not look like EEG: see to ground and reference first.",
}
_MANY = 8
"""Of one fault: then it is not the electrodes but what they have in common."""
# In this order they are mended: what is not plugged in first.
_ORDER = tuple(_REMEDIES)

State = Literal["wait", "good", "usable", "bad"]


@dataclass(frozen=True)
class Advice:
    """What is wrong with one electrode, and what to do about it."""

    channel: str
    verdict: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.channel}: {self.remedy}"


@dataclass(frozen=True)
class Readiness:
    """Whether one can go on.

    Attributes
    ----------
    state : str
        "wait" until the first second was judged; "bad" where no window could be used as it is.
    sentence : str
    advice : tuple of Advice
        For each electrode that could be better, the worst first.
    """

    state: State
    sentence: str
    advice: tuple[Advice, ...] = ()


def readiness(
    verdict: Verdict | None,
    interpolated: tuple[str, ...] = (),
    most_replaced: int = ChainSettings.max_replaced,
) -> Readiness:
    """Judge the cap as it is now.

    Parameters
    ----------
    verdict : Verdict or None
        The newest of the signal path.
    interpolated : tuple of str
        Channels that the cap lacks.
    most_replaced : int
        Channels replaced beyond which the decoder trusts no window.
    """
    if verdict is None:
        return Readiness("wait", "Listening to the first seconds.")
    faults = dict(zip(CHANNELS, verdict.verdicts, strict=True))
    bad = {name: word for name, word in faults.items() if word in _REMEDIES}
    advice = tuple(
        Advice(name, word, _REMEDIES[word])
        for name, word in sorted(bad.items(), key=lambda item: _ORDER.index(item[1]))
    )
    if verdict.cap:
        return Readiness("bad", _CAP[verdict.cap], advice)
    there = len(CHANNELS) - len(interpolated)
    good = there - len(bad)
    if len(bad) + len(interpolated) > most_replaced:
        word, count = Counter(bad.values()).most_common(1)[0] if bad else ("", 0)
        first = f" {count} are {word}: see to ground and reference first." if count >= _MANY else ""
        return Readiness(
            "bad",
            f"Only {good} of {there} electrodes are good, and nothing could be decoded like this.{first}",
            advice,
        )
    if not bad:
        return Readiness("good", f"All {there} electrodes are good.")
    few = "One electrode" if len(bad) == 1 else f"{len(bad)} electrodes"
    return Readiness(
        "usable",
        f"{good} of {there} electrodes are good. {few} could be better, and until then "
        f"{'is' if len(bad) == 1 else 'are'} made up from the neighbours.",
        advice,
    )
