"""Errors of the capture package, named by what the caller can do."""


class CaptureError(Exception):
    """Anything that stops pictures from reaching the disk; the message is one sentence."""


class DeviceStalled(CaptureError):
    """No frame came in time; ask again."""


class DeviceLost(CaptureError):
    """The device is gone or refuses; close it and open it again."""


class PictureDamaged(CaptureError):
    """A buffer does not hold the picture that it should; leave it out, the next may be good."""


class EncoderError(CaptureError):
    """The video encoder cannot be opened or refuses a picture; a new writer may work."""


class StorageError(CaptureError):
    """The file cannot be written; the disk wants attention."""


class PanelSilent(CaptureError):
    """The light panel gives no valid answer; ask again."""


class PanelLost(PanelSilent):
    """The line to the light panel is gone; open it again."""


class PanelRefused(CaptureError):
    """The light panel does not take what it is told; a person should look at it."""


class JournalError(CaptureError):
    """A segment's journal cannot be read; the video says what it can without it."""
