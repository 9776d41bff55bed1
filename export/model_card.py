"""The model card: what a bundle is, what it was trained on, how good it is and what it cannot do."""

from rtbci.bundle.schema import Manifest, Metric

SIMULATED = "simulated"
"""Start of the data fingerprint of a bundle that was trained on simulated wearers only."""

_SIMULATED_DATA = """\
**It was trained on simulated wearers**: cortical sources seen through a head model, driven by drawn clips,
over a simulated background of rhythms, blinks, muscle, mains and drift. No recording of a person went
into it. Real EEG is far weaker: published decoders of 40 concepts from real EEG of this kind reach about
4 %, where chance is 2.5 %. Expect nothing from this bundle on a person before calibrating and measuring."""

_RECORDED_DATA = """\
**It was trained on recordings**, those that the first lines name. Published decoders of 40 concepts from
real EEG of this kind reach about 4 %, where chance is 2.5 %: believe the figures below and no others. For a
wearer who was not recorded, expect nothing before calibrating and measuring."""

_MEMORY = """\
**Its pictures are composed from a library of {n} drawn scenes.** The decoded concept picks the scenes, the
decoded layout and colours choose among them and tint them. Number, pose and the colour of the object are
therefore the nearest scene's: they are not seen in the EEG one by one, and nothing outside the library can
appear. Weak evidence makes the picture soft and dim on purpose."""

_NO_SCENES = """\
**It has no scenes of its own.** A full-size generator draws what it decodes (`rtbci run --full-size`);
without one it shows the mean of that generator's pictures, whatever is decoded. A full-size generator
invents what the EEG does not say, less of it the weaker the evidence."""

_BY_CONCEPT = """\
**Its pictures are composed from a library of {n} drawn scenes.** The decoded concept picks the scenes, and
the attributes that are decoded ({said}) choose among them. No picture latent is decoded, so layout and
colours are the library's and are not seen in the EEG; previews show the library's mean, which is no picture.
Weak evidence makes the picture soft and dim on purpose."""


_WEIGHTS = "The encoder's weights are there as torch keeps them too: calibration with gradients begins there."


def model_card(manifest: Manifest, megabytes: float) -> str:
    """Write the model card of a bundle from its manifest.

    Parameters
    ----------
    manifest : Manifest
        Everything the card says comes from here.
    megabytes : float
        Size of the bundle's files.

    Returns
    -------
    str
        Markdown.
    """
    simulated = manifest.data_fingerprint.startswith(SIMULATED)
    p = manifest.preprocessing
    sections = [
        f"# Model card: {manifest.id}",
        manifest.description,
        "## What it is",
        f"A decoder from {len(manifest.montage)}-channel EEG at {p.rate_hz:g} Hz (windows of {p.window_s:g} "
        f"s) to {len(manifest.concepts)} concepts, a text embedding and a picture latent, with a decoder "
        f"from latents to pictures: {len(manifest.engines)} ONNX graphs "
        f"({', '.join(f'{name} {e.precision}' for name, e in sorted(manifest.engines.items()))}) and "
        f"{len(manifest.arrays)} arrays, {megabytes:.1f} MB."
        + (f" {_WEIGHTS}" if "encoder" in manifest.weights else ""),
        "## What it was trained on",
        _SIMULATED_DATA if simulated else _RECORDED_DATA,
        f"Data fingerprint: `{manifest.data_fingerprint}`. Code version: `{manifest.code_version}`. "
        f"Made: {manifest.created}.",
        "## What its pictures are",
        _pictures(manifest),
        "## How good it is",
        "Each figure beside the chance level of the very same metric.",
        _table(manifest.metrics),
        "Evidence from several windows is summed with the exponent "
        f"{manifest.evidence.exponent:g}, fitted on {_fitted_on(simulated)}, because overlapping windows are "
        "not independent.",
        "## What it is not for",
        "It is no medical device, it does not read minds, and its output is evidence of what is on the "
        "screen in front of the wearer only as far as the figures above go.",
        "## Licence",
        f"Weights and arrays: {manifest.licence}.",
    ]
    return "\n\n".join(sections) + "\n"


def _pictures(manifest: Manifest) -> str:
    """What the pictures rest on, and which attributes say nothing."""
    scenes = manifest.arrays["memory_concept"].shape[0]
    mute = [name for name in manifest.attributes if name in manifest.silent]
    said = [name for name in manifest.attributes if name not in manifest.silent]
    text = _MEMORY if "latent" not in manifest.silent else _BY_CONCEPT
    if scenes == 1:
        text = _NO_SCENES
    parts = [text.format(n=scenes, said=", ".join(said) or "nothing")]
    if mute:
        parts.append(
            f"Nothing taught it {' or '.join(mute)}: all values are always equally likely, and none is shown."
        )
    return "\n\n".join(parts)


def _fitted_on(simulated: bool) -> str:
    return "held-out wearers" if simulated else "blocks that it was not trained on"


def _table(metrics: tuple[Metric, ...]) -> str:
    rows = ["| metric | value | chance | 95 % interval | n | split |", "|---|---|---|---|---|---|"]
    for metric in metrics:
        interval = "not estimated" if metric.ci95 is None else f"{metric.ci95[0]:.4g} to {metric.ci95[1]:.4g}"
        rows.append(
            f"| {metric.name} | {metric.value:.4g} | {metric.chance:.4g} | {interval} | {metric.n} | "
            f"{metric.split} |"
        )
    return "\n".join(rows)
