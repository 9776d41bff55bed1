"""What is known of a pseudonym before a calibration begins under it."""

from dataclasses import dataclass

from rtbci.errors import WearerError
from rtbci.wearers import check_name, is_kept, sitting_folder


@dataclass(frozen=True)
class Standing:
    """Whether a calibration can begin under a name.

    Attributes
    ----------
    usable : bool
    sentence : str
        What to know of it; empty if there is nothing.
    interrupted : bool
        Whether one was begun and can be gone on with.
    """

    usable: bool
    sentence: str = ""
    interrupted: bool = False


def standing(wearer: str) -> Standing:
    """Look a pseudonym up; never raises for a bad one, but says what is wrong with it."""
    if not wearer:
        return Standing(False)
    try:
        check_name(wearer)
        interrupted = (sitting_folder(wearer) / "sitting.json").is_file()
        known = is_kept(wearer)
    except WearerError as error:
        return Standing(False, str(error))
    if interrupted:
        return Standing(True, "A calibration of this wearer was interrupted; it goes on from there.", True)
    if known:
        return Standing(True, "There is a profile of this wearer; saving a new one replaces it.")
    return Standing(True)
