"""Errors that a user can act on: one sentence saying what, where and how to mend it."""


class RtbciError(Exception):
    """Base of every error whose text is meant for the user.

    The command line prints the text as one sentence and exits with `exit_code`.
    """

    exit_code = 1


class UsageError(RtbciError):
    """The command was asked for something that it cannot do as asked."""

    exit_code = 2


class StreamError(RtbciError):
    """No stream, too many streams, or a stream that was lost."""

    exit_code = 3


class ContractError(StreamError):
    """A stream was found, but it cannot be made to fit the decoder's input."""

    exit_code = 4


class BundleError(RtbciError):
    """A bundle is missing, damaged, or made for another version."""

    exit_code = 5


class RecordingError(RtbciError):
    """A recording cannot be read or written."""

    exit_code = 6


class StimulusError(RtbciError):
    """A clip, film or marker is not what it should be."""

    exit_code = 7


class WireError(RtbciError):
    """A message or an address on the wire is not acceptable."""

    exit_code = 8


class WearerError(RtbciError):
    """A wearer's profile cannot be read, written or used here."""

    exit_code = 9


class GeneratorError(RtbciError):
    """The process that draws the pictures cannot be started or understood."""

    exit_code = 10


class StoppedError(RtbciError):
    """It was stopped, by Ctrl-C for example, before there was anything to report."""

    exit_code = 130
