"""Probabilities in words short enough to be read from afar."""


def percent(probability: float) -> str:
    """Whole percents; never 0 or 100, which no calibrated decoder can mean.

    Parameters
    ----------
    probability : float
        0 to 1.
    """
    if probability > 0.99:
        return ">99 %"
    if probability < 0.01:
        return "<1 %"
    return f"{probability * 100:.0f} %"
