"""Making the targets: everything is found and checked before anything is computed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import UsageError
from rtbci.stimuli import film
from training.targets.blip import Captioner, find_captioner
from training.targets.cache import Progress, Recipe, fill, write_text
from training.targets.captions import caption_clips
from training.targets.latents import SD1_SCALE, Encoder, find_vae, latent_shape, load_vae
from training.targets.models import best_device
from training.targets.pictures import Fit, Frames, Pictures
from training.targets.shown import Key, Shown
from training.targets.stored import INDEX_FILE, read_index
from training.targets.text import TextEncoder, find_text_encoder

FILM_SIZE = (288, 512)
"""Height and width of EEG2Video's pictures."""
DRAWN_SIZE = (256, 256)
_CLIPS_AT_ONCE = 20
_CAPTIONS_AT_ONCE = 64


@dataclass(frozen=True)
class TargetSettings:
    """What to make, and how.

    Attributes
    ----------
    text, vae, blip : str or None
        Models, by folder or repository of the hub: a CLIP text encoder for text embeddings, a VAE for video
        latents, a BLIP captioner for captions in place of those that the data have.
    frames : int
        Latents of a clip, at equal steps from its first frame: 6 for EEG2Video, 3 a second.
    height, width : int or None
        Of the pictures; by default 288 x 512 of films and 256 x 256 of drawn clips.
    fit : {"crop", "stretch"}
        As in `training.targets.pictures.Frames`.
    onnx_scale : float
        For a VAE that is an ONNX file: what its latents are to be multiplied by.
    batch : int
        Pictures that a model is given at once.
    device : str or None
        torch's name; by default a GPU if there is one.
    """

    text: str | None = None
    vae: str | None = None
    blip: str | None = None
    frames: int = film.FRAMES
    height: int | None = None
    width: int | None = None
    fit: Fit = "crop"
    onnx_scale: float = SD1_SCALE
    batch: int = 8
    device: str | None = None

    def size(self, filmed: bool) -> tuple[int, int]:
        """Height and width of the pictures."""
        height, width = FILM_SIZE if filmed else DRAWN_SIZE
        return self.height or height, self.width or width


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes
    ----------
    folders : mapping of str to Path
        Of each kind: ``text``, ``latents``, ``captions``.
    notes : tuple of str
        What is worth knowing; one sentence each.
    """

    folders: Mapping[str, Path]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Models:
    """All that is needed, loaded."""

    text: TextEncoder | None
    vae: Encoder | None
    blip: Captioner | None


def make_targets(
    shown: Shown, out: Path, settings: TargetSettings, on_progress: Progress | None = None
) -> Made:
    """Make text embeddings and video latents of all that was shown, or go on, or find them made.

    Parameters
    ----------
    shown : Shown
        From `training.targets.shown.open_shown` or `corpus_shown`.
    out : Path
        Folder for them; `training.targets.stored.load_targets` reads it.
    settings : TargetSettings
    on_progress : callable, optional

    Raises
    ------
    RtbciError
        If a model or film is missing or of the wrong kind: before any work. If the disk is too small.
    """
    pictures = _pictures(shown, settings)
    models = _load(settings)
    latents = latent_shape(models.vae, *settings.size(shown.films is not None)) if models.vae else None
    _make_folder(out)
    notes, captions, folders = list(shown.notes), shown.captions, {}
    if models.blip is not None:
        written = caption_clips(models.blip, shown, out, settings.batch, on_progress)
        folders["captions"], captions = written.folder, written.captions
        notes += written.notes
    if models.text is not None:
        truncated = models.text.truncated(sorted(set(captions.values())))
        if truncated:
            notes.append(
                f"{truncated} captions have too many tokens for the encoder; their ends are cut off."
            )
        folders["text"] = _embed(models.text, captions, out, on_progress)
    if models.vae is not None and latents is not None:
        folders["latents"] = _encode(
            models.vae, latents, shown.pictured, pictures, out, settings, on_progress
        )
    index = read_index(out) | {kind: folder.name for kind, folder in folders.items() if kind != "captions"}
    write_text(out / INDEX_FILE, json.dumps(index, indent=2) + "\n")
    return Made(folders, tuple(notes))


def _pictures(shown: Shown, settings: TargetSettings) -> Pictures:
    """The clips' pictures, made certain of where they are needed."""
    if not (settings.text or settings.vae or settings.blip):
        raise UsageError("There is nothing to make; name a model for --text, --vae or --blip.")
    if settings.batch < 1:
        raise UsageError(f"A model cannot be given {settings.batch} pictures at once; give at least 1.")
    if settings.text and not settings.blip and not shown.captions:
        raise UsageError("The data hold no captions to embed; have them written with --blip.")
    height, width = settings.size(shown.films is not None)
    pictures = Pictures(shown, Frames(settings.frames, height, width, settings.fit))
    if settings.vae or settings.blip:
        if not shown.pictured:
            raise UsageError("The data do not say which clips were shown, so there are no pictures of them.")
        pictures.check()
    return pictures


def _load(settings: TargetSettings) -> _Models:
    """Find all models before the first is loaded."""
    text = find_text_encoder(settings.text) if settings.text else None
    vae = find_vae(settings.vae) if settings.vae else None
    blip = find_captioner(settings.blip) if settings.blip else None
    device = best_device(settings.device)
    return _Models(
        TextEncoder(text, device) if text else None,
        load_vae(vae, settings.onnx_scale, device) if vae else None,
        Captioner(blip, device) if blip else None,
    )


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {out} cannot be made ({error.strerror}); name one where you can write."
        ) from error


def _embed(
    encoder: TextEncoder, captions: Mapping[Key, str], out: Path, on_progress: Progress | None
) -> Path:
    """Text embeddings, one row for each distinct caption."""
    distinct = list(dict.fromkeys(captions.values()))
    row = {caption: number for number, caption in enumerate(distinct)}
    recipe = Recipe(
        kind="text",
        shape=encoder.shape,
        dtype="float32",
        items=distinct,
        clips=[(*key, row[caption]) for key, caption in captions.items()],
        made_by={"model": encoder.model.identity()},
    )

    def compute(start: int, stop: int) -> NDArray[Any]:
        return encoder(distinct[start:stop])

    return fill(out, recipe, compute, _CAPTIONS_AT_ONCE, on_progress)


def _encode(
    encoder: Encoder,
    shape: tuple[int, int, int],
    keys: Sequence[Key],
    pictures: Pictures,
    out: Path,
    settings: TargetSettings,
    on_progress: Progress | None,
) -> Path:
    """Video latents, one row for each clip."""
    recipe = Recipe(
        kind="latents",
        shape=(settings.frames, *shape),
        dtype="float32",
        items=[f"{concept} {stimulus}" for concept, stimulus in keys],
        clips=[(*key, row) for row, key in enumerate(keys)],
        made_by={"model": encoder.identity(), "pictures": pictures.identity()},
    )

    def compute(start: int, stop: int) -> NDArray[Any]:
        frames = (frame for clip in pictures.read(keys[start:stop]) for frame in clip)
        parts = [encoder(batch) for batch in _batches(frames, settings.batch)]
        return np.concatenate(parts).reshape(stop - start, settings.frames, *shape)

    return fill(out, recipe, compute, _CLIPS_AT_ONCE, on_progress)


def _batches(frames: Iterable[NDArray[np.uint8]], size: int) -> Iterable[NDArray[np.uint8]]:
    held: list[NDArray[np.uint8]] = []
    for frame in frames:
        held.append(frame)
        if len(held) == size:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)
