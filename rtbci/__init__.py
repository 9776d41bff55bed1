"""rtbci: what a person is watching, decoded live from their EEG."""

__version__ = "0.1.0"
