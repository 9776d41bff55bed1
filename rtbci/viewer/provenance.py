"""Where a saved picture comes from: written into the PNG as text, and read back from it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from PySide6.QtGui import QImageReader

from rtbci import __version__
from rtbci.errors import UsageError
from rtbci.viewer.state import ViewState
from rtbci.wire.messages import Times

_PREFIX = "rtbci:"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What a saved picture of the window rests on.

    Attributes
    ----------
    saved : str
        When it was saved, ISO 8601 with the zone.
    seen : str or None
        When the newest EEG sample behind it was taken, the same way, as far as this machine's clock knows.
    session, stream, phase : str
        The runtime's session, the EEG stream's name and its state at that moment.
    bundle : str
        Id of the decoder's and generator's bundle.
    wearer : str
        Pseudonym; empty where nobody was calibrated.
    window, context : int
        Of the session, as the runtime counts them.
    grade, guess, caption : str
        preview, keyframe or clip; the likeliest concept; what the picture is said to show.
    confidence, chance : float
        Calibrated probability of the guess, and that of guessing.
    strength : str
        Strength of the evidence in a word,
    strength_value : float
        and as the number that the picture's sharpness follows, 0 to 1.
    surrogate : bool
        Whether the EEG was a surrogate.
    reused : bool
        Whether the pixels are those of an earlier window of this context whose evidence said the same.
    times : Times or None
        Of each stage, on LSL's clock.
    version : str
        Of rtbci.
    """

    saved: str
    version: str = ""
    session: str = ""
    stream: str = ""
    phase: str = ""
    bundle: str = ""
    wearer: str = ""
    window: int = -1
    context: int = -1
    grade: str = ""
    guess: str = ""
    caption: str = ""
    confidence: float = 0.0
    chance: float = 0.0
    strength: str = ""
    strength_value: float = 0.0
    surrogate: bool = False
    reused: bool = False
    seen: str | None = None
    times: Times | None = None


def provenance(state: ViewState, now: float, wall: datetime | None = None) -> Provenance:
    """Gather what a picture that is saved now says about itself.

    Parameters
    ----------
    state : ViewState
    now : float
        Monotonic seconds of this machine, as in `ViewState`.
    wall : datetime, optional
        The same moment by the calendar, with its zone; the present by default.
    """
    wall = wall or datetime.now(UTC)
    found = Provenance(saved=_iso(wall), version=__version__, session=state.session)
    if state.stream is not None:
        found = msgspec.structs.replace(found, stream=state.stream.name, phase=state.stream.phase)
    if state.picture is None:
        return found
    header = state.picture.header
    age = state.clock.age(header.times.newest, now)
    return msgspec.structs.replace(
        found,
        bundle=header.bundle,
        wearer=header.wearer,
        window=header.window,
        context=header.context,
        grade=header.grade,
        guess=header.guess.label,
        caption=header.caption,
        confidence=header.guess.p,
        chance=header.chance,
        strength=header.word,
        strength_value=header.strength,
        surrogate=header.surrogate,
        reused=header.reused,
        seen=None if age is None else _iso(wall - timedelta(seconds=age)),
        times=header.times,
    )


def as_text(facts: Provenance) -> dict[str, str]:
    """Give the texts of a PNG: the standard's own keywords where there are such, the rest with a prefix."""
    texts = {"Software": f"rtbci {facts.version}", "Creation Time": facts.saved}
    if facts.guess:
        texts["Title"] = f"Decoded from EEG: {facts.caption or facts.guess}"
    for name in facts.__struct_fields__:
        value = getattr(facts, name)
        if value is not None:
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            texts[_PREFIX + name] = text
    return texts


def read_provenance(path: Path) -> Provenance:
    """Read from a PNG that rtbci saved where it comes from.

    Raises
    ------
    UsageError
        If the file is not there, is no picture, or was not saved by rtbci.
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}; name a PNG that rtbci saved.")
    reader = QImageReader(str(path))
    # The whole picture, though only its text is wanted: the reader's own list cuts keys at the colon.
    image = reader.read()
    if image.isNull():
        raise UsageError(f"{path} is no picture ({reader.errorString()}); name a PNG that rtbci saved.")
    texts = {key: image.text(key) for key in image.textKeys()}
    return _from_text(texts, path)


def _from_text(texts: Mapping[str, str], path: Path) -> Provenance:
    own = {key.removeprefix(_PREFIX): text for key, text in texts.items() if key.startswith(_PREFIX)}
    if "saved" not in own:
        raise UsageError(
            f"{path} does not say where it comes from: rtbci did not save it, or another programme saved it"
            " again without its metadata."
        )
    try:
        values = {name: _value(name, text) for name, text in own.items()}
        return msgspec.convert(values, Provenance)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"What {path} says of where it comes from is damaged ({error}); use the picture as it was saved."
        ) from error


_TEXTS = frozenset(
    field.name for field in msgspec.structs.fields(Provenance) if field.type in (str, str | None)
)


def _value(name: str, text: str) -> object:
    if name in _TEXTS:
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise msgspec.ValidationError(f"{name} is {text!r}") from error


def _iso(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="milliseconds")
