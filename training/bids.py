"""BIDS-EEG folders: which recordings, and what was on the screen (https://bids-specification.readthedocs.io)."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from rtbci.errors import RecordingError, StimulusError
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.spec import CLIP_SECONDS, clip_spec
from training.own_clips import Event, corpus_event, event_of_text

ENDINGS = (".edf", ".bdf", ".vhdr", ".set", ".fif", ".cnt")
"""Formats that mne reads; FIF and CNT are not BIDS's, but labs have them."""
_ENTITIES = re.compile(r"sub-(?P<subject>[A-Za-z0-9]+)(?:_(?P<rest>.+?))?_eeg")


@dataclass(frozen=True)
class BidsFile:
    """One recording of a BIDS folder."""

    path: Path
    subject: str
    session: str
    """All other entities of its name, such as ``ses-1_task-clips_run-2``."""

    @property
    def events(self) -> Path:
        """The file of its events, which need not exist."""
        return self.path.with_name(re.sub(r"_eeg$", "_events.tsv", self.path.stem))


def find_bids(folder: Path) -> list[BidsFile]:
    """All EEG recordings below a folder that are named as BIDS names them, in order of name."""
    found = []
    for path in sorted(folder.rglob("sub-*_eeg.*")):
        match = _ENTITIES.fullmatch(path.stem)
        # What BIDS calls derivatives has been filtered or cut already.
        if match and path.suffix.lower() in ENDINGS and "derivatives" not in path.relative_to(folder).parts:
            found.append(BidsFile(path, match["subject"], match["rest"] or "1"))
    return found


def read_events(path: Path) -> tuple[list[Event], list[str]]:
    """Read an events file.

    A row is a clip if its ``concept`` names one of the forty, or its ``trial_type`` or ``value`` is one of
    rtbci's markers, ``cat`` or ``clip/cat``; ``hint/cat`` is a hint. With a ``seed`` it is a clip of rtbci's
    corpus; a ``caption`` is taken as it stands. Clips without a duration last 2 s.

    Returns
    -------
    events : list of Event
        Onsets in seconds from the recording's first sample.
    problems : list of str
        One sentence for each row that is about a clip, but malformed.

    Raises
    ------
    RecordingError
        If the file is no table of events.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path} cannot be read as a table of events; write it as BIDS says.") from error
    if rows and "onset" not in rows[0]:
        raise RecordingError(f"{path} has no column 'onset'; write it as BIDS says, separated by tabs.")
    events, problems = [], []
    for number, row in enumerate(rows, start=2):
        try:
            event = _event(row)
        except (ValueError, StimulusError) as error:
            problems.append(f"Line {number} of {path} is malformed ({str(error).rstrip('.')}); mend it.")
            continue
        if event is not None:
            events.append(event)
    return events, problems


def _event(row: dict[str, str | None]) -> Event | None:
    onset_text, seconds_text = _cell(row, "onset"), _cell(row, "duration")
    concept = _cell(row, "concept").casefold()
    texts = [f"clip/{concept}"] if concept else [_cell(row, "trial_type"), _cell(row, "value")]
    # Rows about anything else may say what they like.
    found = (event_of_text(text, 0.0, None) for text in texts if text)
    event = next((event for event in found if event is not None), None)
    if event is None:
        if concept:
            raise ValueError(f"there is no concept '{concept}'")
        return None
    onset = float(onset_text)
    seconds = float(seconds_text) if seconds_text else 0.0
    if not (seconds >= 0.0 and abs(onset) < float("inf")):
        raise ValueError("onset and duration must be numbers of seconds")
    seconds = seconds or event.seconds or CLIP_SECONDS
    if event.kind == "clip" and event.concept is not None and event.stimulus < 0 and _cell(row, "seed"):
        event = corpus_event(clip_spec(CONCEPT_NAMES[event.concept], int(_cell(row, "seed"))), onset, seconds)
    caption = _cell(row, "caption") or event.caption
    return Event(onset, seconds, event.kind, event.concept, event.stimulus, caption, event.attributes)


def _cell(row: dict[str, str | None], column: str) -> str:
    text = (row.get(column) or "").strip()
    return "" if text.casefold() == "n/a" else text
