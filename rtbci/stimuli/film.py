"""SEED-DV's seven films: where each clip lies in the EEG, in the film and in the captions, and its frames.

A block is 40 slots; a slot is a hint of 3 s and five clips of 2 s of one concept, without a gap.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import StimulusError
from rtbci.stimuli.video import need_av

if TYPE_CHECKING:
    from av import VideoFrame

BLOCKS = 7
SLOTS = 40
CLIPS = 5
EEG_RATE = 200
FILM_RATE = 24
HINT_SECONDS = 3
CLIP_SECONDS = 2
SLOT_SECONDS = HINT_SECONDS + CLIPS * CLIP_SECONDS
CLIP_SAMPLES = CLIP_SECONDS * EEG_RATE
CLIP_FRAMES = CLIP_SECONDS * FILM_RATE
FRAMES = 6
"""Frames of a clip that are read unless told otherwise, as EEG2Video does: every eighth, 3 a second."""

STEMS = tuple(f"{ordinal}_10min" for ordinal in ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th"))
"""File names of the films and captions, without their endings, by block."""


def segment(slot: int, clip: int) -> slice:
    """Samples of a clip in its block's EEG (200 Hz): 400, from ``2600 slot + 600 + 400 clip``."""
    start = EEG_RATE * _onset(slot, clip)
    return slice(start, start + CLIP_SAMPLES)


def frames_of(slot: int, clip: int, count: int = FRAMES) -> range:
    """Frames of a clip that are read from its block's film (24 a second): `count` of 48, at equal steps.

    Raises
    ------
    StimulusError
        If `count` does not divide 48.
    """
    if count < 1 or CLIP_FRAMES % count:
        fitting = ", ".join(str(n) for n in range(1, CLIP_FRAMES + 1) if CLIP_FRAMES % n == 0)
        raise StimulusError(
            f"{count} frames cannot be taken at equal steps from a clip's {CLIP_FRAMES}; "
            f"take one of {fitting}."
        )
    start = FILM_RATE * _onset(slot, clip)
    return range(start, start + CLIP_FRAMES, CLIP_FRAMES // count)


def caption_line(slot: int, clip: int) -> int:
    """Line of a clip in its block's captions, from 0."""
    _onset(slot, clip)
    return CLIPS * slot + clip


def cut_block(eeg: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Cut one block's EEG into its clips.

    Parameters
    ----------
    eeg : ndarray, shape (channels, 104000)
        One block at 200 Hz.

    Returns
    -------
    ndarray, shape (40, 5, channels, 400)
        Slot, clip, channel, sample; a copy.
    """
    expected = SLOTS * SLOT_SECONDS * EEG_RATE
    if eeg.ndim != 2 or eeg.shape[1] != expected:
        raise StimulusError(
            f"A block of EEG is channels x {expected} samples, not {eeg.shape}; check the file."
        )
    slots = eeg.reshape(len(eeg), SLOTS, SLOT_SECONDS * EEG_RATE)[:, :, HINT_SECONDS * EEG_RATE :]
    return slots.reshape(len(eeg), SLOTS, CLIPS, CLIP_SAMPLES).transpose(1, 2, 0, 3).copy()


def read_captions(folder: Path) -> tuple[tuple[str, ...], ...]:
    """Read the seven caption files of a folder: by block, 200 lines in order of presentation."""
    return tuple(read_block_captions(folder, block) for block in range(BLOCKS))


def read_block_captions(folder: Path, block: int) -> tuple[str, ...]:
    """Read one block's captions, 200 lines in order of presentation.

    Parameters
    ----------
    folder : Path
        Where ``1st_10min.txt`` to ``7th_10min.txt`` lie.
    block : int
        0..6.

    Raises
    ------
    StimulusError
        If the file is missing, is no text or does not have 200 lines.
    """
    return _caption_lines(folder / f"{STEMS[block]}.txt")


def film_path(folder: Path, block: int) -> Path:
    """A block's film in the folder of all.

    Raises
    ------
    StimulusError
        If there is no such block, or its film is missing.
    """
    if not 0 <= block < BLOCKS:
        raise StimulusError(f"Block {block} is outside 0..{BLOCKS - 1}; SEED-DV has {BLOCKS}.")
    path = folder / f"{STEMS[block]}.mp4"
    if not path.is_file():
        raise StimulusError(
            f"The film {path} is not there; name the folder that holds {STEMS[0]}.mp4 and so on."
        )
    return path


def read_clip(folder: Path, block: int, slot: int, clip: int, count: int = FRAMES) -> NDArray[np.uint8]:
    """Read the frames of one clip from its film.

    Parameters
    ----------
    folder : Path
        Where ``1st_10min.mp4`` to ``7th_10min.mp4`` lie.
    block, slot, clip : int
        0..6, 0..39 and 0..4.
    count : int
        How many frames; it divides 48.

    Returns
    -------
    ndarray, shape (count, height, width, 3), uint8
        RGB, in the film's own size.

    Raises
    ------
    StimulusError
        If PyAV is not installed, the film is missing, not 24 frames a second, or too short.
    """
    with closing(read_clips(folder, block, [(slot, clip)], count)) as clips:
        return next(clips)


def read_clips(
    folder: Path, block: int, clips: Sequence[tuple[int, int]], count: int = FRAMES
) -> Generator[NDArray[np.uint8], None, None]:
    """Read the frames of several clips of one film, which is gone through once; one clip is in memory.

    Parameters
    ----------
    folder, block, count
        As for `read_clip`.
    clips : sequence of (int, int)
        Slot and clip of each, in the order in which the film shows them.

    Yields
    ------
    ndarray, shape (count, height, width, 3), uint8
        As from `read_clip`; raises the same.
    """
    path = film_path(folder, block)
    spans = [frames_of(slot, clip, count) for slot, clip in clips]
    if not spans:
        return
    with closing(_decode(path, spans[0][0])) as decoded:
        for span in spans:
            found: dict[int, NDArray[np.uint8]] = {}
            for number, frame in decoded:
                if number in span:
                    found[number] = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
                if number >= span[-1]:
                    break
            missing = [number for number in span if number not in found]
            if missing:
                raise StimulusError(
                    f"The film {path} has no frame {missing[0]}; fetch it again, it should have 12480."
                )
            yield np.stack([found[number] for number in span])


def _onset(slot: int, clip: int) -> int:
    """Seconds from the block's start to the clip's."""
    if not (0 <= slot < SLOTS and 0 <= clip < CLIPS):
        raise StimulusError(
            f"Slot {slot}, clip {clip} is not in SEED-DV's timeline; "
            f"slots are 0..{SLOTS - 1}, clips 0..{CLIPS - 1}."
        )
    return SLOT_SECONDS * slot + HINT_SECONDS + CLIP_SECONDS * clip


def _caption_lines(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise StimulusError(
            f"The captions {path} are not there; name the folder that holds {STEMS[0]}.txt and so on."
        )
    try:
        lines = tuple(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise StimulusError(f"The captions {path} are no UTF-8 text; fetch the file again.") from error
    if len(lines) != SLOTS * CLIPS:
        raise StimulusError(
            f"The captions {path} have {len(lines)} lines, not {SLOTS * CLIPS}; fetch the file again."
        )
    return lines


def _decode(path: Path, first: int) -> Generator[tuple[int, "VideoFrame"], None, None]:
    """Frames with their numbers, from the last key frame before the first that is wanted."""
    av = need_av()
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise StimulusError(f"The file {path} holds no pictures; fetch the film again.")
            stream = container.streams.video[0]
            if stream.average_rate is None or abs(float(stream.average_rate) - FILM_RATE) > 0.01:
                raise StimulusError(
                    f"The film {path} has {stream.average_rate} frames a second, not {FILM_RATE}; "
                    "use SEED-DV's original."
                )
            if stream.time_base is None:
                raise StimulusError(f"The film {path} has no time base; use SEED-DV's original.")
            start = stream.start_time or 0
            container.seek(start + int(first / FILM_RATE / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if frame.pts is not None:
                    yield round(float((frame.pts - start) * stream.time_base) * FILM_RATE), frame
    except av.FFmpegError as error:
        raise StimulusError(f"The film {path} cannot be read ({error}); fetch it again.") from error
