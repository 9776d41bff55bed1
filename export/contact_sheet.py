"""One picture of what the generator draws: what was watched above, and what it makes of evidence below."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from export.recognition import load_generator, simulated_evidence
from rtbci.errors import UsageError
from rtbci.generate import Generator
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.draw import draw_clip, draw_frame
from rtbci.stimuli.spec import clip_spec
from training.codec import MIDDLE, encode_frames, load_codec
from training.codec_seeds import CODEC_HELD_OUT

SHOWN = (
    "cat",
    "turtle",
    "flower",
    "skiing",
    "dancing",
    "mountain",
    "pizza",
    "guitar",
    "car",
    "ship",
    "fireworks",
    "panda",
)
EVIDENCE = (("strong evidence", 1.0), ("moderate evidence", 0.4), ("no evidence", 0.0))
Strip = tuple[str, str, Sequence[NDArray[np.uint8]]]
_CELL, _GAP, _LEFT, _TOP = 120, 6, 170, 40
_INK, _SOFT, _GROUND = QColor("#e8edf4"), QColor("#8b97a8"), QColor("#0b0e13")


def contact_sheet(folder: Path, out: Path, draws: Path | None = None) -> None:
    """Draw twelve held-out scenes and what becomes of them, and write a PNG.

    Rows: the scene watched, at its middle and at its end; then, for strong, moderate and no evidence,
    preview, keyframe and the clip's last frame; with a second generator, keyframes and last frames of both,
    one below the other. The evidence is right and its latent as coarse and noisy as one decoded from EEG.

    Parameters
    ----------
    folder : Path
        Where the trained autoencoder, its exported decoders and the memory lie.
    out : Path
    draws : Path, optional
        Folder of an exported generator that draws.

    Raises
    ------
    UsageError
        If the picture cannot be written.
    """
    named = {concept.name: concept.index for concept in CONCEPTS}
    chosen = [named[name] for name in SHOWN if name in named][:12]
    codec, memory = load_codec(folder), load_generator(folder)
    specs = [clip_spec(concept, CODEC_HELD_OUT.start + 2000 + concept) for concept in chosen]
    truth = np.stack([draw_frame(spec, MIDDLE) for spec in specs])
    rows = [("watched", "", list(truth))]
    rows.append(("its last frame", "", [draw_clip(spec, memory.frames)[-1] for spec in specs]))
    latents = encode_frames(codec, truth)
    contenders: dict[str, Generator] = {"": memory}
    if draws is not None:
        from export.draws import open_draws

        contenders = {"memory": memory, "draws": open_draws(draws, folder)}
    for title, strength in EVIDENCE:
        rng = np.random.default_rng(4)
        evidence = [
            replace(simulated_evidence(spec, latent, memory.memory.mean, strength, rng), context=k)
            for k, (spec, latent) in enumerate(zip(specs, latents, strict=True))
        ]
        rows.append(("preview", title, [memory.preview(e)[0] for e in evidence]))
        for name, generator in contenders.items():
            drawn = [(generator.keyframe(e)[0], list(generator.clip(e))[-1]) for e in evidence]
            for index, grade in enumerate(("keyframe", "clip, last frame")):
                label = f"{name}, {grade.removeprefix('clip, ')}" if name else grade
                rows.append((label, "", [pictures[index] for pictures in drawn]))
    # Qt says by its answer alone that nothing was written.
    if not draw_sheet(rows, [CONCEPTS[concept].name for concept in chosen]).save(str(out), "PNG"):
        raise UsageError(
            f"The contact sheet cannot be written to {out}; name a file in a folder that you can write to."
        )


def draw_sheet(rows: Sequence[Strip], names: Sequence[str]) -> QImage:
    """Lay pictures of one shape out in rows, labels at the left and names above.

    Parameters
    ----------
    rows : sequence of (str, str, sequence of ndarray)
        Label, title or nothing, and a picture (h, w, 3), uint8, for each name.
    names : sequence of str
        Of the columns.
    """
    titles = sum(bool(title) for _, title, _ in rows)
    width = _LEFT + len(names) * (_CELL + _GAP) + _GAP
    height, across = rows[0][2][0].shape[:2]
    tall = round(_CELL * height / across)
    image = QImage(
        width, _TOP + len(rows) * (tall + _GAP) + titles * 2 * _GAP + _GAP, QImage.Format.Format_RGB32
    )
    image.fill(_GROUND)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    middle = Qt.AlignmentFlag.AlignCenter
    beside = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
    for column, name in enumerate(names):
        _write(painter, QRectF(_LEFT + column * (_CELL + _GAP), 0, _CELL, _TOP), name, _INK, 15, middle)
    y = _TOP
    for label, title, pictures in rows:
        if title:
            y += 2 * _GAP
            _write(painter, QRectF(12, y + 18, _LEFT - 20, 24), title, _INK, 15, Qt.AlignmentFlag.AlignLeft)
        _write(painter, QRectF(12, y, _LEFT - 20, tall), label, _SOFT, 14, beside)
        for column, picture in enumerate(pictures):
            height, across = picture.shape[:2]
            cell = QImage(
                np.ascontiguousarray(picture).data, across, height, 3 * across, QImage.Format.Format_RGB888
            )
            painter.drawImage(QRectF(_LEFT + column * (_CELL + _GAP), y, _CELL, tall), cell)
        y += tall + _GAP
    painter.end()
    return image


def _write(painter: QPainter, area: QRectF, text: str, colour: QColor, size: int, align: int) -> None:
    font = QFont("Inter")
    font.setPixelSize(size)
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(area, align, text)
