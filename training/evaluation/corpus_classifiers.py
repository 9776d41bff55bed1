"""Classifiers of the drawn corpus, trained on it in some minutes and kept: no download needed.

The one of frames names the concept. The one of clips names concept and speed, 80 classes: it averages what
the frames say of the concept, and judges the speed by how much of the picture changes from frame to frame.
Both learn from seeds that nobody watches (`training.codec_seeds`).
"""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from rtbci.stimuli.concepts import CONCEPTS, SPEEDS
from rtbci.stimuli.draw import draw_clip
from rtbci.stimuli.spec import clip_spec
from training.codec_seeds import CODEC_HELD_OUT, CODEC_TRAINING
from training.evaluation.classifiers import Kind, Pictures, Scores, evenly
from training.evaluation.guesser import SEEN, Guesser, as_tensor, small, train_guesser

log = logging.getLogger(__name__)

CACHE = Path("runs/classifiers")
_FRAMES = 4
"""Frames of a clip that are looked at."""
_DRAWN = 128
"""Pixels at which they are drawn before they are shrunk."""
_VERSION = 1
_HELD_FIRST = CODEC_HELD_OUT.start + 2**20


class CorpusSettings(msgspec.Struct, frozen=True):
    """How much is learnt from."""

    clips: int = 2000
    """Half teach the concept, the others the speed."""
    held_out: int = 320
    """Clips that measure both."""
    epochs: int = 6
    seed: int = 0


@dataclass(frozen=True, eq=False)
class FrameClassifier:
    """Names the concept of pictures: log-probabilities (n, 40).

    Attributes
    ----------
    accuracy : float
        Share of the frames of held-out drawn clips whose concept it names, of 40.
    """

    guesser: Guesser
    accuracy: float
    name: str = "guesser of drawn scenes"
    kind: Kind = "frame"

    def scores(self, shown: Pictures) -> Scores:
        """Log-probabilities of pictures (n, h, h, 3)."""
        return _log_probabilities(self.guesser, small(shown))


@dataclass(frozen=True, eq=False)
class ClipClassifier:
    """Names concept and speed of clips: log-probabilities (n, 80), class 2 * concept + speed.

    Attributes
    ----------
    accuracy : float
        Share of held-out drawn clips whose class it names, of 80.
    """

    guesser: Guesser
    speed: nn.Module
    accuracy: float
    name: str = "guesser of drawn clips"
    kind: Kind = "video"

    def scores(self, shown: Pictures) -> Scores:
        """Log-probabilities of clips (n, frames, h, h, 3)."""
        seen = _shrunk(shown[:, evenly(shown.shape[1], _FRAMES)])
        concept = _concepts(self.guesser, seen)
        with torch.no_grad():
            speed = self.speed(_motion(self.guesser, seen, concept)).log_softmax(dim=1).double().numpy()
        return np.asarray((concept[:, :, None] + speed[:, None, :]).reshape(len(shown), -1))


def corpus_classifiers(
    cache: Path = CACHE, settings: CorpusSettings | None = None
) -> tuple[FrameClassifier, ClipClassifier]:
    """Load both classifiers, or train them if these have not been trained before.

    Parameters
    ----------
    cache : Path
        Folder in which they are kept, under a fingerprint of the settings and of what the corpus looks like.
    settings : CorpusSettings, optional
    """
    settings = settings or CorpusSettings()
    file = cache / f"corpus-{fingerprint(settings)}.safetensors"
    guesser, speed = Guesser(), _speed_network()
    if not file.is_file():
        log.info("training the classifiers of the drawn corpus, once, into %s", file)
        _train(settings, guesser, speed)
        frame, clip = _measured(settings, guesser.eval(), speed.eval())
        state = {f"guesser.{k}": v.contiguous() for k, v in guesser.state_dict().items()}
        state |= {f"speed.{k}": v.contiguous() for k, v in speed.state_dict().items()}
        state["accuracy"] = torch.tensor([frame, clip], dtype=torch.float64)
        cache.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        save_file(state, partial)
        partial.replace(file)
    state = load_file(file)
    for name, part in (("guesser.", guesser), ("speed.", speed)):
        part.load_state_dict({k.removeprefix(name): v for k, v in state.items() if k.startswith(name)})
        part.eval().requires_grad_(False)
    frame, clip = state["accuracy"].tolist()
    return FrameClassifier(guesser, frame), ClipClassifier(guesser, speed, clip)


def clip_class(concept: int, speed: int) -> int:
    """Class of `ClipClassifier` for a concept and a speed."""
    return len(SPEEDS) * concept + speed


def fingerprint(settings: CorpusSettings) -> str:
    """Short hash of what decides the classifiers: settings, and every concept's picture as drawn now."""
    drawn = hashlib.sha256(msgspec.json.encode((settings, _VERSION, _FRAMES, _DRAWN, SEEN)))
    for concept in CONCEPTS:
        drawn.update(draw_clip(clip_spec(concept.index, CODEC_TRAINING.start), 1, SEEN).tobytes())
    return drawn.hexdigest()[:12]


def _train(settings: CorpusSettings, guesser: Guesser, speed: nn.Module) -> None:
    clips, concepts, speeds = _draw(settings.clips, CODEC_TRAINING.start + 1)
    half = len(clips) // 2
    frames = clips[:half].reshape(-1, SEEN, SEEN, 3)
    labels = np.repeat(concepts[:half], _FRAMES)
    learnt = train_guesser(
        np.concatenate([frames, frames[:, :, ::-1]]),
        np.tile(labels, 2),
        settings.epochs,
        fogged,
        settings.seed,
    )
    guesser.load_state_dict(learnt.state_dict())
    guesser.eval()
    rest = clips[half:]
    _train_speed(speed, _motion(guesser, rest, _concepts(guesser, rest)), speeds[half:], settings.seed)


def _train_speed(speed: nn.Module, motion: Tensor, speeds: NDArray[np.int64], seed: int) -> None:
    torch.manual_seed(seed)
    truth = torch.from_numpy(speeds)
    optimiser = torch.optim.AdamW(speed.parameters(), 3e-3, weight_decay=0.05)
    speed.train()
    for _ in range(200):
        optimiser.zero_grad()
        F.cross_entropy(speed(motion), truth).backward()
        optimiser.step()


def _measured(settings: CorpusSettings, guesser: Guesser, speed: nn.Module) -> tuple[float, float]:
    clips, concepts, speeds = _draw(settings.held_out, _HELD_FIRST)
    frame = _log_probabilities(guesser, clips.reshape(-1, SEEN, SEEN, 3)).argmax(axis=1)
    named = ClipClassifier(guesser, speed, 0.0).scores(clips).argmax(axis=1)
    truth = clip_class(concepts, speeds)  # type: ignore[arg-type]
    return float((frame == np.repeat(concepts, _FRAMES)).mean()), float((named == truth).mean())


def _draw(count: int, first: int) -> tuple[Pictures, NDArray[np.int64], NDArray[np.int64]]:
    """Draw small clips (count, 4, 64, 64, 3) of all concepts in turn; returns them with concept and speed."""
    specs = [clip_spec(k % len(CONCEPTS), first + k) for k in range(count)]
    clips = np.stack([small(draw_clip(spec, _FRAMES, _DRAWN)) for spec in specs])
    return clips, np.array([spec.concept for spec in specs]), np.array([spec.speed for spec in specs])


def fogged(pictures: Pictures, rng: np.random.Generator) -> Pictures:
    """Blur, dim and mix pictures with their own mean colour, each by another amount, a third not at all."""
    out = np.empty_like(pictures)
    for k, picture in enumerate(pictures):
        doubt = max(0.0, rng.uniform(-0.5, 0.9))
        if doubt == 0.0:
            out[k] = picture
            continue
        blurred = gaussian_filter(picture.astype(np.float32), (4.0 * doubt**2, 4.0 * doubt**2, 0))
        fog = picture.mean(axis=(0, 1))
        out[k] = np.clip((1 - 0.4 * doubt) * (fog + (1 - 0.7 * doubt) * (blurred - fog)) + 0.5, 0, 255)
    return out


def _speed_network() -> nn.Module:
    features = 128 + 1 + len(CONCEPTS)
    return nn.Sequential(
        nn.BatchNorm1d(features),
        nn.Dropout(0.3),
        nn.Linear(features, 32),
        nn.ReLU(),
        nn.Linear(32, len(SPEEDS)),
    )


@torch.no_grad()
def _motion(guesser: Guesser, clips: Pictures, concept: Scores) -> Tensor:
    """Features (n, 169): change from frame to frame of each feature map and of the pixels; the concept."""
    parts = []
    for some, says in zip(_batches(clips), _batches(concept), strict=True):
        maps = guesser.trunk(as_tensor(some.reshape(-1, SEEN, SEEN, 3)))
        maps = maps.reshape(len(some), _FRAMES, *maps.shape[1:])
        change = maps.diff(dim=1).abs().mean(dim=(1, 3, 4)) / (maps.mean(dim=(1, 3, 4)) + 1e-3)
        pixels = np.abs(np.diff(some.astype(np.float32), axis=1)).mean(axis=(1, 2, 3, 4))[:, None]
        odds = np.exp(says)
        parts.append(torch.cat([change, torch.from_numpy(pixels), torch.from_numpy(odds).float()], dim=1))
    return torch.cat(parts)


def _concepts(guesser: Guesser, clips: Pictures) -> Scores:
    """Log-probabilities (n, 40) of clips: the mean over frames, normalised."""
    each = _log_probabilities(guesser, clips.reshape(-1, SEEN, SEEN, 3))
    mean = each.reshape(len(clips), _FRAMES, -1).mean(axis=1)
    return np.asarray(mean - np.logaddexp.reduce(mean, axis=1, keepdims=True))


@torch.no_grad()
def _log_probabilities(guesser: Guesser, pictures: Pictures) -> Scores:
    parts = [guesser(as_tensor(some)).log_softmax(dim=1).double().numpy() for some in _batches(pictures)]
    return np.concatenate(parts)


def _batches(items: NDArray[Any]) -> list[NDArray[Any]]:
    return [items[start : start + 128] for start in range(0, len(items), 128)]


def _shrunk(clips: Pictures) -> Pictures:
    return small(clips.reshape(-1, *clips.shape[2:])).reshape(*clips.shape[:2], SEEN, SEEN, 3)
