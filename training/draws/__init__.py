"""A generator that draws: few steps of a flow from the EEG's latent to a picture's, and on to a clip's."""
