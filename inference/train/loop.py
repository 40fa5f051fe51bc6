"""The training loop: from a split to a trained network, stopped and gone on with at any moment."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NoReturn

from inference.error import TrainingError, TrainingStopped
from inference.evaluate.confusion import Figures, confusion_of, figures_of
from inference.evaluate.prediction import ClipPrediction
from inference.preprocessing import Preprocessing
from inference.train.arithmetic import repeatable
from inference.train.clip_list import ClipList, list_clips
from inference.train.dataset import Split
from inference.train.history import EpochRecord, write_history
from inference.train.minibatch import Minibatch, Order, minibatches
from inference.train.optimization import rate_at
from inference.train.plan import Plan
from inference.train.predict import predict, stacks_in
from inference.train.process_group import Processes, alone
from inference.train.progress import Progress, Trained, Watch
from inference.train.run_folder import RunFolder, open_run
from inference.train.sampler import Epochs
from inference.train.shard import own_shards
from inference.train.step import Learner, LearningFailed
from inference.train.teacher import open_teacher
from inference.train.training_state import write_state


def train(
    split: Split,
    plan: Plan,
    spec: Preprocessing,
    folder: Path,
    *,
    processes: Processes | None = None,
    teacher: Path | None = None,
    watch: Watch | None = None,
) -> Trained:
    """Train a network in a run folder, or go on with the training that is there.

    The same plan on the same clips gives the same bits, however often it was stopped or killed and
    whatever the number of processes (None: this one, on the processor). The last epoch's network
    is returned, never the one that did best on the held-out animals. Raises TrainingStopped if the
    watch wants it, after the state was saved, and TrainingError; what was saved before stays.
    """
    processes = processes or alone()
    clips = list_clips(split, spec)
    _refuse_other_processes(processes, plan, clips)
    with (
        repeatable(plan.threads),
        open_run(folder, plan, clips, writes=processes.is_first) as run,
    ):
        learner = Learner(plan, spec, processes, open_teacher(plan, teacher))
        processes.first_does(lambda _: None)  # the others wait until the folder is there
        return _Training(split, plan, spec, run, learner, processes, watch or Watch()).finish()


def _refuse_other_processes(processes: Processes, plan: Plan, clips: ClipList) -> None:
    """Raise TrainingError in all processes unless they have the same plan and clips."""
    if not processes.are_all_of(plan.model_dump_json() + clips.digest()):
        raise TrainingError(
            f"the {processes.count} processes have not the same plan and clips: start them with "
            "the same options and data set"
        )


class _Training:
    """A training between two of its steps."""

    def __init__(
        self,
        split: Split,
        plan: Plan,
        spec: Preprocessing,
        run: RunFolder,
        learner: Learner,
        processes: Processes,
        watch: Watch,
    ) -> None:
        self._split, self._plan, self._spec = split, plan, spec
        self._run, self._learner, self._processes, self._watch = run, learner, processes, watch
        self._epochs = Epochs([clip.codes for clip in split.training], plan, spec.stack_length)
        self._position = run.restore(learner)
        if self._position.epoch <= plan.epochs:
            self._epochs.steps(self._position.epoch)  # may be refused
        if processes.is_first:
            run.claim()
        self._saved_s = time.monotonic()

    def finish(self) -> Trained:
        """Do what is left."""
        position, plan = self._position, self._plan
        was_finished = position.epoch > plan.epochs
        if position.history and self._processes.is_first:
            # A kill may have come between the state and what is made of it.
            write_history(self._run.history_file, self._run.curves_file, position.history)
        if was_finished:
            predictions = self._judge(every=1)
            return self._trained(predictions, was_finished=True)
        self._watch.tell(self._epochs.sampling_table(position.epoch))
        with closing(self._minibatches()) as parts:
            while position.epoch <= plan.epochs:
                self._learn_epoch(parts)
                predictions = self._end_epoch()
        return self._trained(predictions, was_finished=False)

    def _minibatches(self) -> Generator[Minibatch, None, None]:
        first = Order(self._position.epoch, self._position.step)
        own = own_shards(self._plan.shards, self._processes.rank, self._processes.count)
        return minibatches(
            self._split.training, self._plan, self._spec, self._epochs, first=first, shards=own
        )

    def _learn_epoch(self, parts: Iterator[Minibatch]) -> None:
        position, plan = self._position, self._plan
        steps = self._epochs.steps(position.epoch)
        for step in range(position.step, steps):
            rate = rate_at(plan, position.epoch, step, steps)
            stop_wanted = self._step(islice(parts, self._learner.shards), rate)
            if self._processes.is_first:
                mean = position.loss_sum / position.step
                self._watch.report(Progress(position.epoch, position.step, steps, mean, rate))
            if stop_wanted:
                self._stop(
                    f"in epoch {position.epoch} after {position.step} of {steps} minibatches"
                )
            if time.monotonic() - self._saved_s >= self._watch.save_every_s:
                self._save()

    def _step(self, parts: Iterable[Minibatch], rate: float) -> bool:
        """Take one step; say whether a process wants to stop."""
        position = self._position
        try:
            outcome = self._learner.step(
                list(parts), position.steps, rate, stop_wanted=self._watch.is_stop_wanted()
            )
        except LearningFailed as error:
            self._save()
            raise TrainingError(
                f"{error} in epoch {position.epoch}, minibatch {position.step + 1}; the state "
                f"before it is kept in {self._run.path}"
            ) from error
        position.step += 1
        position.steps += 1
        position.loss_sum += outcome.loss
        return outcome.stop_wanted

    def _end_epoch(self) -> tuple[ClipPrediction, ...]:
        """Judge the held-out clips, if it is due, and keep what became of the epoch."""
        position, plan = self._position, self._plan
        is_last = position.epoch == plan.epochs
        predictions: tuple[ClipPrediction, ...] = ()
        self._save()
        if is_last or self._watch.validation_stacks:
            predictions = self._judge(1 if is_last else self._every())
        figures = _figures_of(predictions)
        steps = self._epochs.steps(position.epoch)
        record = EpochRecord(
            position.epoch,
            position.loss_sum / steps,
            figures.frame_accuracy if figures else None,
            figures.macro_accuracy if figures else None,
            rate_at(plan, position.epoch, steps - 1, steps),
        )
        position.history.append(record)
        position.epoch, position.step, position.loss_sum = position.epoch + 1, 0, 0.0
        self._keep_epoch(record, figures)
        return predictions

    def _keep_epoch(self, record: EpochRecord, figures: Figures | None) -> None:
        """Write the files of an epoch, the state last, so that a kill between them costs none."""
        if not self._processes.is_first:
            return
        steps = self._epochs.steps(record.epoch)
        self._save(self._run.epoch_file(record.epoch), figures)
        self._save(self._run.state_file, figures)
        write_history(self._run.history_file, self._run.curves_file, self._position.history)
        self._watch.report(
            Progress(record.epoch, steps, steps, record.loss, record.rate, record, figures)
        )

    def _judge(self, every: int) -> tuple[ClipPrediction, ...]:
        """Judge each `every`-th stack of the held-out clips in the first process."""
        clips = self._split.held_out

        def judge(tell_others: Callable[[], None]) -> tuple[ClipPrediction, ...]:
            def goes_on() -> None:
                tell_others()
                if self._watch.is_stop_wanted():
                    self._stop("while the held-out clips were judged")

            return tuple(predict(self._learner.network, clips, self._spec, every, goes_on))

        return self._processes.first_does(judge) or ()

    def _every(self) -> int:
        stacks = stacks_in(self._split.held_out, self._spec.stack_length)
        return max(1, stacks // self._watch.validation_stacks)

    def _stop(self, place: str) -> NoReturn:
        self._save()
        raise TrainingStopped(f"stopped {place}; the state is kept in {self._run.path}")

    def _save(self, file: Path | None = None, figures: Figures | None = None) -> None:
        """Write the state in the first process; raises TrainingError if it is of no use."""
        if not self._learner.is_sound():
            raise TrainingError(
                f"a weight is no number any more in epoch {self._position.epoch}, minibatch "
                f"{self._position.step}; the state in {self._run.path} is an older one"
            )
        if self._processes.is_first:
            card = figures.as_card() if figures else {}
            file = file or self._run.state_file
            write_state(file, self._run.state, self._learner, self._position, card)
        self._saved_s = time.monotonic()

    def _trained(self, predictions: tuple[ClipPrediction, ...], *, was_finished: bool) -> Trained:
        network = self._learner.network.eval()
        return Trained(network, predictions, _figures_of(predictions), was_finished)


def _figures_of(predictions: Sequence[ClipPrediction]) -> Figures | None:
    return figures_of(confusion_of(predictions)) if predictions else None
