"""EEG-Conformer (Song et al. 2023, IEEE TNSRE 31, 710): ShallowConvNet's front, then a transformer."""

from collections.abc import Iterator

from torch import Tensor, nn

from rtbci.montage import CHANNELS
from training.models.convolution import TimeThenSpace, in_samples, positions


class EegConformer(nn.Module):
    """Tokens from a convolution over time and electrodes, self-attention over them, two hidden layers.

    Published for 250 Hz with kernels of 25 samples, pools of 75 every 15: the defaults in seconds. The two
    hidden layers are those of the published classifier; with `hidden=()` the features are the tokens
    side by side.

    Parameters
    ----------
    samples : int
    rate_hz : float
    width : int
        Filters and width of a token.
    kernel_s, pool_s, stride_s : float
    layers : int
    heads : int
    dropout : float
    hidden : tuple of int
    channels : int

    Attributes
    ----------
    features : int
    """

    def __init__(
        self,
        samples: int,
        rate_hz: float,
        *,
        width: int = 40,
        kernel_s: float = 0.1,
        pool_s: float = 0.3,
        stride_s: float = 0.06,
        layers: int = 6,
        heads: int = 10,
        dropout: float = 0.5,
        hidden: tuple[int, ...] = (256, 32),
        channels: int = len(CHANNELS),
    ) -> None:
        super().__init__()
        kernel, pool = in_samples(kernel_s, rate_hz), in_samples(pool_s, rate_hz)
        stride = in_samples(stride_s, rate_hz)
        tokens = positions(samples, kernel, pool, stride)
        self.tokens = nn.Sequential(
            TimeThenSpace(width, kernel, bias=True, channels=channels),
            nn.BatchNorm1d(width),
            nn.ELU(),
            nn.AvgPool1d(pool, stride),
            nn.Dropout(dropout),
            nn.Conv1d(width, width, 1),
        )
        # Made one by one: nn.TransformerEncoder would begin all layers with the same weights.
        self.transformer = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    width, heads, 4 * width, dropout, activation="gelu", batch_first=True, norm_first=True
                )
                for _ in range(layers)
            )
        )
        self.hidden = nn.Sequential(*_hidden(tokens * width, hidden, dropout))
        self.features = hidden[-1] if hidden else tokens * width

    def forward(self, eeg: Tensor) -> Tensor:
        """(B, 62, T) to (B, features)."""
        tokens = self.transformer(self.tokens(eeg).transpose(1, 2))
        out: Tensor = self.hidden(tokens.flatten(1))
        return out


def _hidden(width: int, sizes: tuple[int, ...], dropout: float) -> Iterator[nn.Module]:
    for size in sizes:
        yield from (nn.Linear(width, size), nn.ELU(), nn.Dropout(dropout))
        width = size
