"""The full-size generator run by diffusers, as the process that `rtbci.live` draws with.

``python -m export.full_size.worker --models FILE.toml`` with the options of `rtbci.generate.worker`, whose
messages it takes and sends. The runtime itself never imports torch; a process of its own may.
"""

import argparse
from pathlib import Path

from export.full_size.settings import load_networks, make_prompts, read_settings
from rtbci.bundle import Bundle
from rtbci.generate import Generator
from rtbci.generate.full_size import FullSizeGenerator
from rtbci.generate.worker import add_options, run_worker


def open_generator(models: Path, bundle: Bundle) -> Generator:
    """Load the models that a file names, as the generator of a bundle.

    Raises
    ------
    RtbciError
        If they cannot be loaded or do not fit the bundle.
    """
    settings = read_settings(models)
    loaded, networks = load_networks(settings)
    generator = FullSizeGenerator(networks, make_prompts(settings), loaded.schedule)
    generator.serve(bundle)
    return generator


def main() -> int:
    """Run from the command line; for `rtbci.live`, not for people."""
    parser = argparse.ArgumentParser(description="Draw pictures from evidence by diffusers, for rtbci run.")
    add_options(parser)
    parser.add_argument("--models", type=Path, required=True)
    arguments = parser.parse_args()
    return run_worker(arguments, lambda bundle: open_generator(arguments.models, bundle))


if __name__ == "__main__":
    raise SystemExit(main())
