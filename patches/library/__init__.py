"""The ready-made patches, written against roles: for models that they have never seen."""

from .activation import swap_activation
from .attention.layer import Attention
from .attention.positions import LinearBias, RelativeBias
from .attention.variants import (
    grouped_query,
    linear_attention_bias,
    multi_query,
    mup_attention,
    normalize_queries,
    relative_attention_bias,
    rotary_embedding,
)
from .blocks.experts import MixtureOfExperts, mixture_of_experts
from .blocks.feed_forward import Gated, gated_feed_forward
from .blocks.mup import FanInScaled, mup_initialization
from .blocks.residual import (
    LayerScale,
    Residual,
    StochasticDepth,
    add_skip_connections,
    layer_scale,
    stochastic_depth,
)
from .blocks.tying import TiedDense, tie_weights
from .compound import compound_scale
from .depth import scale_depth
from .layers.bias import remove_bias
from .layers.dropout import add_dropout, set_dropout
from .layers.grouped_convolution import GroupedConv, group_convolutions
from .layers.initializers import swap_initializer
from .layers.low_rank import FactorizedDense, LowRankAdapted, factorize_dense, is_lora, lora
from .layers.normalization import Normalization, add_normalization, place_normalization, swap_normalization
from .layers.squeeze_excitation import SqueezeExcitation, squeeze_excite
from .layers.weights import WeightNormalized, WeightStandardized, standardize_weights, weight_norm
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
from .width_search import search_for_width

__all__ = [
    "Attention",
    "FactorizedDense",
    "FanInScaled",
    "Gated",
    "GroupedConv",
    "LayerScale",
    "LinearBias",
    "LowRankAdapted",
    "MixtureOfExperts",
    "Normalization",
    "RelativeBias",
    "Rematerialized",
    "Residual",
    "SeparableConv",
    "SqueezeExcitation",
    "StochasticDepth",
    "TiedDense",
    "WeightNormalized",
    "WeightStandardized",
    "accumulate_gradients",
    "add_dropout",
    "add_normalization",
    "add_skip_connections",
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
    "factorize_dense",
    "gated_feed_forward",
    "group_convolutions",
    "grouped_query",
    "is_lora",
    "layer_scale",
    "linear_attention_bias",
    "lora",
    "mixture_of_experts",
    "multi_query",
    "mup_attention",
    "mup_initialization",
    "normalize_queries",
    "place_normalization",
    "relative_attention_bias",
    "remove_bias",
    "remove_encoder",
    "rotary_embedding",
    "compound_scale",
    "scale_depth",
    "search_for_width",
    "scale_width",
    "set_dropout",
    "smooth_labels",
    "squeeze_excite",
    "standardize_weights",
    "stochastic_depth",
    "swap_activation",
    "swap_initializer",
    "swap_normalization",
    "swap_optimizer",
    "tie_weights",
    "weight_norm",
]
