"""A generator that draws, of random weights and few of them."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from export.draws import MEAN_FILE, SPREAD_FILE
from rtbci.files import write_json
from training.codec_model import LATENT_SHAPE
from training.draws.model import Drawer
from training.draws.settings import ModelSettings
from training.draws.train import SETTINGS_FILE, WEIGHTS_FILE

SETTINGS = ModelSettings(widths=(16, 16), token=16, heads=2, frames=2)


def write_tiny_draws(folder: Path) -> Drawer:
    """Write it as training does; not exported."""
    torch.manual_seed(0)
    drawer = Drawer(SETTINGS)
    with torch.no_grad():
        for parameter in drawer.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    folder.mkdir(parents=True, exist_ok=True)
    save_file(drawer.state_dict(), folder / WEIGHTS_FILE)
    write_json(folder / SETTINGS_FILE, asdict(SETTINGS))
    np.save(folder / MEAN_FILE, np.zeros(LATENT_SHAPE, np.float32))
    np.save(folder / SPREAD_FILE, np.float32([1.0]))
    return drawer.eval().requires_grad_(False)
