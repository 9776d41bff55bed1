"""The calibration wizard: the window that leads from a stream to a wearer's profile."""
