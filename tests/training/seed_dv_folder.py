"""A folder laid out as SEED-DV, of the true shape and size, that costs little: its EEG files are sparse."""

from pathlib import Path

import numpy as np

from rtbci.stimuli import film

SHAPE = (7, 62, 104_000)
FILES = {
    "label": ("All_video_label.npy", 40),
    "colour": ("All_video_color.npy", 200),
    "number": ("All_video_obj_number.npy", 200),
    "face": ("All_video_face_apperance.npy", 200),
    "human": ("All_video_human_apperance.npy", 200),
    "flow": ("All_video_optical_flow_score.npy", 200),
}


def write_meta(folder: Path, seed: int = 0) -> dict[str, np.ndarray]:
    """Labels, attributes and captions as the data set has them, with values of our own."""
    rng = np.random.default_rng(seed)
    arrays = {
        "label": np.stack([rng.permutation(40) + 1 for _ in range(7)]),
        "colour": rng.integers(0, 7, (7, 200)).astype(float),
        "number": rng.integers(1, 4, (7, 200)).astype(float),
        "face": rng.integers(0, 2, (7, 200)).astype(float),
        "human": rng.integers(0, 2, (7, 200)).astype(float),
        "flow": rng.uniform(0.1, 9.8, (7, 200)),
    }
    (folder / "meta-info").mkdir(parents=True)
    for name, (file, _) in FILES.items():
        np.save(folder / "meta-info" / file, arrays[name])
    (folder / "BLIP-caption").mkdir()
    for block, stem in enumerate(film.STEMS):
        lines = [f"caption of block {block} line {line} " for line in range(200)]
        (folder / "BLIP-caption" / f"{stem}.txt").write_bytes("\r\n".join([*lines, ""]).encode())
    return arrays


def write_eeg(
    path: Path, seed: int, dtype: str = "float32", scale: float = 20.0, whole: int = 0
) -> np.memmap:
    """A recording: noise in the first clip of every eighth channel, and everywhere in the first blocks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    spots = (scale * rng.standard_normal((7, 8, 400))).astype(dtype)
    with path.open("wb") as file:
        layout = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": SHAPE}
        np.lib.format.write_array_header_1_0(file, layout)
        begin = file.tell()
        file.truncate(begin + np.dtype(dtype).itemsize * int(np.prod(SHAPE)))
        # Written, not mapped: each page of a sparse file that a mapping touches costs milliseconds.
        for (block, spot), samples in zip(np.ndindex(7, 8), spots.reshape(-1, 400), strict=True):
            sample = np.ravel_multi_index((block, 8 * spot, 600), SHAPE)
            file.seek(begin + samples.itemsize * int(sample))
            file.write(samples.tobytes())
    eeg: np.memmap = np.lib.format.open_memmap(path, mode="r+")
    for block in range(whole):
        eeg[block] = scale * rng.standard_normal(SHAPE[1:], dtype=np.float32)
    return eeg
