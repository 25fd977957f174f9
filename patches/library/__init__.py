"""The ready-made patches, written against roles: for models that they have never seen."""

from .activation import swap_activation
from .learning_rate import change_lr
from .separable_convolution import SeparableConv, apply_sepconv
from .width import scale_width

__all__ = ["SeparableConv", "apply_sepconv", "change_lr", "scale_width", "swap_activation"]
