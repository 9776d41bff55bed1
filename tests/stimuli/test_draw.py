import dataclasses
import hashlib
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QImage, QPainter

from rtbci.errors import StimulusError
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPT_NAMES
from rtbci.stimuli.draw import SUBJECTS, draw_clip, draw_frame, paint
from rtbci.stimuli.draw.scenes import BACKDROPS
from rtbci.stimuli.draw.sheet import contact_sheet
from rtbci.stimuli.spec import ClipSpec, clip_spec

SMALL = 48


def difference(a, b):
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def shrink(picture, factor):
    rows, columns, _ = picture.shape
    blocks = picture.reshape(rows // factor, factor, columns // factor, factor, 3)
    return blocks.mean(axis=(1, 3))


def digest_of(seed):
    pictures = [
        draw_frame(clip_spec(index, seed), 0.7, SMALL).tobytes() for index in range(len(CONCEPT_NAMES))
    ]
    return hashlib.sha256(b"".join(pictures)).hexdigest()


specs = st.builds(
    ClipSpec,
    concept=st.integers(0, len(CONCEPT_NAMES) - 1),
    seed=st.integers(0, 2**40),
    **{name: st.integers(0, len(values) - 1) for name, values in ATTRIBUTES.items()},
    x=st.floats(0.0, 1.0),
    y=st.floats(0.2, 0.9),
    size=st.floats(0.2, 0.95),
    mirrored=st.booleans(),
)


def test_every_concept_and_every_place_can_be_drawn():
    assert set(SUBJECTS) == set(CONCEPT_NAMES)
    assert set(BACKDROPS) == set(ATTRIBUTES["scene"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spec=specs, t=st.floats(0.0, 30.0), size=st.integers(1, 90))
def test_any_specification_is_drawn_at_any_size_and_moment(spec, t, size):
    picture = draw_frame(spec, t, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, draw_frame(spec, t, size))


@pytest.mark.parametrize("width, height", [(120, 40), (40, 120), (97, 61)])
@pytest.mark.parametrize("concept", ["city", "water", "drum", "flower"])
def test_pictures_that_are_not_square_are_filled_and_nothing_is_painted_outside(concept, width, height):
    image = QImage(width + 20, height + 20, QImage.Format.Format_RGB32)
    image.fill(0xFF00FF)
    painter = QPainter(image)
    before = painter.transform()
    paint(painter, clip_spec(concept, 3), 1.0, width, height)
    assert painter.transform() == before
    painter.end()
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height + 20, image.bytesPerLine())
    pixels = rows[:, : 3 * (width + 20)].reshape(height + 20, width + 20, 3)
    empty = (pixels == (255, 0, 255)).all(axis=2)
    assert empty[height:].all()
    assert empty[:, width:].all()
    assert not empty[:height, :width].any()


def test_a_clip_is_its_frames_at_equal_steps():
    spec = clip_spec("drum", 4)
    clip = draw_clip(spec, n_frames=4, size=SMALL, seconds=2.0)
    assert clip.shape == (4, SMALL, SMALL, 3)
    assert clip.dtype == np.uint8
    for i in range(4):
        assert np.array_equal(clip[i], draw_frame(spec, 0.5 * i, SMALL))


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    command = "from tests.stimuli.test_draw import digest_of; print(digest_of(11))"
    environment = {**os.environ, "PYTHONHASHSEED": "77", "QT_QPA_PLATFORM": "offscreen"}
    root = __file__.rsplit("tests", 1)[0]
    answer = subprocess.run(
        [sys.executable, "-c", command], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == digest_of(11)


def test_the_order_of_drawing_does_not_matter():
    first = digest_of(12)
    draw_clip(clip_spec("fireworks", 9), 2, SMALL)
    assert digest_of(12) == first


@pytest.mark.parametrize("concept", CONCEPT_NAMES)
def test_a_larger_picture_shows_the_same(concept):
    spec = clip_spec(concept, 21)
    small, large = draw_frame(spec, 0.4, SMALL), draw_frame(spec, 0.4, 4 * SMALL)
    other = draw_frame(clip_spec(concept, 22), 0.4, SMALL)
    same = difference(small, shrink(large, 4))
    assert same < 7
    assert same < 0.5 * difference(small, other)


@pytest.mark.parametrize("concept", CONCEPT_NAMES)
def test_every_attribute_shows(concept):
    spec = clip_spec(concept, 31)
    reference = draw_clip(spec, 2, SMALL)
    for name, values in ATTRIBUTES.items():
        others = [value for value in range(len(values)) if value != getattr(spec, name)]
        for value in others[:: max(1, len(others) // 3)]:
            changed = draw_clip(dataclasses.replace(spec, **{name: value}), 2, SMALL)
            floor = 0.5 if name in ("colour", "speed") else 1.0
            assert difference(reference, changed) > floor, (name, values[value])


@pytest.mark.parametrize("concept", CONCEPT_NAMES)
def test_place_and_size_show(concept):
    spec = clip_spec(concept, 41)
    spec = dataclasses.replace(spec, x=0.4, y=0.5, size=0.5)
    reference = draw_frame(spec, 1.0, SMALL)
    for change in ({"x": 0.62}, {"y": 0.62}, {"size": 0.7}):
        assert difference(reference, draw_frame(dataclasses.replace(spec, **change), 1.0, SMALL)) > 0.8, (
            change
        )


@pytest.mark.parametrize("concept", CONCEPT_NAMES)
def test_fast_clips_move_more_than_slow_ones(concept):
    def motion(speed):
        total = 0.0
        for seed in (51, 52):
            spec = dataclasses.replace(clip_spec(concept, seed), speed=ATTRIBUTES["speed"].index(speed))
            frames = draw_clip(spec, 8, SMALL, seconds=0.8)
            total += sum(difference(a, b) for a, b in itertools.pairwise(frames))
        return total

    assert motion("slow") > 0.5
    assert motion("fast") > 1.3 * motion("slow")


def test_the_colour_can_be_told_from_the_picture():
    for concept in ("flower", "tree", "drum", "cake", "mushroom", "mountain"):
        spec = dataclasses.replace(clip_spec(concept, 61), sky=0, number=0, size=0.7)
        red, blue = (
            draw_frame(dataclasses.replace(spec, colour=ATTRIBUTES["colour"].index(name)), 1.0, SMALL).astype(
                int
            )
            for name in ("red", "blue")
        )
        changed = np.abs(red - blue).sum(axis=2) > 40
        assert changed.mean() > 0.02
        assert (red[changed, 0] > red[changed, 2]).mean() > 0.7
        assert (blue[changed, 2] > blue[changed, 0]).mean() > 0.7


def test_a_sheet_shows_all_concepts_in_order():
    sheet = contact_sheet(seed=5, size=32, columns=8)
    assert sheet.shape == (5 * 32, 8 * 32, 3)
    assert np.array_equal(sheet[32:64, 64:96], draw_frame(clip_spec(10, 5), 1.0, 32))


def test_a_picture_without_pixels_is_refused():
    with pytest.raises(StimulusError, match="0 pixels"):
        draw_frame(clip_spec("cake", 1), 0.0, 0)
