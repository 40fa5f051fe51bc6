"""How far a network's answers are from what it should learn."""

from torch import Tensor
from torch.nn import functional

from inference.train.plan import Distillation


def loss_of(
    logits: Tensor,
    targets: Tensor,
    teacher_logits: Tensor | None,
    distillation: Distillation | None,
) -> Tensor:
    """Return the mean loss of logits (batch, 8) and targets (batch,).

    Cross-entropy; with a teacher (1 - w) of it and w T^2 KL(teacher || student), both softened by
    the temperature T. Source: Hinton, Vinyals and Dean 2015, section 2.
    """
    learned = functional.cross_entropy(logits, targets)
    if distillation is None or teacher_logits is None:
        return learned
    temperature = distillation.temperature
    distance = functional.kl_div(
        functional.log_softmax(logits / temperature, dim=1),
        functional.log_softmax(teacher_logits / temperature, dim=1),
        reduction="batchmean",
        log_target=True,
    )
    weight = distillation.weight
    return (1 - weight) * learned + weight * temperature**2 * distance
