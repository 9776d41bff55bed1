"""Settings that cannot be used are refused when they are read, in one sentence, by all who read them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rtbci.errors import UsageError
from training.decoder_settings import load_settings
from training.experiments.settings import load_experiment
from training.lab.settings import load_lab_settings

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
