"""A generator's process that opens, and draws keyframes, only once a file is there."""

import argparse
import time
from pathlib import Path

from rtbci.generate import open_generator
from rtbci.generate.worker import add_options, run_worker


def wait_for(path: Path) -> None:
    # Not for ever: the test may be gone.
    end = time.monotonic() + 120
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("--may-open", type=Path, required=True)
    parser.add_argument("--may-draw", type=Path, required=True)
    parser.add_argument("--step-s", type=float, required=True)
    arguments = parser.parse_args()

    def opened(bundle):
        wait_for(arguments.may_open)
        generator = open_generator(bundle, threads=1)
        generator.step_s = arguments.step_s
        keyframe = generator.keyframe

        def slow_keyframe(*given):
            wait_for(arguments.may_draw)
            return keyframe(*given)

        generator.keyframe = slow_keyframe
        return generator

    return run_worker(arguments, opened)


if __name__ == "__main__":
    raise SystemExit(main())
