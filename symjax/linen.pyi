# Written by `python tools/stubs.py` from flax 0.12.8, jax 0.10.2, numpy 2.4.6, optax 0.2.8; do not edit.
# ruff: noqa: I001
"""Flax Linen with symbolic modules: ``from symjax import linen as nn`` instead of ``from flax import
linen``."""

import collections.abc
import flax.core.meta
import flax.linen
import flax.typing
import jax
import jax.nn.initializers
import jax.sharding
import jax.typing
import symjax.adoption.functions
import symjax.adoption.linen.modules
import typing

from flax.linen import (
    BatchApply as BatchApply,
    DenyList as DenyList,
    FrozenDict as FrozenDict,
    LogicallyPartitioned as LogicallyPartitioned,
    PARTITION_NAME as PARTITION_NAME,
    Partitioned as Partitioned,
    Variable as Variable,
    activation as activation,
    apply as apply,
    attention as attention,
    avg_pool as avg_pool,
    batch_apply as batch_apply,
    broadcast as broadcast,
    celu as celu,
    checkpoint as checkpoint,
    combinators as combinators,
    combine_masks as combine_masks,
    compact as compact,
    compact_name_scope as compact_name_scope,
    cond as cond,
    custom_vjp as custom_vjp,
    disable_named_call as disable_named_call,
    dot_product_attention as dot_product_attention,
    dot_product_attention_weights as dot_product_attention_weights,
    dtypes as dtypes,
    elu as elu,
    enable_named_call as enable_named_call,
    fold_rngs as fold_rngs,
    fp8_ops as fp8_ops,
    gelu as gelu,
    get_logical_axis_rules as get_logical_axis_rules,
    get_partition_spec as get_partition_spec,
    get_sharding as get_sharding,
    glu as glu,
    grad as grad,
    hard_sigmoid as hard_sigmoid,
    hard_silu as hard_silu,
    hard_swish as hard_swish,
    hard_tanh as hard_tanh,
    init as init,
    init_with_output as init_with_output,
    intercept_methods as intercept_methods,
    jit as jit,
    jvp as jvp,
    kw_only_dataclasses as kw_only_dataclasses,
    leaky_relu as leaky_relu,
    linear as linear,
    log_sigmoid as log_sigmoid,
    log_softmax as log_softmax,
    logical_axis_rules as logical_axis_rules,
    logsumexp as logsumexp,
    make_attention_mask as make_attention_mask,
    make_causal_mask as make_causal_mask,
    map_variables as map_variables,
    max_pool as max_pool,
    merge_param as merge_param,
    meta as meta,
    module as module,
    named_call as named_call,
    normalization as normalization,
    normalize as normalize,
    nowrap as nowrap,
    one_hot as one_hot,
    ones as ones,
    ones_init as ones_init,
    override_named_call as override_named_call,
    pool as pool,
    pooling as pooling,
    recurrent as recurrent,
    relu as relu,
    relu6 as relu6,
    remat as remat,
    remat_scan as remat_scan,
    scan as scan,
    selu as selu,
    set_logical_axis_rules as set_logical_axis_rules,
    share_scope as share_scope,
    sigmoid as sigmoid,
    silu as silu,
    soft_sign as soft_sign,
    softmax as softmax,
    softplus as softplus,
    spmd as spmd,
    standardize as standardize,
    stochastic as stochastic,
    summary as summary,
    swish as swish,
    switch as switch,
    tanh as tanh,
    transforms as transforms,
    unbox as unbox,
    value_and_grad as value_and_grad,
    vjp as vjp,
    vmap as vmap,
    while_loop as while_loop,
    zeros as zeros,
    zeros_init as zeros_init,
)

from flax.linen.spmd import (
    logical_to_mesh as logical_to_mesh,
    logical_to_mesh_axes as logical_to_mesh_axes,
    logical_to_mesh_sharding as logical_to_mesh_sharding,
    with_logical_constraint as with_logical_constraint,
)

from flax.linen.summary import (
    tabulate as tabulate,
)

from flax.linen.transforms import (
    add_metadata_axis as add_metadata_axis,
)

class BatchNorm(Module, flax.linen.BatchNorm):
    """BatchNorm Module."""

class Bidirectional(Module, flax.linen.Bidirectional):
    """Processes the input in both directions and merges the results."""

class Conv(Module, flax.linen.Conv):
    """Convolution Module wrapping ``lax.conv_general_dilated``."""

class ConvLSTMCell(Module, flax.linen.ConvLSTMCell):
    """A convolutional LSTM cell."""

class ConvLocal(Module, flax.linen.ConvLocal):
    """Local convolution Module wrapping ``lax.conv_general_dilated_local``."""

class ConvTranspose(Module, flax.linen.ConvTranspose):
    """Convolution Module wrapping ``lax.conv_transpose``."""

class Dense(Module, flax.linen.Dense):
    """A linear transformation applied over the last dimension of the input."""

class DenseGeneral(Module, flax.linen.DenseGeneral):
    """A linear transformation with flexible axes."""

class Dropout(Module, flax.linen.Dropout):
    """Create a dropout layer."""

class Einsum(Module, flax.linen.Einsum):
    """An einsum transformation with learnable kernel and bias."""

class Embed(Module, flax.linen.Embed):
    """Embedding Module."""

class Fp8DirectDotGeneralOp(Module, flax.linen.Fp8DirectDotGeneralOp): ...
class Fp8DotGeneral(Module, flax.linen.Fp8DirectDotGeneralOp): ...
class Fp8DotGeneralOp(Module, flax.linen.Fp8DotGeneralOp): ...
class Fp8Einsum(Module, flax.linen.Fp8Einsum): ...

class GRUCell(Module, flax.linen.GRUCell):
    """GRU cell."""

class GroupNorm(Module, flax.linen.GroupNorm):
    """Group normalization (arxiv.org/abs/1803.08494)."""

class InstanceNorm(Module, flax.linen.InstanceNorm):
    """Instance normalization (https://arxiv.org/abs/1607.08022v3)."""

class LSTMCell(Module, flax.linen.LSTMCell):
    """LSTM cell."""

class LayerNorm(Module, flax.linen.LayerNorm):
    """Layer normalization (https://arxiv.org/abs/1607.06450)."""

class MGUCell(Module, flax.linen.MGUCell):
    """MGU cell (https://arxiv.org/pdf/1603.09420.pdf)."""

class Module(symjax.adoption.linen.modules.SymbolicModule, flax.linen.Module):
    """Base class for all neural network modules."""

class MultiHeadAttention(Module, flax.linen.MultiHeadAttention):
    """Multi-head dot-product attention. Alias for ``MultiHeadDotProductAttention``."""

class MultiHeadDotProductAttention(Module, flax.linen.MultiHeadDotProductAttention):
    """Multi-head dot-product attention."""

class NANOOFp8DotGeneralOp(Module, flax.linen.NANOOFp8DotGeneralOp): ...

class OptimizedLSTMCell(Module, flax.linen.OptimizedLSTMCell):
    """More efficient LSTM Cell that concatenates state components before matmul."""

class PReLU(Module, flax.linen.PReLU):
    """Parametric Rectified Linear Unit (PReLU) activation function."""

class RMSNorm(Module, flax.linen.RMSNorm):
    """RMS Layer normalization (https://arxiv.org/abs/1910.07467)."""

class RNN(Module, flax.linen.RNN):
    """The ``RNN`` module takes any :class:`RNNCellBase` instance and applies it over a sequence"""

class RNNCellBase(Module, flax.linen.RNNCellBase):
    """RNN cell base class."""

class SelfAttention(Module, flax.linen.SelfAttention):
    """Self-attention special case of multi-head dot-product attention. This layer is deprecated in favor of
    ``MultiHeadDotProductAttention``."""

class Sequential(Module, flax.linen.Sequential):
    """Applies a linear chain of Modules."""

class SimpleCell(Module, flax.linen.SimpleCell):
    """Simple cell."""

class SpectralNorm(Module, flax.linen.SpectralNorm):
    """Spectral normalization."""

class WeightNorm(Module, flax.linen.WeightNorm):
    """L2 weight normalization (https://arxiv.org/abs/1602.07868)."""

class initializers:
    """Initializers for Flax."""
    Initializer: typing.TypeAlias = jax.nn.initializers.Initializer | collections.abc.Callable[..., typing.Any]

    class constant(symjax.adoption.functions.Factory):
        """Builds an initializer that returns arrays full of a constant ``value``."""
        value: jax.typing.ArrayLike
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class delta_orthogonal(symjax.adoption.functions.Factory):
        """Builds an initializer for delta orthogonal kernels."""
        scale: typing.Any = 1.0
        column_axis: int = -1
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class glorot_normal(symjax.adoption.functions.Factory):
        """Builds a Glorot normal initializer (aka Xavier normal initializer)."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class glorot_uniform(symjax.adoption.functions.Factory):
        """Builds a Glorot uniform initializer (aka Xavier uniform initializer)."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class he_normal(symjax.adoption.functions.Factory):
        """Builds a He normal initializer (aka Kaiming normal initializer)."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class he_uniform(symjax.adoption.functions.Factory):
        """Builds a He uniform initializer (aka Kaiming uniform initializer)."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class kaiming_normal(symjax.adoption.functions.Factory):
        """Builds a He normal initializer (aka Kaiming normal initializer)."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class kaiming_uniform(symjax.adoption.functions.Factory):
        """Builds a He uniform initializer (aka Kaiming uniform initializer)."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class lecun_normal(symjax.adoption.functions.Factory):
        """Builds a Lecun normal initializer."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class lecun_uniform(symjax.adoption.functions.Factory):
        """Builds a Lecun uniform initializer."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class normal(symjax.adoption.functions.Factory):
        """Builds an initializer that returns real normally-distributed random arrays."""
        stddev: typing.Any = 0.01
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    @staticmethod
    def ones(
        key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
        out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
    ) -> jax.Array:
        """An initializer that returns a constant array full of ones."""

    @staticmethod
    def ones_init() -> flax.typing.Initializer:
        """Builds an initializer that returns a constant array full of ones."""

    class orthogonal(symjax.adoption.functions.Factory):
        """Builds an initializer that returns uniformly distributed orthogonal matrices."""
        scale: typing.Any = 1.0
        column_axis: int = -1
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class truncated_normal(symjax.adoption.functions.Factory):
        """Builds an initializer that returns truncated-normal random arrays."""
        stddev: typing.Any = 0.01
        dtype: typing.Any = None
        lower: typing.Any = -2.0
        upper: typing.Any = 2.0
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class uniform(symjax.adoption.functions.Factory):
        """Builds an initializer that returns real uniformly-distributed random arrays."""
        scale: typing.Any = 0.01
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class variance_scaling(symjax.adoption.functions.Factory):
        """Initializer that adapts its scale to the shape of the weights tensor."""
        scale: typing.Any
        mode: typing.Literal['fan_in', 'fan_out', 'fan_avg', 'fan_geo_avg']
        distribution: typing.Literal['truncated_normal', 'normal', 'uniform']
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class xavier_normal(symjax.adoption.functions.Factory):
        """Builds a Glorot normal initializer (aka Xavier normal initializer)."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    class xavier_uniform(symjax.adoption.functions.Factory):
        """Builds a Glorot uniform initializer (aka Xavier uniform initializer)."""
        in_axis: int | collections.abc.Sequence[int] = -2
        out_axis: int | collections.abc.Sequence[int] = -1
        batch_axis: int | collections.abc.Sequence[int] = ()
        dtype: typing.Any = None
        def __call__(
            self, key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
            out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
        ) -> jax.Array: ...

    @staticmethod
    def zeros(
        key: jax.Array, shape: collections.abc.Sequence[typing.Any], dtype: typing.Any = None,
        out_sharding: jax.sharding.NamedSharding | jax.P | None = None,
    ) -> jax.Array:
        """An initializer that returns a constant array full of zeros."""

    @staticmethod
    def zeros_init() -> flax.typing.Initializer:
        """Builds an initializer that returns a constant array full of zeros."""

class with_logical_partitioning(symjax.adoption.functions.Factory):
    """Wraps a function's return value with LogicallyPartitioned."""
    fn: collections.abc.Callable[..., typing.Any]
    names: tuple[str | None, ...]
    mesh: jax.sharding.Mesh | None = None
    rules: collections.abc.Sequence[tuple[str, str | tuple[str, ...] | None]] | None = None
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> flax.linen.LogicallyPartitioned: ...

class with_partitioning(symjax.adoption.functions.Factory):
    """Wraps a function's return value with Partitioned."""
    fn: collections.abc.Callable[..., typing.Any]
    names: tuple[str | None, ...]
    mesh: jax.sharding.Mesh | None = None
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> flax.core.meta.Partitioned[typing.Any]: ...
