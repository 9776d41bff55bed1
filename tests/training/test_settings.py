"""Settings that cannot be used are refused when they are read, in one sentence, by all who read them."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import UsageError
from rtbci.montage import REGIONS
from training.clips import make_clips
from training.decoder_settings import load_settings
from training.experiments.loop import Loop, Progress
from training.experiments.settings import RunSettings, Variant, load_experiment
from training.lab.settings import load_lab_settings
from training.simulated import SimulatedCohort
from training.source import Block, Clip
from training.source_windows import subject_windows

CONFIGS = Path(__file__).parents[2] / "training"
READERS: dict[str, tuple[Callable[[Path], object], Path]] = {
    "experiment": (lambda file: load_experiment(str(file)), CONFIGS / "experiments/configs/base.toml"),
    "lab": (load_lab_settings, CONFIGS / "configs/own-recordings.toml"),
    "decoder": (load_settings, CONFIGS / "configs/decoder.toml"),
}
EXPERIMENT = 'name = "a"\ntitle = "b"\nnotes = ""\nbaseline = "c"\nvariants = [{ name = "c" }]\n'


@pytest.fixture(params=READERS)
def refused(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """Read a file that ships with one line changed, and give the sentence that refuses it."""
    read, shipped = READERS[request.param]
    head = EXPERIMENT if request.param == "experiment" else ""
    file = tmp_path / "mine.toml"

    def why(old: str, new: str | bytes) -> str:
        text = (head + shipped.read_text()).encode()
        file.write_bytes(text)
        read(file)
        line = next(line for line in text.splitlines() if line.startswith(f"{old} = ".encode()))
        file.write_bytes(text.replace(line, new if isinstance(new, bytes) else new.encode(), 1))
        with pytest.raises(UsageError) as raised:
            read(file)
        said = str(raised.value)
        assert str(file) in said and "\n" not in said and said.endswith(".")
        return said

    return why


def test_a_file_that_is_not_utf8_says_so(refused: Callable[..., str]) -> None:
    said = refused("lag_s", "lag_s = 0.1 # für alle".encode("latin-1"))
    assert "is not UTF-8" in said and "save the file as UTF-8" in said


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_a_number_that_is_not_finite_is_named(refused: Callable[..., str], number: str) -> None:
    assert ".rate` is not a finite number" in refused("rate", f"rate = {number}")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("decimate", "decimate = 2", "`decimate` is 2; it must be one of 4, 8, 16, 20, 40"),
        ("decimate", "decimate = 16", "`stride` is 2; it must divide the 25 samples"),
        ("decimate", "decimate = 0", ">= 1 .*model.decimate"),
        ("heads", "heads = 5", "`heads` is 5; it must divide `width`, which is (48|72)"),
        ("kernels", "kernels = [4, 5, 6]", "`kernels` has 4; kernels must be odd"),
        ("kernels", "kernels = [3, 5, 7, 9, 11]", "`width` is (48|72); it must be a multiple of .* 5"),
        ("kernels", "kernels = []", "length >= 1 .*model.kernels"),
        ("dropout", "dropout = 2.0", "< 1.0 .*model.dropout"),
        ("dropout", f"dropout = 0.1\ndrop_regions = {json.dumps(list(REGIONS))}",
         "`drop_regions` names all regions; leave at least one"),
        ("width", "width = 0", ">= 1 .*model.width"),
        ("batch", "batch = 1", ">= 2 .*batch"),
        ("lag_s", "lag_s = 500", "<= 5.0 .*lag_s"),
        ("lag_s", "lag_s = -1", ">= 0.0 .*lag_s"),
    ],
)  # fmt: skip
def test_what_no_net_can_be_made_of_is_refused(
    refused: Callable[..., str], old: str, new: str, says: str
) -> None:
    assert re.search(says, refused(old, new))


def test_without_a_loss_that_tells_the_concept_nothing_is_trained() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"`concept` and `text` are both 0.*losses"):
        msgspec.convert({"losses": {"concept": 0.0, "text": 0.0}}, RunSettings)
    base = load_experiment("own-subject")
    change = {"losses": {"concept": 0.0, "text": 0.0}}
    with pytest.raises(UsageError, match=r"Variant 'mute' .* both 0"):
        base.settings(Variant(name="mute", change=change))


def test_no_warm_up_is_the_full_rate_from_the_first_step() -> None:
    rates = []
    for warm_up in (0, 1, 4):
        running = Loop.__new__(Loop)
        base = load_experiment("own-subject").base
        running.settings, running.progress = msgspec.structs.replace(base, warm_up=warm_up), Progress()
        rates.append(running._rate() / base.rate)
    assert rates == [1.0, 1.0, 0.25]


def test_a_block_without_a_whole_answer_has_no_windows_and_is_no_error(tmp_path: Path) -> None:
    """As with a lag, where a recording was stopped after its only clip."""
    source = SilentBlock("4", wearers=1, blocks_each=3, slots=1)
    p, held = Preprocessing(lag_s=0.1), (source.blocks("sub1")[-1],)
    store = make_clips(source, tmp_path, p, ("sub1",), held, processes=1)
    clips = store.clips()
    assert len(clips) == len(store.x("aligned", 1)) == len(store.x("de", 1)) > 0
    assert set(clips.block) == {1, 2}
    windows = subject_windows(source, "sub1", p, np.eye(62), held)
    assert set(windows.session) == {1, 2}


class SilentBlock(SimulatedCohort):
    """A cohort nothing of whose first blocks can be used."""

    def clips(self, block: Block) -> tuple[Clip, ...]:
        return super().clips(block) if block.number else ()
