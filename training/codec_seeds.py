"""Which seeds of the corpus belong to whom, so that nothing is tested on what it was made from.

Playlists (what wearers watch, simulated or real) draw 31-bit seeds: 0 to 2**31 - 1. The ranges below lie
above them and do not touch each other. A clip's seed therefore says what it may be used for.
"""

PLAYLISTS = range(0, 2**31)
"""Watched clips: decoder training, calibration, live use."""
MEMORY = range(2**31, 2**31 + 2**24)
"""Candidates for the generator's memory of scenes."""
CODEC_HELD_OUT = range(2**32, 2**32 + 2**24)
"""Pictures that only measure the autoencoder and the generator."""
CODEC_TRAINING = range(2**33, 2**34)
"""Pictures that the autoencoder learns from."""
DRAWS = range(2**34, 2**34 + 2**24)
"""Clips that the generator that draws learns from."""
