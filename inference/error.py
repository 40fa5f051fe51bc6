"""Errors of the inference package, named by what the caller can do."""


class InferenceError(Exception):
    """Anything that stops a video from being labelled; the message is one sentence."""


class VideoError(InferenceError):
    """The video cannot be read; other videos are not affected."""


class ModelError(InferenceError):
    """The model file cannot be used; no video can be labelled with it."""


class LabelFileError(InferenceError):
    """A label file does not follow its format or cannot be written."""


class DataSetError(InferenceError):
    """A data set, or a file of it, does not hold what it must."""


class TrainingError(InferenceError):
    """A training cannot begin or go on."""


class FolderInUse(TrainingError):
    """Another process trains in that run folder; it may end."""


class TrainingStopped(InferenceError):
    """A training was asked to stop; its state is saved, and the same call goes on."""


class EvaluationError(InferenceError):
    """Labels cannot be judged: nothing to judge, or not the same frames."""
