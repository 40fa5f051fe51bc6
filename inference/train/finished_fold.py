"""Whether a fold is finished, and with the clips that there are now."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from inference.dataset.source import ClipSource, Codes
from inference.difference import joined
from inference.error import TrainingError
from inference.ethogram import NONE_CODE
from inference.evaluate.fold import Fold
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.prediction_file import FILE_NAME, read_predictions
from inference.preprocessing import Preprocessing
from inference.train.clip_list import ClipList, ListedClip
from inference.train.run_folder import CLIPS_FILE, refuse_other_clips, stored_clips


def is_finished(folder: Path) -> bool:
    """Say whether a fold's predictions are there, which are the last thing it writes."""
    return (folder / FILE_NAME).exists()


def refuse_other_fold(
    folder: Path, fold: Fold, clips: Mapping[str, ListedClip], spec: Preprocessing
) -> None:
    """Raise InferenceError, naming what differs, if a finished fold is not of these clips.

    `clips` are those of the data set, by name. Nothing is decoded: that a video is the same is
    told from its size.
    """
    stored = stored_clips(folder)
    if stored is None:
        raise TrainingError(f"{folder} holds predictions but no {CLIPS_FILE}: delete it")
    frames = {clip.clip: clip.frames for clip in (*stored.training, *stored.held_out)}

    def listed(sources: Sequence[ClipSource]) -> tuple[ListedClip, ...]:
        # Packets of some videos are not frames, so that the number is known after decoding only.
        return tuple(
            clip.model_copy(update={"frames": frames.get(clip.clip, clip.frames)})
            for clip in (clips[source.name] for source in sources)
        )

    here = ClipList(
        preprocessing=spec, training=listed(fold.training), held_out=listed(fold.held_out)
    )
    refuse_other_clips(folder, here)
    predictions = {clip.clip: clip for clip in read_predictions(folder / FILE_NAME).predictions}
    clauses = [
        clause
        for source in fold.held_out
        for clause in _contradictions(source, predictions.get(source.name))
    ]
    if clauses:
        raise TrainingError(f"{folder / FILE_NAME} is of other clips: {joined(clauses)}")


def _contradictions(source: ClipSource, there: ClipPrediction | None) -> Iterator[str]:
    """Yield what differs although annotation and video do not."""
    if there is None:
        yield f"clip {source.name} is not in it"
        return
    for name in ("strain", "recording"):
        ours, its = getattr(source, name), getattr(there, name)
        if ours != its:
            here, other = ours or "unknown", its or "unknown"
            yield f"the {name} of clip {source.name} is {here} here, {other} there"
    assert source.held_out_annotation is not None
    if not _agree(source.held_out_annotation.read(len(there.truth)), there.truth):
        yield f"the truth of clip {source.name} is another one"


def _agree(codes: Codes, truth: Codes) -> bool:
    """Say whether a truth is that of an annotation; undecodable frames of it are none."""
    return bool(((codes == truth) | (truth == NONE_CODE)).all())
