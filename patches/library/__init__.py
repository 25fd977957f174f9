"""The ready-made patches, written against roles: for models that they have never seen."""

from .activation import swap_activation
from .learning_rate import change_lr
from .separable_convolution import SeparableConv, apply_sepconv
from .training.averaging import average_parameters, averaged_parameters
from .training.batch_size import change_batch_size
from .training.dataset import change_dataset
from .training.encoder import remove_encoder
from .training.gradients import accumulate_gradients, clip_gradients
from .training.loss import smooth_labels
from .training.optimizer import swap_optimizer
from .training.precision import change_dtype
from .training.remat import Rematerialized, apply_remat
from .training.run_length import change_epochs, change_seed, change_steps
from .training.schedule import change_schedule
from .training.weight_decay import change_weight_decay
from .width import scale_width

__all__ = [
    "Rematerialized",
    "SeparableConv",
    "accumulate_gradients",
    "apply_remat",
    "apply_sepconv",
    "average_parameters",
    "averaged_parameters",
    "change_batch_size",
    "change_dataset",
    "change_dtype",
    "change_epochs",
    "change_lr",
    "change_schedule",
    "change_seed",
    "change_steps",
    "change_weight_decay",
    "clip_gradients",
    "remove_encoder",
    "scale_width",
    "smooth_labels",
    "swap_activation",
    "swap_optimizer",
]
