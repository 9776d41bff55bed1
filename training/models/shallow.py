"""ShallowConvNet (Schirrmeister et al. 2017, Human Brain Mapping 38, 5391): log power of learnt filters."""

from torch import Tensor, nn

from rtbci.montage import CHANNELS
from training.models.convolution import TimeThenSpace, in_samples, positions

_SMALLEST = 1e-6


class ShallowConvNet(nn.Module):
    """A convolution over time and electrodes, squared, averaged, log.

    Published for 250 Hz with kernels of 25 samples, pools of 75 every 15: the defaults in seconds.

    Parameters
    ----------
    samples : int
    rate_hz : float
    filters : int
    kernel_s, pool_s, stride_s : float
    dropout : float
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
        filters: int = 40,
        kernel_s: float = 0.1,
        pool_s: float = 0.3,
        stride_s: float = 0.06,
        dropout: float = 0.5,
        channels: int = len(CHANNELS),
    ) -> None:
        super().__init__()
        kernel, pool = in_samples(kernel_s, rate_hz), in_samples(pool_s, rate_hz)
        stride = in_samples(stride_s, rate_hz)
        self.features = filters * positions(samples, kernel, pool, stride)
        self.filters = TimeThenSpace(filters, kernel, bias=False, channels=channels)
        self.norm = nn.BatchNorm1d(filters)
        self.pool = nn.AvgPool1d(pool, stride)
        self.dropout = nn.Dropout(dropout)

    def forward(self, eeg: Tensor) -> Tensor:
        """(B, 62, T) to (B, features)."""
        power = self.pool(self.norm(self.filters(eeg)).square())
        out: Tensor = self.dropout(power.clamp(min=_SMALLEST).log().flatten(1))
        return out
