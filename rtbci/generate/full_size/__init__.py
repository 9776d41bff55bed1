"""Pictures and clips by large diffusion networks, from decoded latents instead of noise and prompts.

The loop is here and needs numpy alone; the networks stand behind one small interface
(`rtbci.generate.full_size.networks.Networks`) and run as exported engines, or in torch (`export.full_size`).
"""

from rtbci.generate.full_size.generator import FullSizeGenerator, Prompts, seeded_noise
from rtbci.generate.full_size.networks import Networks
from rtbci.generate.full_size.schedule import Schedule

__all__ = ["FullSizeGenerator", "Networks", "Prompts", "Schedule", "seeded_noise"]
