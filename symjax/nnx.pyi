# Written by `python tools/stubs.py` from flax 0.12.8, jax 0.10.2, numpy 2.4.6, optax 0.2.8; do not edit.
# ruff: noqa: I001
"""Flax NNX with symbolic layers: ``from symjax import nnx`` instead of ``from flax import nnx``."""

import collections.abc
import flax.nnx
import flax.nnx.nn.initializers
import flax.nnx.nn.recurrent
import flax.typing
import jax
import jax.nn.initializers
import jax.sharding
import jax.typing
import symjax.adoption.functions
import typing

from flax.nnx import (
    A as A,
    All as All,
    Any as Any,
    BatchStat as BatchStat,
    Cache as Cache,
    Carry as Carry,
    Data as Data,
    Dict as Dict,
    DiffState as DiffState,
    EMA as EMA,
    Everything as Everything,
    FlatState as FlatState,
    GraphDef as GraphDef,
    GraphState as GraphState,
    Initializer as Initializer,
    Intermediate as Intermediate,
    List as List,
    LoRAParam as LoRAParam,
    M as M,
    MergeContext as MergeContext,
    Metric as Metric,
    ModelAndOptimizer as ModelAndOptimizer,
    Module as Module,
    MultiMetric as MultiMetric,
    NodeStates as NodeStates,
    Not as Not,
    Nothing as Nothing,
    Object as Object,
    OfType as OfType,
    OptArray as OptArray,
    OptState as OptState,
    OptVariable as OptVariable,
    Optimizer as Optimizer,
    PARTITION_NAME as PARTITION_NAME,
    Param as Param,
    PathContains as PathContains,
    Perturbation as Perturbation,
    PureState as PureState,
    Pytree as Pytree,
    RNNCellBase as RNNCellBase,
    RngCount as RngCount,
    RngKey as RngKey,
    RngState as RngState,
    RngStream as RngStream,
    Rngs as Rngs,
    SplitContext as SplitContext,
    State as State,
    StateAxes as StateAxes,
    StateSharding as StateSharding,
    Static as Static,
    TrainState as TrainState,
    UpdateContext as UpdateContext,
    Variable as Variable,
    VariableMetadata as VariableMetadata,
    WithTag as WithTag,
    abstract_with_sharding as abstract_with_sharding,
    as_abstract as as_abstract,
    as_pure as as_pure,
    avg_pool as avg_pool,
    bridge as bridge,
    cached_partial as cached_partial,
    call as call,
    capture as capture,
    celu as celu,
    check_pytree as check_pytree,
    checkify as checkify,
    clone as clone,
    combine_masks as combine_masks,
    compat as compat,
    cond as cond,
    current_update_context as current_update_context,
    custom_vjp as custom_vjp,
    data as data,
    dataclass as dataclass,
    deprecations as deprecations,
    display as display,
    dot_product_attention as dot_product_attention,
    elu as elu,
    eval_shape as eval_shape,
    extract as extract,
    filter_state as filter_state,
    filterlib as filterlib,
    find_duplicates as find_duplicates,
    flatten as flatten,
    fori_loop as fori_loop,
    fork_rngs as fork_rngs,
    from_flat_state as from_flat_state,
    from_tree as from_tree,
    gelu as gelu,
    get_abstract_model as get_abstract_model,
    get_named_sharding as get_named_sharding,
    get_partition_spec as get_partition_spec,
    glu as glu,
    grad as grad,
    graph as graph,
    graphdef as graphdef,
    graphlib as graphlib,
    hard_sigmoid as hard_sigmoid,
    hard_silu as hard_silu,
    hard_swish as hard_swish,
    hard_tanh as hard_tanh,
    has_data as has_data,
    helpers as helpers,
    identity as identity,
    is_data as is_data,
    iter_children as iter_children,
    iter_graph as iter_graph,
    iter_module_children as iter_module_children,
    iter_modules as iter_modules,
    jit as jit,
    jit_partial as jit_partial,
    jvp as jvp,
    leaky_relu as leaky_relu,
    log_sigmoid as log_sigmoid,
    log_softmax as log_softmax,
    logical_axis_rules as logical_axis_rules,
    logsumexp as logsumexp,
    make_attention_mask as make_attention_mask,
    make_causal_mask as make_causal_mask,
    make_jaxpr as make_jaxpr,
    map as map,
    map_state as map_state,
    max_pool as max_pool,
    merge as merge,
    merge_context as merge_context,
    merge_state as merge_state,
    metrics as metrics,
    min_pool as min_pool,
    module as module,
    nn as nn,
    object as object,
    one_hot as one_hot,
    optimizer as optimizer,
    pmap as pmap,
    pool as pool,
    pop as pop,
    prefix as prefix,
    proxy_caller as proxy_caller,
    pure as pure,
    pytreelib as pytreelib,
    recursive_map as recursive_map,
    register_data_type as register_data_type,
    register_variable_name as register_variable_name,
    relu as relu,
    relu6 as relu6,
    remat as remat,
    replace_by_pure_dict as replace_by_pure_dict,
    reprlib as reprlib,
    reseed as reseed,
    restore_int_paths as restore_int_paths,
    restore_rngs as restore_rngs,
    rnglib as rnglib,
    scan as scan,
    selu as selu,
    set_graph_mode as set_graph_mode,
    set_graph_updates as set_graph_updates,
    set_metadata as set_metadata,
    shard_map as shard_map,
    sigmoid as sigmoid,
    silu as silu,
    soft_sign as soft_sign,
    softmax as softmax,
    softplus as softplus,
    split as split,
    split_context as split_context,
    split_rngs as split_rngs,
    split_state as split_state,
    spmd as spmd,
    standardize as standardize,
    state as state,
    statelib as statelib,
    static as static,
    summary as summary,
    swish as swish,
    switch as switch,
    tabulate as tabulate,
    tanh as tanh,
    to_flat_state as to_flat_state,
    to_pure_dict as to_pure_dict,
    to_tree as to_tree,
    tracers as tracers,
    training as training,
    transform_metadata as transform_metadata,
    transforms as transforms,
    traversals as traversals,
    unflatten as unflatten,
    unpack as unpack,
    update as update,
    update_context as update_context,
    use_eager_sharding as use_eager_sharding,
    using_eager_sharding as using_eager_sharding,
    value_and_grad as value_and_grad,
    var_defaults as var_defaults,
    variable_name_from_type as variable_name_from_type,
    variable_type_from_name as variable_type_from_name,
    variablelib as variablelib,
    variables as variables,
    vars_as as vars_as,
    view as view,
    view_info as view_info,
    visualization as visualization,
    vjp as vjp,
    vmap as vmap,
    while_loop as while_loop,
    with_attributes as with_attributes,
    with_rngs as with_rngs,
    with_vars as with_vars,
    wrappers as wrappers,
)

class _Node:
    def rebind(self, updates: typing.Any = None, /, **fields: typing.Any) -> typing.Self: ...
    @classmethod
    def partial(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Self: ...

class BatchNorm(_Node, flax.nnx.BatchNorm):
    """BatchNorm Module."""
    bias_init: flax.typing.Initializer
    scale_init: flax.typing.Initializer
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    scale_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, num_features: int, *, use_running_average: bool | None = False, axis: int = -1,
        momentum: float = 0.99, epsilon: float = 1e-05, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., use_bias: bool = True, use_scale: bool = True,
        bias_init: flax.typing.Initializer = ..., scale_init: flax.typing.Initializer = ...,
        axis_name: str | None = None, axis_index_groups: typing.Any = None, use_fast_variance: bool = True,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., rngs: flax.nnx.Rngs | None = None,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        scale_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class Bidirectional(_Node, flax.nnx.Bidirectional):
    """Processes the input in both directions and merges the results."""
    def __init__(
        self, forward_rnn: flax.nnx.nn.recurrent.RNNBase, backward_rnn: flax.nnx.nn.recurrent.RNNBase, *,
        merge_fn: collections.abc.Callable[[jax.Array, jax.Array], jax.Array] = ..., time_major: bool = False,
        return_carry: bool = False, rngs: flax.nnx.Rngs | flax.nnx.RngStream | bool = True,
    ) -> None: ...

class Conv(_Node, flax.nnx.Conv):
    """Convolution Module wrapping ``lax.conv_general_dilated``."""
    kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, out_features: int, kernel_size: int | collections.abc.Sequence[int],
        strides: int | collections.abc.Sequence[int] | None = 1, *,
        padding: str | int | collections.abc.Sequence[int | tuple[int, int]] = 'SAME',
        input_dilation: int | collections.abc.Sequence[int] | None = 1,
        kernel_dilation: int | collections.abc.Sequence[int] | None = 1, feature_group_count: int = 1,
        use_bias: bool = True, mask: jax.Array | None = None, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., precision: flax.typing.PrecisionLike = None,
        kernel_init: flax.typing.Initializer = ..., bias_init: flax.typing.Initializer = ...,
        conv_general_dilated: collections.abc.Callable[..., flax.typing.Array] = ...,
        promote_dtype: flax.typing.PromoteDtypeFn = ...,
        preferred_element_type: flax.typing.Dtype | None = None, rngs: flax.nnx.Rngs | None = None,
        kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class ConvTranspose(_Node, flax.nnx.ConvTranspose):
    """Convolution Module wrapping ``lax.conv_transpose``."""
    kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, out_features: int, kernel_size: int | collections.abc.Sequence[int],
        strides: int | collections.abc.Sequence[int] | None = None, *,
        padding: str | int | collections.abc.Sequence[int | tuple[int, int]] = 'SAME',
        kernel_dilation: int | collections.abc.Sequence[int] | None = None, use_bias: bool = True,
        mask: jax.Array | None = None, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., precision: flax.typing.PrecisionLike = None,
        kernel_init: flax.typing.Initializer = ..., bias_init: flax.typing.Initializer = ...,
        transpose_kernel: bool = False, promote_dtype: flax.typing.PromoteDtypeFn = ...,
        preferred_element_type: flax.typing.Dtype | None = None, rngs: flax.nnx.Rngs | None = None,
        kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class Dropout(_Node, flax.nnx.Dropout):
    """Create a dropout layer."""
    def __init__(
        self, rate: float, *, broadcast_dims: collections.abc.Sequence[int] = (),
        deterministic: bool | None = False, rng_collection: str = 'dropout',
        rngs: flax.nnx.Rngs | flax.nnx.RngStream | None = None,
    ) -> None: ...

class Einsum(_Node, flax.nnx.Einsum):
    """An einsum transformation with learnable kernel and bias."""
    kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, einsum_str: str, kernel_shape: collections.abc.Sequence[int],
        bias_shape: collections.abc.Sequence[int] | None = None, *, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., precision: flax.typing.PrecisionLike = None,
        kernel_init: flax.typing.Initializer = ..., bias_init: flax.typing.Initializer = ...,
        promote_dtype: flax.typing.PromoteDtypeFn = ...,
        einsum_op: collections.abc.Callable[..., flax.typing.Array] = ...,
        preferred_element_type: flax.typing.Dtype | None = None, rngs: flax.nnx.Rngs | None = None,
        kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class Embed(_Node, flax.nnx.Embed):
    """Embedding Module."""
    embedding_init: flax.typing.Initializer
    embedding_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, num_embeddings: int, features: int, *, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., embedding_init: flax.typing.Initializer = ...,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., rngs: flax.nnx.Rngs | None = None,
        embedding_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class GRUCell(_Node, flax.nnx.GRUCell):
    """GRU cell."""
    kernel_init: flax.typing.Initializer
    recurrent_kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    keep_rngs: bool
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    recurrent_kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, hidden_features: int, *,
        gate_fn: collections.abc.Callable[..., typing.Any] = ...,
        activation_fn: collections.abc.Callable[..., typing.Any] = ...,
        kernel_init: flax.typing.Initializer = ..., recurrent_kernel_init: flax.typing.Initializer = ...,
        bias_init: flax.typing.Initializer = ..., dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., carry_init: flax.typing.Initializer | None = None,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., keep_rngs: bool = False,
        rngs: flax.nnx.Rngs | None = None, kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        recurrent_kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class GroupNorm(_Node, flax.nnx.GroupNorm):
    """Group normalization (arxiv.org/abs/1803.08494)."""
    num_features: int
    bias_init: flax.typing.Initializer
    scale_init: flax.typing.Initializer
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    scale_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, num_features: int, num_groups: int | None = 32, group_size: int | None = None, *,
        epsilon: float = 1e-06, dtype: flax.typing.Dtype | None = None, param_dtype: flax.typing.Dtype = ...,
        use_bias: bool = True, use_scale: bool = True, bias_init: flax.typing.Initializer = ...,
        scale_init: flax.typing.Initializer = ...,
        reduction_axes: int | collections.abc.Sequence[int] | None = None, axis_name: str | None = None,
        axis_index_groups: typing.Any = None, use_fast_variance: bool = True,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., rngs: flax.nnx.Rngs | None = None,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        scale_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class InstanceNorm(_Node, flax.nnx.InstanceNorm):
    """Instance normalization (https://arxiv.org/abs/1607.08022v3). InstanceNorm normalizes the activations of
    the layer for each channel (rather than across all channels like Layer Normalization), and for each given
    example in a batch independently (rather than across an entire batch like Batch Normalization). i.e.
    applies a transformation that maintains the mean activation within each channel within each example close
    to 0 and the activation standard deviation close to 1."""
    bias_init: flax.typing.Initializer
    scale_init: flax.typing.Initializer
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    scale_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, num_features: int, *, epsilon: float = 1e-06, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., use_bias: bool = True, use_scale: bool = True,
        bias_init: flax.typing.Initializer = ..., scale_init: flax.typing.Initializer = ...,
        feature_axes: int | collections.abc.Sequence[int] = -1, axis_name: str | None = None,
        axis_index_groups: typing.Any = None, use_fast_variance: bool = True,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., rngs: flax.nnx.Rngs | None = None,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        scale_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class LSTMCell(_Node, flax.nnx.LSTMCell):
    """LSTM cell."""
    kernel_init: flax.typing.Initializer
    recurrent_kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    keep_rngs: bool
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    recurrent_kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, hidden_features: int, *,
        gate_fn: collections.abc.Callable[..., typing.Any] = ...,
        activation_fn: collections.abc.Callable[..., typing.Any] = ...,
        kernel_init: flax.typing.Initializer = ..., recurrent_kernel_init: flax.typing.Initializer = ...,
        bias_init: flax.typing.Initializer = ..., dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., carry_init: flax.typing.Initializer | None = None,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., keep_rngs: bool = False,
        rngs: flax.nnx.Rngs | None = None, kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        recurrent_kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class LayerNorm(_Node, flax.nnx.LayerNorm):
    """Layer normalization (https://arxiv.org/abs/1607.06450)."""
    bias_init: flax.typing.Initializer
    scale_init: flax.typing.Initializer
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    scale_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, num_features: int, *, epsilon: float = 1e-06, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., use_bias: bool = True, use_scale: bool = True,
        bias_init: flax.typing.Initializer = ..., scale_init: flax.typing.Initializer = ...,
        reduction_axes: int | collections.abc.Sequence[int] = -1,
        feature_axes: int | collections.abc.Sequence[int] = -1, axis_name: str | None = None,
        axis_index_groups: typing.Any = None, use_fast_variance: bool = True,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., rngs: flax.nnx.Rngs | None = None,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        scale_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class Linear(_Node, flax.nnx.Linear):
    """A linear transformation applied over the last dimension of the input."""
    kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, out_features: int, *, use_bias: bool = True,
        dtype: flax.typing.Dtype | None = None, param_dtype: flax.typing.Dtype = ...,
        precision: flax.typing.PrecisionLike = None, kernel_init: flax.typing.Initializer = ...,
        bias_init: flax.typing.Initializer = ...,
        dot_general: collections.abc.Callable[..., flax.typing.Array] = ...,
        promote_dtype: flax.typing.PromoteDtypeFn = ...,
        preferred_element_type: flax.typing.Dtype | None = None, rngs: flax.nnx.Rngs | None = None,
        kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class LinearGeneral(_Node, flax.nnx.LinearGeneral):
    """A linear transformation with flexible axes."""
    kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int | collections.abc.Sequence[int],
        out_features: int | collections.abc.Sequence[int], *, axis: int | collections.abc.Sequence[int] = -1,
        batch_axis: collections.abc.Mapping[int, int] = ..., use_bias: bool = True,
        dtype: flax.typing.Dtype | None = None, param_dtype: flax.typing.Dtype = ...,
        kernel_init: flax.typing.Initializer = ..., bias_init: flax.typing.Initializer = ...,
        precision: flax.typing.PrecisionLike = None, promote_dtype: flax.typing.PromoteDtypeFn = ...,
        dot_general: collections.abc.Callable[..., flax.typing.Array] | None = None,
        dot_general_cls: typing.Any = None, preferred_element_type: flax.typing.Dtype | None = None,
        rngs: flax.nnx.Rngs | None = None, kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class LoRA(_Node, flax.nnx.LoRA):
    """A standalone LoRA layer."""
    lora_rank: int
    a_initializer: flax.typing.Initializer
    b_initializer: flax.typing.Initializer
    a_metadata: collections.abc.Mapping[str, typing.Any]
    b_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, lora_rank: int, out_features: int, *,
        base_module: flax.nnx.Module | None = None, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., a_initializer: flax.typing.Initializer = ...,
        b_initializer: flax.typing.Initializer = ...,
        lora_param_type: type[flax.nnx.Variable[typing.Any]] = ...,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., rngs: flax.nnx.Rngs | None = None,
        a_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        b_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class LoRALinear(_Node, flax.nnx.LoRALinear):
    """An `nnx.Linear` layer in which the output will be LoRAified."""
    lora_rank: int
    lora_dtype: flax.typing.Dtype | None
    lora_param_dtype: flax.typing.Dtype
    a_initializer: flax.typing.Initializer
    b_initializer: flax.typing.Initializer
    lora_param_type: type[flax.nnx.Variable[typing.Any]]
    lora_promote_dtype: flax.typing.PromoteDtypeFn
    a_metadata: collections.abc.Mapping[str, typing.Any]
    b_metadata: collections.abc.Mapping[str, typing.Any]
    kwargs: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, out_features: int, *, lora_rank: int,
        lora_dtype: flax.typing.Dtype | None = None, lora_param_dtype: flax.typing.Dtype = ...,
        a_initializer: flax.typing.Initializer = ..., b_initializer: flax.typing.Initializer = ...,
        lora_param_type: type[flax.nnx.Variable[typing.Any]] = ...,
        lora_promote_dtype: flax.typing.PromoteDtypeFn = ..., rngs: flax.nnx.Rngs | None = None,
        a_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        b_metadata: collections.abc.Mapping[str, typing.Any] = ..., **kwargs: typing.Any,
    ) -> None: ...

class MultiHeadAttention(_Node, flax.nnx.MultiHeadAttention):
    """Multi-head attention."""
    kernel_init: flax.typing.Initializer
    out_kernel_init: flax.typing.Initializer | None
    bias_init: flax.typing.Initializer
    out_bias_init: flax.typing.Initializer | None
    keep_rngs: bool
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    out_kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    out_bias_metadata: collections.abc.Mapping[str, typing.Any]
    query_ln_scale_metadata: collections.abc.Mapping[str, typing.Any]
    key_ln_scale_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, num_heads: int, in_features: int, qkv_features: int | None = None,
        out_features: int | None = None, num_kv_heads: int | None = None, in_kv_features: int | None = None,
        *, dtype: flax.typing.Dtype | None = None, param_dtype: flax.typing.Dtype = ...,
        broadcast_dropout: bool = True, dropout_rate: float = 0.0, deterministic: bool | None = None,
        precision: flax.typing.PrecisionLike = None, kernel_init: flax.typing.Initializer = ...,
        out_kernel_init: flax.typing.Initializer | None = None, bias_init: flax.typing.Initializer = ...,
        out_bias_init: flax.typing.Initializer | None = None, use_bias: bool = True,
        attention_fn: collections.abc.Callable[..., jax.Array] = ..., decode: bool | None = None,
        normalize_qk: bool = False, qkv_promote_dtype: flax.typing.PromoteDtypeFn = ...,
        out_promote_dtype: flax.typing.PromoteDtypeFn = ...,
        ln_promote_dtype: flax.typing.PromoteDtypeFn = ...,
        qkv_dot_general: collections.abc.Callable[..., flax.typing.Array] | None = None,
        out_dot_general: collections.abc.Callable[..., flax.typing.Array] | None = None,
        qkv_dot_general_cls: typing.Any = None, out_dot_general_cls: typing.Any = None,
        rngs: flax.nnx.Rngs | None = None, keep_rngs: bool = True,
        kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        out_kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        out_bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        query_ln_scale_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        key_ln_scale_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class OptimizedLSTMCell(_Node, flax.nnx.OptimizedLSTMCell):
    """More efficient LSTM Cell that concatenates state components before matmul."""
    kernel_init: flax.typing.Initializer
    recurrent_kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    keep_rngs: bool
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    recurrent_kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, hidden_features: int, *,
        gate_fn: collections.abc.Callable[..., typing.Any] = ...,
        activation_fn: collections.abc.Callable[..., typing.Any] = ...,
        kernel_init: flax.typing.Initializer = ..., recurrent_kernel_init: flax.typing.Initializer = ...,
        bias_init: flax.typing.Initializer = ..., dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., carry_init: flax.typing.Initializer | None = None,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., keep_rngs: bool = False,
        rngs: flax.nnx.Rngs | None = None, kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        recurrent_kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class PReLU(_Node, flax.nnx.PReLU):
    """Parametric Rectified Linear Unit (PReLU) activation function."""
    negative_slope_init: float
    negative_slope_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, negative_slope_init: float = 0.01, *, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., promote_dtype: flax.typing.PromoteDtypeFn = ...,
        negative_slope_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class RMSNorm(_Node, flax.nnx.RMSNorm):
    """RMS Layer normalization (https://arxiv.org/abs/1910.07467)."""
    scale_init: flax.typing.Initializer
    scale_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, num_features: int, *, epsilon: float = 1e-06, dtype: flax.typing.Dtype | None = None,
        param_dtype: flax.typing.Dtype = ..., use_scale: bool = True,
        scale_init: flax.typing.Initializer = ..., reduction_axes: int | collections.abc.Sequence[int] = -1,
        feature_axes: int | collections.abc.Sequence[int] = -1, axis_name: str | None = None,
        axis_index_groups: typing.Any = None, use_fast_variance: bool = True,
        promote_dtype: flax.typing.PromoteDtypeFn = ..., rngs: flax.nnx.Rngs | None = None,
        scale_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class RNN(_Node, flax.nnx.RNN):
    """The ``RNN`` module takes any :class:`RNNCellBase` instance and applies it over a sequence"""
    def __init__(
        self, cell: flax.nnx.RNNCellBase, *, time_major: bool = False, return_carry: bool = False,
        reverse: bool = False, keep_order: bool = False, unroll: int = 1,
        state_axes: collections.abc.Mapping[str, int | type[flax.nnx.Carry] | None] | None = None,
        broadcast_rngs: typing.Any = None, rngs: flax.nnx.Rngs | flax.nnx.RngStream | bool = True,
    ) -> None: ...

class Sequential(_Node, flax.nnx.Sequential):
    """A Module that applies a sequence of callables."""
    fns: tuple[collections.abc.Callable[..., typing.Any], ...]
    def __init__(self, *fns: collections.abc.Callable[..., typing.Any]) -> None: ...

class SimpleCell(_Node, flax.nnx.SimpleCell):
    """Simple cell."""
    kernel_init: flax.typing.Initializer
    recurrent_kernel_init: flax.typing.Initializer
    bias_init: flax.typing.Initializer
    keep_rngs: bool
    kernel_metadata: collections.abc.Mapping[str, typing.Any]
    recurrent_kernel_metadata: collections.abc.Mapping[str, typing.Any]
    bias_metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, in_features: int, hidden_features: int, *, dtype: flax.typing.Dtype = ...,
        param_dtype: flax.typing.Dtype = ..., carry_init: flax.typing.Initializer | None = None,
        residual: bool = False, activation_fn: collections.abc.Callable[..., typing.Any] = ...,
        kernel_init: flax.typing.Initializer = ..., recurrent_kernel_init: flax.typing.Initializer = ...,
        bias_init: flax.typing.Initializer = ..., promote_dtype: flax.typing.PromoteDtypeFn = ...,
        keep_rngs: bool = False, rngs: flax.nnx.Rngs | None = None,
        kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        recurrent_kernel_metadata: collections.abc.Mapping[str, typing.Any] = ...,
        bias_metadata: collections.abc.Mapping[str, typing.Any] = ...,
    ) -> None: ...

class SpectralNorm(_Node, flax.nnx.SpectralNorm):
    """Spectral normalization."""
    update_stats: bool
    def __init__(
        self, layer_instance: flax.nnx.Module, *, n_steps: int = 1, epsilon: float = 1e-12,
        dtype: flax.typing.Dtype | None = None, param_dtype: flax.typing.Dtype = ...,
        error_on_non_matrix: bool = False, update_stats: bool = True, rngs: flax.nnx.Rngs | None = None,
    ) -> None: ...

class WeightNorm(_Node, flax.nnx.WeightNorm):
    """L2 weight normalization (https://arxiv.org/abs/1602.07868)."""
    def __init__(
        self, layer_instance: flax.nnx.Module, *,
        feature_axes: int | collections.abc.Sequence[int] | None = -1, use_scale: bool = True,
        scale_init: flax.typing.Initializer = ..., epsilon: float = 1e-12,
        dtype: flax.typing.Dtype | None = None, param_dtype: flax.typing.Dtype = ...,
        variable_filter: typing.Any = ..., promote_dtype: flax.typing.PromoteDtypeFn = ...,
        rngs: flax.nnx.Rngs | None = None,
    ) -> None: ...

class initializers:
    DtypeLikeInexact: typing.TypeAlias = flax.nnx.nn.initializers.DtypeLikeInexact
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

class with_metadata(symjax.adoption.functions.Factory):
    initializer: collections.abc.Callable[..., typing.Any]
    on_set_value: collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any]]
    on_get_value: collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any]]
    on_create_value: collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any]]
    on_add_axis: collections.abc.Callable[[flax.nnx.Variable[typing.Any], int, str | None], None] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], int, str | None], None]]
    on_remove_axis: collections.abc.Callable[[flax.nnx.Variable[typing.Any], int, str | None], None] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], int, str | None], None]]
    metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, initializer: collections.abc.Callable[..., typing.Any],
        on_set_value: collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any]] = (),
        on_get_value: collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any]] = (),
        on_create_value: collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], typing.Any], typing.Any]] = (),
        on_add_axis: collections.abc.Callable[[flax.nnx.Variable[typing.Any], int, str | None], None] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], int, str | None], None]] = (),
        on_remove_axis: collections.abc.Callable[[flax.nnx.Variable[typing.Any], int, str | None], None] | collections.abc.Sequence[collections.abc.Callable[[flax.nnx.Variable[typing.Any], int, str | None], None]] = (),
        **metadata: typing.Any,
    ) -> None: ...
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...

class with_partitioning(symjax.adoption.functions.Factory):
    """A wrapper over any initializer to add sharding annotation data to a `Variable`."""
    initializer: collections.abc.Callable[..., typing.Any]
    sharding: tuple[str | tuple[str, ...] | None, ...]
    mesh: jax.sharding.Mesh | None
    metadata: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, initializer: collections.abc.Callable[..., typing.Any],
        sharding: tuple[str | tuple[str, ...] | None, ...], mesh: jax.sharding.Mesh | None = None,
        **metadata: typing.Any,
    ) -> None: ...
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
