"""Which painter fits an experiment's targets, from what the operator names."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import zoom

from export.full_size.settings import load_networks, make_prompts, read_settings
from export.painters import GeneratorPainter, Painter, VaePainter
from export.target_scale import TargetScale, learnt
from rtbci.bundle import load_bundle
from rtbci.bundle.engine import PROVIDERS, EngineSession
from rtbci.errors import UsageError
from rtbci.generate.full_size import FullSizeGenerator
from rtbci.generate.full_size.engines import Open, load_full_size, open_full_size
from rtbci.generate.memory import SceneMemory
from rtbci.generate.opening import open_generator
from training.experiments.latents import corpus_latents
from training.experiments.material import Material
from training.experiments.queue import Place
from training.experiments.runs import Decoded
from training.latents import CHANNELS, COARSE, FULL
from training.simulated import SimulatedCohort
from training.source import stimuli
from training.targets import StoredTargets, TargetTable, load_targets
from training.targets.latents import DiffusersVae, find_vae
from training.targets.pictures import Frames

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Means:
    """What shall draw; at most one of them.

    Attributes
    ----------
    bundle : Path or None
        A bundle, whose own generator draws; the one that ships where nothing is named.
    full_size : Path or None
        Folder of a full-size generator's engines, or a TOML file of models.
    vae : str or None
        The VAE that the targets were made with.
    """

    bundle: Path | None = None
    full_size: Path | None = None
    vae: str | None = None


def open_painter(material: Material, place: Place, means: Means, device: torch.device) -> Painter:
    """Open what draws.

    `device` is where a VAE or a full-size generator runs; a bundle's own generator runs on the processor.

    Raises
    ------
    RtbciError
        If it is not there or damaged, or does not fit what the runs have learnt.
    """
    named = [
        option
        for option, value in (
            ("--bundle", means.bundle),
            ("--full-size", means.full_size),
            ("--vae", means.vae),
        )
        if value is not None
    ]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} both say what draws; name one of them.")
    stored = StoredTargets(None, None) if place.targets is None else load_targets(place.targets)
    if means.vae is not None:
        return _vae_painter(material, _latents(stored, "--vae"), means.vae, device)
    if means.full_size is not None:
        return _full_size_painter(material, stored, means.full_size, device)
    if stored.latents is not None and means.bundle is None:
        raise UsageError(
            f"The runs have learnt the latents in {place.targets}; name the VAE that made those with --vae, "
            "a generator of its family with --full-size, or with --bundle one that draws from the concept."
        )
    return _bundle_painter(material, place, stored, means.bundle)


def _bundle_painter(material: Material, place: Place, stored: StoredTargets, folder: Path | None) -> Painter:
    bundle = load_bundle(folder)
    generator = open_generator(bundle, threads=1)
    table = None
    if isinstance(material.source, SimulatedCohort) and stored.latents is None:
        table = corpus_latents(stimuli(material.source), place.codec, place.folder)
    if table is None:
        mean = SceneMemory.from_bundle(bundle).mean

        def latents(decoded: Decoded, at: Indices) -> Floats:
            return np.repeat(mean[None], len(at), axis=0)
    else:
        scale = TargetScale.of_latents(np.stack([table[key] for key in sorted(material.learnt_stimuli)]))

        def latents(decoded: Decoded, at: Indices) -> Floats:
            coarse = scale.restored(_latent_answers(decoded, at, scale))
            grid = coarse.reshape(len(at), CHANNELS, COARSE, COARSE)
            step = FULL // COARSE
            return zoom(grid, (1, 1, step, step), order=1, grid_mode=True, mode="nearest").astype(np.float32)

    side = int(bundle.manifest.engines["decoder"].outputs[0].shape[1])
    frames = Frames(generator.frames, side, side)
    return GeneratorPainter(generator, bundle.manifest.evidence, material, frames, latents)


def _full_size_painter(
    material: Material, stored: StoredTargets, source: Path, device: torch.device
) -> Painter:
    table = _latents(stored, "--full-size")
    if source.suffix == ".toml":
        settings = read_settings(source)
        models, networks = load_networks(settings, device)
        prompts = make_prompts(settings)
        generator = FullSizeGenerator(networks, prompts, models.schedule)
        sizes = networks.sizes
        side = settings.height // sizes.latent[1]
    else:
        open_engine = _opener(device)
        manifest = load_full_size(source)
        generator, sizes = open_full_size(source, open_engine, manifest), manifest.sizes
        side = int(manifest.engines["decoder"].outputs[0].shape[-3]) // sizes.latent[1]
    if table.values.shape[2:] != sizes.latent:
        have, want = (" x ".join(map(str, shape)) for shape in (table.values.shape[2:], sizes.latent))
        height, width = (side * length for length in sizes.latent[1:])
        raise UsageError(
            f"The targets' latents are {have}, and {source} takes {want}; make targets with --height "
            f"{height} --width {width} and train with them, or export a generator of the targets' size."
        )
    scale = TargetScale.of_latents(learnt(material, table))
    shape = table.values.shape[1:]

    def latents(decoded: Decoded, at: Indices) -> Floats:
        # The keyframe is drawn from the first frame's latent, and the others follow from it.
        return scale.restored(_latent_answers(decoded, at, scale)).reshape(len(at), *shape)[:, 0]

    text = None if stored.text is None else TargetScale.of_text(learnt(material, stored.text))
    frames = Frames(generator.frames, *(side * length for length in sizes.latent[1:]))
    return GeneratorPainter(generator, load_bundle().manifest.evidence, material, frames, latents, text)


def _opener(device: torch.device) -> Open:
    """Give what opens engines where torch was asked to run, with as many threads."""
    if device.type not in PROVIDERS:
        raise UsageError(
            f"A folder of engines does not run on --device {device}; name cpu or cuda, or give --full-size a "
            "TOML file of models, which torch runs there."
        )
    if device.index:
        raise UsageError(
            f"A folder of engines runs on the first GPU, not on --device {device}; set CUDA_VISIBLE_DEVICES="
            f"{device.index} and name cuda."
        )
    return partial(EngineSession, threads=torch.get_num_threads(), providers=PROVIDERS[device.type])


def _vae_painter(material: Material, table: TargetTable, name: str, device: torch.device) -> Painter:
    made_by = table.made_by["model"]
    if made_by["kind"] == "onnx":
        raise UsageError(
            "The targets' latents were made by an ONNX encoder, which cannot decode; make targets with a "
            "diffusers VAE (a folder or a hub's name), and train with them."
        )
    found = find_vae(name)
    if isinstance(found, Path) or found.identity() != made_by:
        raise UsageError(
            f"{name} is not the {made_by['kind']} that made the targets' latents, whose files were others; "
            "name that one, or make targets with this one and train with them."
        )
    frames = Frames(**table.made_by["pictures"]["frames"])
    scale = TargetScale.of_latents(learnt(material, table))
    return VaePainter(DiffusersVae(found, device), material, table, scale, frames)


def _latents(stored: StoredTargets, option: str) -> TargetTable:
    if stored.latents is None:
        raise UsageError(
            f"{option} draws from the latents of a VAE, and the runs have learnt none; make targets with "
            "`rtbci train targets --vae`, train with --targets, and name them here too."
        )
    return stored.latents


def _latent_answers(decoded: Decoded, at: Indices, scale: TargetScale) -> Floats:
    """What a run says of the latents; the mean where it says nothing."""
    if "latent" not in decoded.answers:
        return np.zeros((len(at), len(scale.mean)), dtype=np.float32)
    return decoded.answers["latent"][at]
