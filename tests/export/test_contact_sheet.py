import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from export.codec import DECODER_FILE, PREVIEW_FILE, PREVIEW_SHRINK, example_latents, export_decoder
from export.contact_sheet import SHOWN, contact_sheet
from rtbci.cli import app
from rtbci.errors import UsageError
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from training.codec import WEIGHTS_FILE, load_codec
from training.codec_model import LATENT_SHAPE, Codec
from training.memory import Memory


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An autoencoder that has learnt nothing, with a memory of noise."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("sheet")
    save_file(Codec().state_dict(), folder / WEIGHTS_FILE)
    codec = load_codec(folder)
    examples = example_latents(codec, 2)
    export_decoder(codec, folder / DECODER_FILE, examples)
    export_decoder(codec, folder / PREVIEW_FILE, examples, PREVIEW_SHRINK)
    rng, n = np.random.default_rng(0), len(CONCEPTS)
    Memory(
        latents=rng.integers(-127, 128, (n, 2, *LATENT_SHAPE), dtype=np.int8),
        scale=np.full(LATENT_SHAPE[0], 0.02, np.float32),
        concept=np.arange(n, dtype=np.int16),
        attributes=np.zeros((n, len(ATTRIBUTES)), np.int16),
        seed=np.arange(n, dtype=np.int64),
    ).save(folder)
    return folder


def test_without_evidence_all_scenes_look_the_same(folder, qapp):
    file = folder / "sheet.png"
    contact_sheet(folder, file)
    sheet = np.asarray(Image.open(file).convert("RGB")).astype(int)
    cells = [sheet[:, 170 + k * 126 : 290 + k * 126] for k in range(len(SHOWN))]
    watched, last = slice(40, 160), slice(-126, -6)
    for other in cells[1:]:
        assert np.abs(other[watched] - cells[0][watched]).mean() > 5
        np.testing.assert_array_equal(other[last], cells[0][last])


def test_a_sheet_that_cannot_be_written_is_refused(folder, qapp, tmp_path, monkeypatch):
    nowhere = tmp_path / "nowhere" / "sheet.png"
    with pytest.raises(UsageError, match="contact sheet cannot be written"):
        contact_sheet(folder, nowhere)
    # The command does not draw for minutes first.
    monkeypatch.setattr("export.contact_sheet.contact_sheet", lambda *_: pytest.fail("it drew"))
    done = CliRunner().invoke(app, ["export", "contact-sheet", str(nowhere)])
    assert isinstance(done.exception, UsageError)
    assert "contact sheet cannot be written" in str(done.exception)
