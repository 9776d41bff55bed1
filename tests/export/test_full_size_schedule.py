import numpy as np
import torch
from diffusers import LCMScheduler
from hypothesis import given
from hypothesis import strategies as st

from export.full_size.models import schedule_of
from tests.export.tiny_diffusion import SCHEDULER

stock = LCMScheduler(**SCHEDULER)
schedule = schedule_of(stock)


@given(st.integers(1, 8), st.floats(0.2, 1.0))
def test_time_steps_are_the_stock_schedulers(steps, refinement):
    stock.set_timesteps(steps, strength=refinement)
    assert schedule.times(steps, refinement) == tuple(stock.timesteps.tolist())


@given(st.integers(1, 4), st.integers(0, 2**31))
def test_noising_and_cleaning_are_the_stock_schedulers(steps, seed):
    rng = np.random.default_rng(seed)
    clean, noise, found = rng.standard_normal((3, 1, 4, 3, 3), dtype=np.float32)
    stock.set_timesteps(steps)
    time = schedule.times(steps, 1.0)[0]
    noisy = schedule.noised(clean, noise, time)
    theirs = stock.add_noise(torch.from_numpy(clean), torch.from_numpy(noise), torch.tensor([time]))
    np.testing.assert_allclose(noisy, theirs.numpy(), atol=1e-5)
    step = stock.step(torch.from_numpy(found), time, theirs).denoised
    np.testing.assert_allclose(schedule.cleaned(noisy, found, time), step.numpy(), rtol=1e-4, atol=1e-4)
