"""What decides a generator that draws, and its training."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ModelSettings:
    """Sizes of the networks.

    The default has 5.7 million parameters in all, 11.5 MB in half precision, so that it could ship.

    Attributes
    ----------
    widths : tuple of int
        Channels at 16 x 16, 8 x 8 and 4 x 4 places; multiples of 16.
    token : int
        Length of a token of evidence.
    heads : int
        Attention heads.
    frames : int
        Most frames of a clip.
    """

    widths: tuple[int, ...] = (64, 64, 96)
    token: int = 96
    heads: int = 4
    frames: int = 8


@dataclass(frozen=True)
class TrainSettings:
    """What decides a training run.

    Attributes
    ----------
    folder, codec : Path
        Where to write and to go on from; where the trained autoencoder lies.
    minutes : float
        Time to spend in all, the making of the corpus included.
    device : str
        As torch names it.
    clips : int
        Drawn clips to learn from.
    corpus_share : float
        Share of the time after which no more clips are drawn; what is there by then is learnt from.
    batch : int
        Pictures in a batch; of clips, as many frames as fit into as many pictures, but two clips at least.
    clip_share : float
        Share of the steps that learn from clips, the others from their middle pictures.
    rate : float
        Of AdamW, at its most.
    warm_up : int
        Steps until the full rate.
    decay_from : float
        Share of the time after which the rate falls linearly to zero.
    average : float
        Of the exponential average of the weights, a step.
    measure_s : float
        Seconds between two measurements on held-out clips, each with a checkpoint.
    held_out : int
        Clips that measure.
    threads : int
        Of torch.
    seed : int
    """

    folder: Path = Path("runs/draws")
    codec: Path = Path("runs/codec")
    minutes: float = 240.0
    device: str = "cpu"
    clips: int = 20000
    corpus_share: float = 0.3
    batch: int = 32
    clip_share: float = 0.4
    rate: float = 1e-3
    warm_up: int = 200
    decay_from: float = 0.5
    average: float = 0.999
    measure_s: float = 120.0
    held_out: int = 80
    threads: int = 2
    seed: int = 0
    model: ModelSettings = field(default_factory=ModelSettings)
