"""Who judges pictures: classifiers that are named, or those of the drawn corpus for drawn scenes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.evaluation.classifiers import Classifier, HubClassifier, Kind, Pictures, Scores

_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Judges:
    """Classifiers, and what to say of them.

    Attributes
    ----------
    classifiers : tuple of Classifier
    notes : tuple of str
        One sentence each.
    """

    classifiers: tuple[Classifier, ...]
    notes: tuple[str, ...]


def open_judges(
    drawn: bool, frame: str | None, video: str | None, cache: Path, device: torch.device
) -> Judges:
    """Open the classifiers that are named, and for drawn scenes the corpus's in place of those that are not.

    Parameters
    ----------
    drawn : bool
        Whether scenes of the drawn corpus were watched.
    frame, video : str or None
        Classifiers of transformers: folders, or names of the hub.
    cache : Path
        Where the corpus's are kept; they are trained where they are not there yet.
    device : torch.device
        For those that are named.

    Raises
    ------
    UsageError
        If one cannot be opened; or nothing is named for films, of which the corpus's know nothing.
    """
    named: dict[Kind, str | None] = {"frame": frame, "video": video}
    if not drawn and not (frame or video):
        raise UsageError(
            "Films are judged by classifiers of films, and the ones that come with rtbci know drawn scenes "
            "alone; name --frame-classifier (ViT) and --video-classifier (VideoMAE): folders that "
            "save_pretrained wrote, or names of the hub."
        )
    classifiers: list[Classifier] = []
    notes = []
    for kind, source in named.items():
        if source:
            classifiers.append(HubClassifier(source, kind, _AT_ONCE, device))
            # The path of a machine is nobody's business; a hub's name is a citation.
            name = Path(source).name if Path(source).expanduser().is_dir() else source
            notes.append(f"{'Frames' if kind == 'frame' else 'Clips'} are judged by {name}.")
    if not drawn:
        missing = [kind for kind, source in named.items() if not source]
        notes += [f"No classifier of {kind}s was named: there are no {kind} scores." for kind in missing]
        return Judges(tuple(classifiers), tuple(notes))
    if frame and video:
        return Judges(tuple(classifiers), tuple(notes))
    from training.evaluation.corpus_classifiers import corpus_classifiers

    for one in corpus_classifiers(cache):
        if not named[one.kind]:
            classifiers.append(one)
            notes.append(
                f"{'Frames' if one.kind == 'frame' else 'Clips'} are judged by a network that learnt from "
                f"the drawn corpus and names {100 * one.accuracy:.0f} % of held-out drawn "
                f"{'frames' if one.kind == 'frame' else 'clips'}."
            )
    return Judges(tuple(classifiers), tuple(notes))


class Remembering:
    """A classifier that is asked of the watched clips once, however many variants are held against them.

    Parameters
    ----------
    classifier : Classifier
    watched : ndarray, shape (n, frames, h, w, 3), uint8
    progress : callable
        Is told how many it has judged of those.
    """

    def __init__(self, classifier: Classifier, watched: Pictures, progress: Callable[[str], None]) -> None:
        self.name, self.kind = classifier.name, classifier.kind
        self._classifier = classifier
        items = watched if self.kind == "video" else watched.reshape(-1, *watched.shape[2:])
        self._known: dict[bytes, NDArray[np.float64]] = {}
        for start in range(0, len(items), _AT_ONCE):
            some = items[start : start + _AT_ONCE]
            self._known |= dict(zip(map(_digest, some), classifier.scores(some), strict=True))
            progress(f"{self.name}: {start + len(some)} of {len(items)} watched {self.kind}s judged")

    def scores(self, shown: Pictures) -> Scores:
        """As `Classifier` says."""
        digests = [_digest(one) for one in shown]
        if not all(digest in self._known for digest in digests):
            return self._classifier.scores(shown)
        return np.stack([self._known[digest] for digest in digests])


def with_memory(
    classifiers: Sequence[Classifier], watched: Pictures, progress: Callable[[str], None]
) -> list[Remembering]:
    """Let each judge the watched clips, and remember that."""
    return [Remembering(one, watched, progress) for one in classifiers]


def _digest(picture: Pictures) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(picture), digest_size=16).digest()
