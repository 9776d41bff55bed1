"""Pictures of the corpus for the autoencoder: drawn as they are needed, in processes of their own."""

import multiprocessing as mp
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue

import numpy as np
from numpy.typing import NDArray

from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.spec import CLIP_SECONDS, clip_spec
from training.codec_seeds import CODEC_HELD_OUT, CODEC_TRAINING

Pictures = NDArray[np.uint8]

FRESH_SHARE = 0.4
POOL = 512
"""Pictures that a drawing process keeps, 100 MB."""


def draw_random(
    rng: np.random.Generator, count: int, concept: int | None = None, seeds: range = CODEC_TRAINING
) -> Pictures:
    """Draw random moments of random clips.

    Parameters
    ----------
    rng : Generator
    count : int
    concept : int, optional
        Which concept; all in equal shares where it is left out.
    seeds : range
        Where the clips' seeds come from.

    Returns
    -------
    ndarray, shape (count, 256, 256, 3), uint8
    """
    shares = rng.permutation(np.resize(rng.permutation(len(CONCEPTS)), count))
    concepts = shares if concept is None else np.full(count, concept)
    return np.stack(
        [
            draw_frame(clip_spec(int(which), int(rng.integers(seeds.start, seeds.stop))), float(moment))
            for which, moment in zip(concepts, rng.uniform(0.0, CLIP_SECONDS, count), strict=True)
        ]
    )


def held_out(per_concept: int = 2) -> Pictures:
    """Draw the pictures that measure the autoencoder: always the same ones, and never trained on.

    Returns
    -------
    ndarray, shape (40 * per_concept, 256, 256, 3), uint8
        Concept by concept.
    """
    return np.stack(
        [
            draw_frame(
                clip_spec(concept.index, CODEC_HELD_OUT.start + k), CLIP_SECONDS * (k + 0.5) / per_concept
            )
            for concept in CONCEPTS
            for k in range(per_concept)
        ]
    )


@contextmanager
def drawn_batches(batch: int, seed: int, processes: int = 1) -> Iterator[Iterator[Pictures]]:
    """Draw batches ahead of the training loop.

    Parameters
    ----------
    batch : int
        Pictures in a batch.
    seed : int
        Each process draws its own sequence from it.
    processes : int
        How many draw.

    Yields
    ------
    iterator of ndarray, shape (batch, 256, 256, 3), uint8
        Without end.
    """
    context = mp.get_context("spawn")
    queue = context.Queue(maxsize=4 * processes)
    drawers = [
        context.Process(target=_draw_forever, args=(queue, batch, (seed, k)), daemon=True)
        for k in range(processes)
    ]
    for drawer in drawers:
        drawer.start()
    try:
        yield _taken(queue, drawers)
    finally:
        for drawer in drawers:
            drawer.terminate()
            drawer.join()


def _draw_forever(queue: "Queue[Pictures]", batch: int, seed: tuple[int, int]) -> None:
    """Draw new pictures for part of each batch; the rest are recent ones again, mirrored at random.

    Drawing a picture takes a fifth as long as learning from it, and one seen a few times teaches no worse.
    """
    rng = np.random.default_rng(seed)
    fresh = max(1, round(FRESH_SHARE * batch))
    pool = draw_random(rng, 8 * batch)
    while True:
        pool[rng.choice(len(pool), fresh, replace=False)] = new = draw_random(rng, fresh)
        again = pool[rng.choice(len(pool), batch - fresh, replace=False)]
        chosen = np.concatenate([new, again])
        mirrored = rng.random(batch) < 0.5
        chosen[mirrored] = chosen[mirrored, :, ::-1]
        queue.put(chosen)
        if len(pool) < POOL:
            pool = np.concatenate([pool, new])


def _taken(queue: "Queue[Pictures]", drawers: list[mp.Process]) -> Iterator[Pictures]:
    while True:
        while queue.empty():
            if not all(drawer.is_alive() for drawer in drawers):
                raise RuntimeError("a process that draws pictures ended; its own message says why")
            drawers[0].join(0.01)
        yield queue.get()
