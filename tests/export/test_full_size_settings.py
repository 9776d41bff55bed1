import pytest

from export.full_size.settings import read_settings
from rtbci.errors import UsageError

MODELS = 'base = "b"\nmotion_adapter = "m"\nsparse_control = "s"\n'


def test_settings_are_read_with_their_defaults(tmp_path):
    file = tmp_path / "models.toml"
    file.write_text(MODELS + "frames = 8\n")
    settings = read_settings(file)
    assert (settings.base, settings.vae, settings.frames, settings.width) == ("b", None, 8, 512)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("base = 3", "does not say which models"),
        (MODELS + 'precision = "int4"', "does not say which models"),
        (MODELS + "typo = 1", "does not say which models"),
        (MODELS + "width = 500", "multiples of 64"),
        (MODELS + "frames = 0", "at least one frame"),
        (MODELS + 'prompt = "a cat"', "no place for the concept"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path, text, says):
    file = tmp_path / "models.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=says):
        read_settings(file)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_settings(tmp_path / "none.toml")
