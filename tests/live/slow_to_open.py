"""A generator's process that opens the bundle's generator only once a file is there."""

import argparse
import time
from pathlib import Path

from rtbci.generate import open_generator
from rtbci.generate.worker import add_options, run_worker


def main() -> int:
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("--may-open", type=Path, required=True)
    arguments = parser.parse_args()

    def opened(bundle):
        # Not for ever: the test may be gone.
        end = time.monotonic() + 120
        while not arguments.may_open.exists() and time.monotonic() < end:
            time.sleep(0.05)
        return open_generator(bundle, threads=1)

    return run_worker(arguments, opened)


if __name__ == "__main__":
    raise SystemExit(main())
