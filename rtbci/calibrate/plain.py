"""What a calibration found, in two sentences that need no statistics to be understood rightly."""

from rtbci.calibrate.findings import Gain, Share

USELESS_GAIN = 0.03
"""If twice the clips are surely worth less than this, more of them would not help."""

_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_TENS = {30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety"}
_OFTEN = ((2, 5), (1, 2), (3, 5), (2, 3), (7, 10), (3, 4), (4, 5), (9, 10))


def sentences(
    *,
    before: Share,
    after: Share,
    chance: float,
    decodable: bool,
    gain: Gain | None,
    few: tuple[int, int] | None = None,
) -> tuple[str, str]:
    """Say how well it will work, and what calibration did or what to do.

    Parameters
    ----------
    before, after : Share
        Right pictures without and with what was chosen.
    chance : float
    decodable : bool
        Whether `after` can be told from chance at all.
    gain : Gain or None
        What twice the clips were worth to a candidate that learns, if that is known.
    few : (int, int), optional
        How many concepts were shown and how many there are, where that makes guessing easier.
    """
    guessing = _in_words(chance)
    only = ""
    if few is not None:
        guessing += f" among the {few[0]} concepts that were shown"
        only = f" Of the other {few[1] - few[0]} concepts nothing was learnt and nothing is promised."
    if not decodable:
        return (
            "No decodable signal was found in this wearer's EEG: pictures would be right no more often than "
            f"by guessing, which is {guessing}.",
            "Look at the fit of the cap and the electrodes marked below, then calibrate again; until then, "
            f"read nothing into the pictures.{only}",
        )
    low, high = (100 * bound for bound in after.ci95)
    first = (
        f"For this wearer pictures will be right {_about(after.top1)} ({low:.0f} to {high:.0f} in a "
        f"hundred); chance is {guessing}."
    )
    return first, f"{_change(before, after)} {_more(gain)}{only}"


def outlook(clips: int, reached: Share, chance: float) -> str:
    """Say while a calibration goes on how well it will work, without hope that could only be noise.

    Parameters
    ----------
    clips : int
        How many the estimate rests on.
    reached : Share
        Right pictures so far, of clips that the fit had not seen.
    chance : float
    """
    low, high = (100 * bound for bound in reached.ci95)
    if reached.ci95[0] <= chance:
        return (
            f"Nothing above chance yet after {clips} clips. That is no verdict: what little there may be "
            "takes many clips to tell from guessing."
        )
    return (
        f"After {clips} clips pictures would be right {_about(reached.top1)} ({low:.0f} to {high:.0f} in a "
        f"hundred); chance is {_in_words(chance)}."
    )


def left(seconds: float) -> str:
    """Say how much time is left as one does: "about 3 minutes left", "less than a minute left"."""
    minutes = round(seconds / 60)
    if seconds < 50:
        return "less than a minute left" if seconds >= 10 else "a few seconds left"
    return f"about {minutes} minutes left" if minutes > 1 else "about a minute left"


def _change(before: Share, after: Share) -> str:
    if after.top1 - before.top1 < 0.01:
        return "Calibration could not make them right more often than the decoder as it comes;"
    return f"Without calibration it would have been {often(before.top1)};"


def _more(gain: Gain | None) -> str:
    if gain is not None and gain.ci95[1] < USELESS_GAIN:
        return "a longer calibration would not help."
    if gain is not None and gain.ci95[0] > 0:
        return "a longer calibration would help further."
    return "whether a longer calibration would help cannot be said yet."


def _about(share: float) -> str:
    words = often(share)
    return words if words.startswith("nearly") else f"about {words}"


def often(share: float) -> str:
    """Say a share as people do: "one time in four", "three times in five", "nearly always"."""
    if share > 0.95:
        return "nearly every time"
    if share < 0.35:
        return f"one time in {number(round(1 / max(share, 0.001)))}"
    times, of = min(((1, 3), *_OFTEN), key=lambda pair: abs(share - pair[0] / pair[1]))
    return f"{number(times)} {'time' if times == 1 else 'times'} in {number(of)}"


def _in_words(share: float) -> str:
    return (
        often(share)
        .replace(" times in ", " in ")
        .replace(" time in ", " in ")
        .replace("every time", "always")
    )


def number(n: int) -> str:
    """Write a number out, up to a hundred as exactly as it is worth, beyond that as "a hundred or more"."""
    if n < len(_NUMBERS):
        return _NUMBERS[n]
    if n >= 95:
        return "a hundred or more"
    return _TENS[max(30, round(n, -1))] if n >= 25 else "twenty"
