"""``rtbci export full-size``: large diffusion models as engines that the runtime draws with."""

from pathlib import Path
from typing import Annotated

import typer

from rtbci.cli.parity_table import PARITY_FILE, parity_content, print_parity


def full_size(
    models: Annotated[
        Path, typer.Argument(help="TOML file that names the models; see the guide to engines.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the engines; replaced when all is done.")],
    licence: Annotated[str, typer.Option(help="Licence of the models' weights: SPDX name or link.")],
    decoder: Annotated[
        Path | None,
        typer.Option(help="ONNX picture decoder that gives a pyramid (VAElight), in place of the VAE."),
    ] = None,
    parity: Annotated[
        bool,
        typer.Option(
            help="Run each network once in torch and as an engine, on this processor, and write how far they "
            "are apart; with models of full size that takes minutes, and memory for both."
        ),
    ] = True,
) -> None:
    """Export a keyframe network, a motion network with sparse control, and a picture decoder.

    The models are loaded by diffusers from folders or the hub; what comes out needs neither. Beside the
    engines lies how closely they follow torch (parity.json): largest and mean difference, PSNR between the
    pictures of both, size, and time on one thread.

    Example: `rtbci export full-size models.toml --out full-size --licence openrail`
    """
    import tempfile

    import torch

    from export.full_size.pyramid import write_pyramid_decoder
    from export.full_size.settings import load_networks, make_prompts, read_settings
    from export.full_size.write import write_full_size
    from export.parity_full_size import compare_full_size
    from rtbci.errors import UsageError
    from rtbci.files import save_report
    from rtbci.generate.full_size.engines import MANIFEST_FILE

    settings = read_settings(models)
    if settings.precision == "bf16":
        raise UsageError(f"{models} asks for bf16, which engines do not take; write fp16 or fp32.")
    if out.exists() and not (out / MANIFEST_FILE).is_file():
        raise UsageError(f"{out} exists and is no full-size generator; give a folder that is new.")
    loaded, networks = load_networks(settings, torch.device("cpu"))
    prompts = make_prompts(settings)
    with tempfile.TemporaryDirectory() as temporary:
        file = None
        if decoder is not None:
            file = Path(temporary) / "decoder.onnx"
            write_pyramid_decoder(decoder, file, networks.sizes.latent)
        names = (settings.base, settings.motion_adapter, settings.sparse_control)
        write_full_size(
            out,
            loaded,
            networks.sizes,
            prompts,
            description=f"Made of {', '.join(names)} and {decoder or settings.vae or 'the base model'}.",
            licence=licence,
            keyframe_at=settings.keyframe_at,
            decoder=file,
        )
    typer.echo(f"Wrote {out}.")
    if not parity:
        return
    if decoder is not None:
        typer.echo(f"{decoder} is no network of torch: there is nothing to hold the picture decoder against.")
    compared = compare_full_size(
        out,
        loaded,
        keyframe_at=settings.keyframe_at,
        own_decoder=decoder is None,
        progress=lambda what: typer.echo(f"{what}, in torch and as an engine …"),
    )
    rows = list(compared)
    print_parity(rows)
    save_report(out / PARITY_FILE, parity_content(rows, generator=out.name, torch=settings.precision))
