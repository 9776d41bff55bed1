"""The full-size generator in torch and diffusers: loaded, run as it is, or exported as engines."""
