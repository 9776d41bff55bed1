"""Folders of a laboratory's own clips: tiny films whose every frame can be told from the others."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

CODECS = {".mp4": "libx264", ".webm": "libvpx", ".gif": "gif"}


def write_film(path, seconds=2.2, rate=10, size=(64, 48), colour=(200, 40, 40)):
    """A film of one colour whose brightness grows frame by frame, in steps of 2, with a bright left edge."""
    container = av.open(str(path), "w")
    stream = container.add_stream(CODECS[path.suffix], rate=rate)
    stream.width, stream.height = size
    stream.pix_fmt = "rgb8" if path.suffix == ".gif" else "yuv420p"
    stream.time_base = Fraction(1, rate)
    for index in range(round(seconds * rate)):
        pixels = np.zeros((size[1], size[0], 3), np.uint8)
        pixels[:] = np.clip(np.array(colour) // 2 + 2 * index, 0, 255)
        pixels[:, : size[0] // 4] = 255
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts = index
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
    container.close()
    return path


def write_folder(folder: Path, files=None, seconds=2.2, rate=10, suffix=".mp4"):
    """A folder of films and its table; `files` by concept, or two each of four."""
    folder.mkdir(parents=True, exist_ok=True)
    files = files or dict.fromkeys(("cat", "dog", "ship", "pizza"), 2)
    lines, number = ["file,concept,caption"], 0
    for concept, count in files.items():
        for _ in range(count):
            colour = tuple(np.random.default_rng(number).integers(40, 180, 3))
            write_film(folder / f"f{number:02d}{suffix}", seconds, rate, colour=colour)
            lines.append(f'f{number:02d}{suffix},{concept},"the {concept}, film {number}"')
            number += 1
    (folder / "clips.csv").write_text("\n".join(lines) + "\n")
    return folder
