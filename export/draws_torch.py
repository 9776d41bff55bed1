"""The generator that draws run by torch, and what its networks are asked while it draws."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from export.recognition import simulated_evidence
from rtbci.generate import DecodedEvidence, sharpness
from rtbci.generate.draws import CONTROL, STEP, Flow, evidence_row
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.spec import clip_spec
from training.codec_seeds import CODEC_HELD_OUT
from training.draws.model import EVIDENCE, Drawer, placed

Floats = NDArray[np.float32]

STRENGTHS = (0.25, 0.5, 1.0)
"""Draw in one step, in two, and in four with guidance."""
_FIRST = CODEC_HELD_OUT.start + 3 * 2**22


@dataclass(frozen=True, eq=False)
class Call:
    """One run of a network: arrays by name that it was given, and that it gave."""

    inputs: dict[str, Floats]
    outputs: dict[str, Floats]

    @property
    def frames(self) -> int:
        """Of how many frames."""
        return int(self.inputs["latent" if "latent" in self.inputs else "keyframe"].shape[2])


@dataclass(eq=False)
class TorchNetwork:
    """One of the two networks, as `rtbci.generate.draws.Flow` takes it.

    Attributes
    ----------
    drawer : Drawer
    name : str
        ``draw_step`` or ``draw_control``.
    calls : list of Call, or None
        Where every run is kept; None to keep none.
    """

    drawer: Drawer
    name: str
    calls: list[Call] | None = field(default=None)

    @torch.inference_mode()
    def run(self, **inputs: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
        """Run it once."""
        given: dict[str, Tensor] = {name: torch.from_numpy(array) for name, array in inputs.items()}
        if self.name == CONTROL:
            added = self.drawer.steer(**given)
            made = {f"residual{k}": residual.numpy() for k, residual in enumerate(added)}
        else:
            residuals = tuple(given.pop(f"residual{k}") for k in range(len(given) - 4))
            velocity = self.drawer(
                given["latent"], given["time"], given["stride"], given["evidence"], residuals
            )
            made = {"velocity": velocity.numpy()}
        if self.calls is not None:
            self.calls.append(Call(dict(inputs), made))
        return dict(made)


def torch_flow(drawer: Drawer, calls: dict[str, list[Call]] | None = None) -> Flow:
    """The flow with its networks in torch; their runs are appended to `calls`, by name, where it is given."""
    step, control = (
        TorchNetwork(drawer, name, None if calls is None else calls.setdefault(name, []))
        for name in (STEP, CONTROL)
    )
    return Flow(step, control, residual_shapes(drawer))


def residual_shapes(drawer: Drawer) -> list[tuple[int, ...]]:
    """Shapes of the residuals of one frame."""
    latent = torch.zeros(1, drawer.unet.config["in_channels"], 16, 16)
    with torch.inference_mode():
        residuals = drawer.steer(*placed(latent, 1), torch.zeros(1), torch.zeros(1, EVIDENCE))
    return [tuple(residual.shape[1:]) for residual in residuals]


def example_evidence(mean: Floats, seed: int = 0) -> list[DecodedEvidence]:
    """Evidence of each of `STRENGTHS` for a concept each; its latents are coarse noise about the mean."""
    rng = np.random.default_rng(seed)
    concepts = rng.permutation(len(CONCEPTS))[: len(STRENGTHS)]
    return [
        simulated_evidence(clip_spec(int(concept), _FIRST + seed), mean, mean, strength, rng)
        for concept, strength in zip(concepts, STRENGTHS, strict=True)
    ]


def recorded_calls(
    drawer: Drawer, mean: Floats, evidence: Sequence[DecodedEvidence]
) -> dict[str, list[Call]]:
    """Draw a keyframe and a clip for each piece of evidence, and keep what the networks were asked and said.

    Parameters
    ----------
    drawer : Drawer
    mean : ndarray, shape (8, 16, 16)
    evidence : sequence of DecodedEvidence

    Returns
    -------
    dict of str to list of Call
        Of ``draw_step``, for keyframes and clips, and of ``draw_control``, for clips.
    """
    calls: dict[str, list[Call]] = {}
    flow, rng = torch_flow(drawer, calls), np.random.default_rng(0)
    for one in evidence:
        sharp = sharpness(one.strength)
        row = evidence_row(one, sharp)
        noise = rng.standard_normal(mean.shape, dtype=np.float32)
        start = (one.latent + np.float32(sharp.refinement) * noise)[:, None]
        *_, drawn = flow.follow(start, row, sharp)
        clip = np.repeat(start, drawer.settings.frames, axis=1)
        *_, _ = flow.follow(clip, row, sharp, drawn[:, 0])
    return calls
