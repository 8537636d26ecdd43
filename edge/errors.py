"""Every error that a user may meet, each with its documented exit code.

Each error is also the builtin that a caller would expect, so that it can be caught broadly or
precisely. The text is one sentence or two: the thing, what was found, what was expected, the
remedy.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_BAD_DATA = 65
EXIT_NO_INPUT = 66
EXIT_UNAVAILABLE = 69
EXIT_INTERNAL = 70
EXIT_IO = 74
EXIT_ROLLED_BACK = 75
EXIT_NO_CONSENT = 77
EXIT_CONFIG = 78


class SerError(Exception):
    """Base of all errors that are shown to the user as one clear message."""

    exit_code: ClassVar[int] = EXIT_INTERNAL


class UsageError(SerError, ValueError):
    """The command line asks for something that makes no sense."""

    exit_code = EXIT_USAGE


class ConfigError(SerError, ValueError):
    """The configuration file is wrong; the message lists every fault at once."""

    exit_code = EXIT_CONFIG


class SpecError(SerError, ValueError):
    """A FeatureSpec contradicts itself or asks for features that this edge cannot compute."""

    exit_code = EXIT_BAD_DATA


class BundleError(SerError, ValueError):
    """A model file cannot be used."""

    exit_code = EXIT_BAD_DATA


class NotAModelError(BundleError):
    """The file is not a TFLite flatbuffer."""


class TruncatedModelError(BundleError):
    """The file ends before its manifest does."""


class NoManifestError(BundleError):
    """The file is a TFLite flatbuffer without our manifest."""


class ManifestError(BundleError):
    """The manifest is there, but a key is missing, unknown or has a wrong value."""


class UnknownSchemaError(BundleError):
    """The manifest has a schema version that this edge does not know."""


class ChecksumError(BundleError):
    """The flatbuffer is not the one that the manifest describes."""


class OperatorTooNewError(BundleError):
    """The model needs an operator version that the installed runtime does not have."""


class UnsupportedFeaturesError(BundleError):
    """The model wants features that this edge cannot compute."""


class NoEmotionsError(BundleError):
    """The model tells something else of a voice than emotions, which a room needs."""


class GoldenMismatchError(BundleError):
    """The model's golden cases do not come out as they did on the trainer's desktop."""


class SignatureError(BundleError):
    """A pushed model is not signed by anybody whom this Pi trusts."""


class DowngradeError(BundleError):
    """A pushed model is older than the one that runs, and nobody asked for that."""


class ProbeError(BundleError):
    """A model failed its self-test in a process of its own: it crashed, hung or was too slow."""


class RolledBackError(SerError, RuntimeError):
    """A model was switched to and did not stay healthy: the former one runs again."""

    exit_code = EXIT_ROLLED_BACK


class RuntimeMissingError(SerError, ImportError):
    """No usable TFLite runtime is installed."""

    exit_code = EXIT_UNAVAILABLE


class NoInputError(SerError, FileNotFoundError):
    """A file that was named is not there."""

    exit_code = EXIT_NO_INPUT


class AudioDataError(SerError, ValueError):
    """A recording cannot be decoded or holds impossible samples."""

    exit_code = EXIT_BAD_DATA


class TooLongError(AudioDataError):
    """A recording is longer than what is taken."""


class AudioDeviceError(SerError, OSError):
    """A microphone is absent, busy or refuses every format."""

    exit_code = EXIT_UNAVAILABLE


class SignalDeviceError(SerError, OSError):
    """An LED, buzzer or button cannot be used."""

    exit_code = EXIT_UNAVAILABLE


class RecordError(SerError, OSError):
    """The local log cannot be read or written."""

    exit_code = EXIT_IO


class StoreError(SerError, OSError):
    """The folder of installed models cannot be read or written."""

    exit_code = EXIT_IO


class NoRoomError(StoreError):
    """The disk has no room for a model that is offered."""


class TransferError(SerError, OSError):
    """A push ended before the whole model had arrived."""

    exit_code = EXIT_IO


class CalibrationError(SerError, ValueError):
    """What is kept of a person's usual voice cannot be used."""

    exit_code = EXIT_BAD_DATA


class ConsentError(SerError, PermissionError):
    """The person whose voice it is, or who is responsible, did not agree."""

    exit_code = EXIT_NO_CONSENT


class OutputError(SerError, OSError):
    """A file that was asked for cannot be written."""

    exit_code = EXIT_IO


class NotListeningError(SerError, ConnectionError):
    """No program listens here that could be asked, or it does not answer."""

    exit_code = EXIT_UNAVAILABLE


class RefusedError(SerError, ValueError):
    """The program that listens has been asked, and will not or cannot do it."""

    exit_code = EXIT_BAD_DATA


class DeliveryError(SerError, OSError):
    """A message has not reached a channel, or nobody knows whether it has."""

    exit_code = EXIT_UNAVAILABLE


class LibraryMissingError(SerError, ImportError):
    """A library that only some installations have is needed, and is not there."""

    exit_code = EXIT_UNAVAILABLE


class BusyError(SerError, RuntimeError):
    """Too much is asked for at once; the same may be asked again a little later."""

    exit_code = EXIT_UNAVAILABLE


class SourceEnded(Exception):  # noqa: N818 - not an error: a file or a pipe is at its end
    """A source of sound has come to its natural end."""
