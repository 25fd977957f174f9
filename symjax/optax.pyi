# Written by `python tools/stubs.py` from flax 0.12.8, jax 0.10.2, numpy 2.4.6, optax 0.2.8; do not edit.
# ruff: noqa: I001
"""Optax with symbolic optimizers and schedules: ``from symjax import optax`` instead of ``import optax``."""

import collections.abc
import jax
import jax.lax
import jax.typing
import numpy
import optax
import optax._src.utils
import optax.contrib
import optax.losses._fenchel_young
import optax.microbatching
import optax.schedules
import optax.transforms
import symjax
import symjax.adoption.functions
import symjax.optax
import typing

from optax import (
    AdaptiveGradClipState as AdaptiveGradClipState,
    AddDecayedWeightsState as AddDecayedWeightsState,
    AddNoiseState as AddNoiseState,
    ApplyEvery as ApplyEvery,
    ApplyIfFiniteState as ApplyIfFiniteState,
    ClipByGlobalNormState as ClipByGlobalNormState,
    ClipState as ClipState,
    ConditionallyMaskState as ConditionallyMaskState,
    ConditionallyTransformState as ConditionallyTransformState,
    EmaState as EmaState,
    EmptyState as EmptyState,
    FactoredState as FactoredState,
    GradientTransformation as GradientTransformation,
    GradientTransformationExtraArgs as GradientTransformationExtraArgs,
    InjectHyperparamsState as InjectHyperparamsState,
    InjectStatefulHyperparamsState as InjectStatefulHyperparamsState,
    LookaheadParams as LookaheadParams,
    LookaheadState as LookaheadState,
    MaskedNode as MaskedNode,
    MaskedState as MaskedState,
    MonitorState as MonitorState,
    MultiStepsState as MultiStepsState,
    MultiTransformState as MultiTransformState,
    NonNegativeParamsState as NonNegativeParamsState,
    PartitionState as PartitionState,
    ScaleByAdaDeltaState as ScaleByAdaDeltaState,
    ScaleByAdamState as ScaleByAdamState,
    ScaleByAdanState as ScaleByAdanState,
    ScaleByAmsgradState as ScaleByAmsgradState,
    ScaleByBacktrackingLinesearchState as ScaleByBacktrackingLinesearchState,
    ScaleByBeliefState as ScaleByBeliefState,
    ScaleByLBFGSState as ScaleByLBFGSState,
    ScaleByLionState as ScaleByLionState,
    ScaleByNovogradState as ScaleByNovogradState,
    ScaleByRStdDevState as ScaleByRStdDevState,
    ScaleByRmsState as ScaleByRmsState,
    ScaleByRpropState as ScaleByRpropState,
    ScaleByRssState as ScaleByRssState,
    ScaleBySM3State as ScaleBySM3State,
    ScaleByScheduleState as ScaleByScheduleState,
    ScaleByTrustRatioState as ScaleByTrustRatioState,
    ScaleByZoomLinesearchState as ScaleByZoomLinesearchState,
    ScaleState as ScaleState,
    ShouldSkipUpdateFunction as ShouldSkipUpdateFunction,
    SnapshotState as SnapshotState,
    TraceState as TraceState,
    TransformInitFn as TransformInitFn,
    TransformUpdateExtraArgsFn as TransformUpdateExtraArgsFn,
    TransformUpdateFn as TransformUpdateFn,
    ZeroNansState as ZeroNansState,
    ZoomLinesearchInfo as ZoomLinesearchInfo,
    assignment as assignment,
    experimental as experimental,
    microbatching as microbatching,
    perturbations as perturbations,
    projections as projections,
    second_order as second_order,
    tree as tree,
    tree_utils as tree_utils,
)

class Injecting(symjax.adoption.functions.Factory):
    """`optax.inject_hyperparams` of a factory; called with the factory's arguments it gives an optimizer."""
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> injected: ...

class _Node:
    def rebind(self, updates: typing.Any = None, /, **fields: typing.Any) -> typing.Self: ...
    @classmethod
    def partial(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Self: ...

class _Optimizer(symjax.adoption.functions.Optimizer, optax.GradientTransformationExtraArgs):  # type: ignore[misc]
    def __new__(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Self: ...
MaskOrFn: typing.TypeAlias = typing.Any

class MultiSteps(_Node, optax.MultiSteps):  # type: ignore[misc]
    """An optimizer wrapper to accumulate gradients over multiple steps."""
    opt: optax.GradientTransformation
    every_k_schedule: int | Schedule
    use_grad_mean: bool
    should_skip_update_fn: optax.ShouldSkipUpdateFunction | None
    accumulator_dtype: jax.typing.DTypeLike
    def __init__(
        self, opt: optax.GradientTransformation, every_k_schedule: int | Schedule, use_grad_mean: bool = True,
        should_skip_update_fn: optax.ShouldSkipUpdateFunction | None = None,
        accumulator_dtype: jax.typing.DTypeLike = ...,
    ) -> None: ...

OptState: typing.TypeAlias = typing.Any
Params: typing.TypeAlias = typing.Any
ScalarOrSchedule: typing.TypeAlias = float | jax.Array | Schedule
Schedule: typing.TypeAlias = collections.abc.Callable[[jax.typing.ArrayLike], jax.typing.ArrayLike]
Updates: typing.TypeAlias = typing.Any

class WrappedSchedule(_Node, optax.WrappedSchedule):  # type: ignore[misc]
    """A stateful schedule that wraps a stateless schedule."""
    def __init__(self, schedule_fn: Schedule) -> None: ...

class adabelief(_Optimizer):
    """The AdaBelief optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    nesterov: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-16,
        eps_root: jax.typing.ArrayLike = 1e-16, *, nesterov: bool = False,
    ) -> None: ...

class adadelta(_Optimizer):
    """The Adadelta optimizer."""
    learning_rate: ScalarOrSchedule | None
    rho: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    weight_decay: jax.typing.ArrayLike | ScalarOrSchedule
    weight_decay_mask: typing.Any
    def __init__(
        self, learning_rate: ScalarOrSchedule | None = None, rho: jax.typing.ArrayLike = 0.9,
        eps: jax.typing.ArrayLike = 1e-06, weight_decay: jax.typing.ArrayLike | ScalarOrSchedule = 0.0,
        weight_decay_mask: typing.Any = None,
    ) -> None: ...

class adafactor(_Optimizer):
    """The Adafactor optimizer."""
    learning_rate: ScalarOrSchedule | None
    min_dim_size_to_factor: int
    decay_rate: jax.typing.ArrayLike
    decay_offset: jax.typing.ArrayLike
    multiply_by_parameter_scale: bool
    clipping_threshold: jax.typing.ArrayLike | None
    momentum: jax.typing.ArrayLike | None
    dtype_momentum: jax.typing.DTypeLike
    weight_decay_rate: ScalarOrSchedule | None
    eps: jax.typing.ArrayLike
    factored: bool
    weight_decay_mask: typing.Any
    def __init__(
        self, learning_rate: ScalarOrSchedule | None = None, min_dim_size_to_factor: int = 128,
        decay_rate: jax.typing.ArrayLike = 0.8, decay_offset: jax.typing.ArrayLike = 0,
        multiply_by_parameter_scale: bool = True, clipping_threshold: jax.typing.ArrayLike | None = 1.0,
        momentum: jax.typing.ArrayLike | None = None, dtype_momentum: jax.typing.DTypeLike = ...,
        weight_decay_rate: ScalarOrSchedule | None = None, eps: jax.typing.ArrayLike = 1e-30,
        factored: bool = True, weight_decay_mask: typing.Any = None,
    ) -> None: ...

class adagrad(_Optimizer):
    """The Adagrad optimizer."""
    learning_rate: ScalarOrSchedule
    initial_accumulator_value: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(
        self, learning_rate: ScalarOrSchedule, initial_accumulator_value: jax.typing.ArrayLike = 0.1,
        eps: jax.typing.ArrayLike = 1e-07,
    ) -> None: ...

class adam(_Optimizer):
    """The Adam optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: typing.Any
    nesterov: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: typing.Any = None, *, nesterov: bool = False,
    ) -> None: ...

class adamax(_Optimizer):
    """A variant of the Adam optimizer that uses the infinity norm."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
    ) -> None: ...

class adamaxw(_Optimizer):
    """Adamax with weight decay regularization."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    weight_decay: ScalarOrSchedule
    mask: typing.Any
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
        weight_decay: ScalarOrSchedule = 0.0001, mask: typing.Any = None,
    ) -> None: ...

class adamw(_Optimizer):
    """Adam with weight decay regularization."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: typing.Any
    weight_decay: ScalarOrSchedule
    mask: typing.Any
    nesterov: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: typing.Any = None,
        weight_decay: ScalarOrSchedule = 0.0001, mask: typing.Any = None, *, nesterov: bool = False,
    ) -> None: ...

class adan(_Optimizer):
    """The ADAptive Nesterov momentum algorithm (Adan)."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    b3: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    weight_decay: ScalarOrSchedule
    mask: typing.Any
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.98,
        b2: jax.typing.ArrayLike = 0.92, b3: jax.typing.ArrayLike = 0.99, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 1e-08, weight_decay: ScalarOrSchedule = 0.0, mask: typing.Any = None,
    ) -> None: ...

class adaptive_grad_clip(_Optimizer):
    """Clips updates to be at most ``clipping * parameter_norm``, unit-wise."""
    clipping: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    axis: int | tuple[int, ...] | None
    def __init__(
        self, clipping: jax.typing.ArrayLike, eps: jax.typing.ArrayLike = 0.001,
        axis: int | tuple[int, ...] | None = None,
    ) -> None: ...

class add_decayed_weights(_Optimizer):
    """Add parameter scaled by `weight_decay`."""
    weight_decay: ScalarOrSchedule
    mask: typing.Any
    def __init__(self, weight_decay: ScalarOrSchedule = 0.0, mask: typing.Any = None) -> None: ...

class add_noise(_Optimizer):
    """Add gradient noise."""
    eta: jax.typing.ArrayLike
    gamma: jax.typing.ArrayLike
    key: jax.Array | int | None
    seed: int | None
    def __init__(
        self, eta: jax.typing.ArrayLike, gamma: jax.typing.ArrayLike, key: jax.Array | int | None = None, *,
        seed: int | None = None,
    ) -> None: ...

class amsgrad(_Optimizer):
    """The AMSGrad optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: typing.Any
    bias_correction_mu: bool
    bias_correction_nu: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: typing.Any = None, bias_correction_mu: bool = True,
        bias_correction_nu: bool = True,
    ) -> None: ...

class apply_every(_Optimizer):
    """Accumulate gradients and apply them every k steps."""
    k: jax.typing.ArrayLike
    def __init__(self, k: jax.typing.ArrayLike = 1) -> None: ...

class apply_if_finite(_Optimizer):
    """A function that wraps an optimizer to make it robust to a few NaNs or Infs."""
    inner: optax.GradientTransformation
    max_consecutive_errors: int
    def __init__(self, inner: optax.GradientTransformation, max_consecutive_errors: int) -> None: ...

def apply_updates(params: typing.Any, updates: typing.Any) -> typing.Any:
    """Applies an update to the corresponding parameters."""

def bias_correction(moment: typing.Any, decay: typing.Any, count: typing.Any) -> typing.Any:
    """Performs bias correction. It becomes a no-op as count goes to infinity."""

class centralize(_Optimizer):
    """Centralizes gradients by subtracting their mean along leading dimension."""
    def __init__(self) -> None: ...

class chain(_Optimizer):
    """Applies a list of chainable update transformations."""
    args: tuple[optax.GradientTransformation, ...]
    def __init__(self, *args: optax.GradientTransformation) -> None: ...

class clip(_Optimizer):
    """Clips updates element-wise, to be in ``[-max_delta, +max_delta]``."""
    max_delta: jax.typing.ArrayLike
    def __init__(self, max_delta: jax.typing.ArrayLike) -> None: ...

class clip_by_block_rms(_Optimizer):
    """Clips updates to a max rms for the gradient of each param vector or matrix."""
    threshold: jax.typing.ArrayLike
    def __init__(self, threshold: jax.typing.ArrayLike) -> None: ...

class clip_by_global_norm(_Optimizer):
    """Clips updates using their global norm."""
    max_norm: jax.typing.ArrayLike
    def __init__(self, max_norm: jax.typing.ArrayLike) -> None: ...

class conditionally_mask(_Optimizer):
    """Calls the inner update function only at certain steps."""
    inner: optax.GradientTransformation
    should_transform_fn: optax.transforms.ConditionFn
    forward_extra_args: bool
    def __init__(
        self, inner: optax.GradientTransformation, should_transform_fn: optax.transforms.ConditionFn,
        forward_extra_args: bool = False,
    ) -> None: ...

class conditionally_transform(_Optimizer):
    """Calls the inner update function only at certain steps."""
    inner: optax.GradientTransformation
    should_transform_fn: optax.transforms.ConditionFn
    forward_extra_args: bool
    def __init__(
        self, inner: optax.GradientTransformation, should_transform_fn: optax.transforms.ConditionFn,
        forward_extra_args: bool = False,
    ) -> None: ...

class constant_schedule(symjax.adoption.functions.Factory):
    """Constructs a constant schedule."""
    value: jax.typing.ArrayLike
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class contrib:
    """Contributed optimizers in Optax."""
    COCOBState: typing.TypeAlias = optax.contrib.COCOBState
    DAdaptAdamWState: typing.TypeAlias = optax.contrib.DAdaptAdamWState
    DifferentiallyPrivateAggregateState: typing.TypeAlias = optax.contrib.DifferentiallyPrivateAggregateState
    DoGState: typing.TypeAlias = optax.contrib.DoGState
    DoWGState: typing.TypeAlias = optax.contrib.DoWGState
    GaLoreDimensionNumbers: typing.TypeAlias = optax.contrib.GaLoreDimensionNumbers
    GaLoreState: typing.TypeAlias = optax.contrib.GaLoreState
    HutchinsonState: typing.TypeAlias = optax.contrib.HutchinsonState
    MadgradState: typing.TypeAlias = optax.contrib.MadgradState
    MechanicState: typing.TypeAlias = optax.contrib.MechanicState
    MomoAdamState: typing.TypeAlias = optax.contrib.MomoAdamState
    MomoState: typing.TypeAlias = optax.contrib.MomoState
    MuonDimensionNumbers: typing.TypeAlias = optax.contrib.MuonDimensionNumbers
    MuonState: typing.TypeAlias = optax.contrib.MuonState
    NormalizeState: typing.TypeAlias = optax.contrib.NormalizeState
    ProdigyState: typing.TypeAlias = optax.contrib.ProdigyState
    ReduceLROnPlateauState: typing.TypeAlias = optax.contrib.ReduceLROnPlateauState
    SAMState: typing.TypeAlias = optax.contrib.SAMState
    ScaleByAdemamixState: typing.TypeAlias = optax.contrib.ScaleByAdemamixState
    ScaleBySimplifiedAdEMAMixState: typing.TypeAlias = optax.contrib.ScaleBySimplifiedAdEMAMixState
    ScheduleFreeState: typing.TypeAlias = optax.contrib.ScheduleFreeState
    SophiaState: typing.TypeAlias = optax.contrib.SophiaState
    SplitRealAndImaginaryState: typing.TypeAlias = optax.contrib.SplitRealAndImaginaryState

    class acprop(_Optimizer):
        """The ACProp optimizer."""
        learning_rate: ScalarOrSchedule
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        eps_root: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        mask: typing.Any
        def __init__(
            self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
            b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-16,
            eps_root: jax.typing.ArrayLike = 1e-16, weight_decay: jax.typing.ArrayLike = 0.0,
            mask: typing.Any = None,
        ) -> None: ...

    class ademamix(_Optimizer):
        """AdEMAMix."""
        learning_rate: ScalarOrSchedule
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        b3: ScalarOrSchedule
        alpha: ScalarOrSchedule
        eps: jax.typing.ArrayLike
        eps_root: jax.typing.ArrayLike
        mu_dtype: typing.Any
        weight_decay: jax.typing.ArrayLike
        mask: typing.Any
        def __init__(
            self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
            b2: jax.typing.ArrayLike = 0.999, b3: ScalarOrSchedule = 0.9999, alpha: ScalarOrSchedule = 5.0,
            eps: jax.typing.ArrayLike = 1e-08, eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: typing.Any = None,
            weight_decay: jax.typing.ArrayLike = 0.0, mask: typing.Any = None,
        ) -> None: ...

    class adopt(_Optimizer):
        """ADOPT (Adaptive Optimization with Provable Theoretical guarantees)."""
        learning_rate: ScalarOrSchedule
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        mu_dtype: typing.Any
        nesterov: bool
        use_clipping: bool
        clip_value_fn: collections.abc.Callable[[jax.Array], jax.Array]
        def __init__(
            self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
            b2: jax.typing.ArrayLike = 0.9999, eps: jax.typing.ArrayLike = 1e-06, mu_dtype: typing.Any = None, *,
            nesterov: bool = False, use_clipping: bool = True,
            clip_value_fn: collections.abc.Callable[[jax.Array], jax.Array] = ...,
        ) -> None: ...

    class cocob(_Optimizer):
        """Rescale updates according to the COntinuous COin Betting algorithm."""
        learning_rate: ScalarOrSchedule
        alpha: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        mask: typing.Any
        def __init__(
            self, learning_rate: ScalarOrSchedule = 1.0, alpha: jax.typing.ArrayLike = 100.0,
            eps: jax.typing.ArrayLike = 1e-08, weight_decay: jax.typing.ArrayLike = 0.0, mask: typing.Any = None,
        ) -> None: ...

    class dadapt_adamw(_Optimizer):
        """Learning rate free AdamW by D-Adaptation."""
        learning_rate: ScalarOrSchedule
        betas: tuple[jax.typing.ArrayLike, jax.typing.ArrayLike]
        eps: jax.typing.ArrayLike
        estim_lr0: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        def __init__(
            self, learning_rate: ScalarOrSchedule = 1.0,
            betas: tuple[jax.typing.ArrayLike, jax.typing.ArrayLike] = ..., eps: jax.typing.ArrayLike = 1e-08,
            estim_lr0: jax.typing.ArrayLike = 1e-06, weight_decay: jax.typing.ArrayLike = 0.0,
        ) -> None: ...

    class differentially_private_aggregate(_Optimizer):
        """Aggregates gradients based on the DPSGD algorithm."""
        l2_norm_clip: jax.typing.ArrayLike
        noise_multiplier: jax.typing.ArrayLike
        key: jax.Array | int | None
        seed: int | None
        def __init__(
            self, l2_norm_clip: jax.typing.ArrayLike, noise_multiplier: jax.typing.ArrayLike,
            key: jax.Array | int | None = None, *, seed: int | None = None,
        ) -> None: ...

    class dog(_Optimizer):
        """Distance over Gradients (DoG) optimizer."""
        learning_rate: ScalarOrSchedule
        init_step: tuple[typing.Literal['distance', 'learning_rate', 'heuristic'], jax.typing.ArrayLike]
        eps: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike | None
        mask: typing.Any
        def __init__(
            self, learning_rate: ScalarOrSchedule = 1.0,
            init_step: tuple[typing.Literal['distance', 'learning_rate', 'heuristic'], jax.typing.ArrayLike] = ...,
            eps: jax.typing.ArrayLike = 1e-08, weight_decay: jax.typing.ArrayLike | None = None,
            mask: typing.Any = None,
        ) -> None: ...

    class dowg(_Optimizer):
        """Distance over weighted Gradients optimizer."""
        learning_rate: ScalarOrSchedule
        init_estim_sq_dist: jax.typing.ArrayLike | None
        eps: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike | None
        mask: typing.Any
        def __init__(
            self, learning_rate: ScalarOrSchedule = 1.0, init_estim_sq_dist: jax.typing.ArrayLike | None = None,
            eps: jax.typing.ArrayLike = 0.0001, weight_decay: jax.typing.ArrayLike | None = None,
            mask: typing.Any = None,
        ) -> None: ...

    class dpsgd(_Optimizer):
        """The DPSGD optimizer."""
        learning_rate: ScalarOrSchedule
        l2_norm_clip: jax.typing.ArrayLike
        noise_multiplier: jax.typing.ArrayLike
        seed: int
        momentum: jax.typing.ArrayLike | None
        nesterov: bool
        def __init__(
            self, learning_rate: ScalarOrSchedule, l2_norm_clip: jax.typing.ArrayLike,
            noise_multiplier: jax.typing.ArrayLike, seed: int, momentum: jax.typing.ArrayLike | None = None,
            nesterov: bool = False,
        ) -> None: ...

    class galore(_Optimizer):
        """GaLore: Memory-efficient training via gradient lowrank projection."""
        learning_rate: ScalarOrSchedule
        rank: int
        update_proj_gap: int
        scale: float
        base_optimizer: optax.GradientTransformation | None
        weight_decay: jax.typing.ArrayLike
        mask: typing.Any
        weight_dimension_numbers: typing.Any
        def __init__(
            self, learning_rate: ScalarOrSchedule, rank: int = 128, update_proj_gap: int = 200,
            scale: float = 1.0, base_optimizer: optax.GradientTransformation | None = None,
            weight_decay: jax.typing.ArrayLike = 0.0, mask: typing.Any = None,
            weight_dimension_numbers: typing.Any = None,
        ) -> None: ...

    class hutchinson_estimator_diag_hessian(_Optimizer):
        """Returns a GradientTransformationExtraArgs computing the Hessian diagonal."""
        random_seed: jax.Array | None
        def __init__(self, random_seed: jax.Array | None = None) -> None: ...

    class madgrad(_Optimizer):
        """The MADGRAD optimizer."""
        learning_rate: ScalarOrSchedule
        momentum: float
        weight_decay: float
        eps: float
        def __init__(
            self, learning_rate: ScalarOrSchedule, momentum: float = 0.9, weight_decay: float = 0.0,
            eps: float = 1e-06,
        ) -> None: ...

    class mechanize(_Optimizer):
        """Mechanic - a black box learning rate tuner/optimizer."""
        base_optimizer: optax.GradientTransformation | optax.GradientTransformationExtraArgs
        weight_decay: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        s_init: jax.typing.ArrayLike
        num_betas: int
        def __init__(
            self, base_optimizer: optax.GradientTransformation | optax.GradientTransformationExtraArgs,
            weight_decay: jax.typing.ArrayLike = 0.01, eps: jax.typing.ArrayLike = 1e-08,
            s_init: jax.typing.ArrayLike = 1e-06, num_betas: int = 6,
        ) -> None: ...

    class momo(_Optimizer):
        """Adaptive Learning Rates for SGD with momentum."""
        learning_rate: ScalarOrSchedule
        beta: jax.typing.ArrayLike
        lower_bound: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        adapt_lower_bound: bool
        def __init__(
            self, learning_rate: ScalarOrSchedule = 1.0, beta: jax.typing.ArrayLike = 0.9,
            lower_bound: jax.typing.ArrayLike = 0.0, weight_decay: jax.typing.ArrayLike = 0.0,
            adapt_lower_bound: bool = False,
        ) -> None: ...

    class momo_adam(_Optimizer):
        """Adaptive Learning Rates for Adam(W)."""
        learning_rate: ScalarOrSchedule
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        lower_bound: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        adapt_lower_bound: bool
        def __init__(
            self, learning_rate: ScalarOrSchedule = 0.01, b1: jax.typing.ArrayLike = 0.9,
            b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
            lower_bound: jax.typing.ArrayLike = 0.0, weight_decay: jax.typing.ArrayLike = 0.0,
            adapt_lower_bound: bool = False,
        ) -> None: ...

    class muon(_Optimizer):
        """Muon: Momentum Orthogonalized by Newton-schulz."""
        learning_rate: ScalarOrSchedule
        ns_coeffs: tuple[jax.typing.ArrayLike, jax.typing.ArrayLike, jax.typing.ArrayLike] | tuple[tuple[jax.typing.ArrayLike, jax.typing.ArrayLike, jax.typing.ArrayLike], ...] | str
        ns_steps: jax.typing.ArrayLike
        beta: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        weight_decay_mask: typing.Any
        mu_dtype: jax.typing.DTypeLike | None
        nesterov: bool
        adaptive: bool
        preconditioning: typing.Literal['frobenius', 'spectral', 'aol', 'schatten']
        adam_b1: jax.typing.ArrayLike
        adam_b2: jax.typing.ArrayLike
        adam_eps_root: jax.typing.ArrayLike
        adam_weight_decay: jax.typing.ArrayLike
        adam_learning_rate: ScalarOrSchedule | None
        muon_weight_dimension_numbers: typing.Any
        consistent_rms: jax.typing.ArrayLike | None
        def __init__(
            self, learning_rate: ScalarOrSchedule,
            ns_coeffs: tuple[jax.typing.ArrayLike, jax.typing.ArrayLike, jax.typing.ArrayLike] | tuple[tuple[jax.typing.ArrayLike, jax.typing.ArrayLike, jax.typing.ArrayLike], ...] | str = ...,
            ns_steps: jax.typing.ArrayLike = 5, beta: jax.typing.ArrayLike = 0.95,
            eps: jax.typing.ArrayLike = 1e-08, weight_decay: jax.typing.ArrayLike = 0.0,
            weight_decay_mask: typing.Any = None, mu_dtype: jax.typing.DTypeLike | None = None, *,
            nesterov: bool = True, adaptive: bool = False,
            preconditioning: typing.Literal['frobenius', 'spectral', 'aol', 'schatten'] = 'frobenius',
            adam_b1: jax.typing.ArrayLike = 0.9, adam_b2: jax.typing.ArrayLike = 0.999,
            adam_eps_root: jax.typing.ArrayLike = 0.0, adam_weight_decay: jax.typing.ArrayLike = 0.0,
            adam_learning_rate: ScalarOrSchedule | None = None, muon_weight_dimension_numbers: typing.Any = None,
            consistent_rms: jax.typing.ArrayLike | None = None,
        ) -> None: ...

    class normalize(_Optimizer):
        """Normalizes the gradient."""
        def __init__(self) -> None: ...

    class prodigy(_Optimizer):
        """Learning rate free AdamW with Prodigy."""
        learning_rate: ScalarOrSchedule
        betas: tuple[jax.typing.ArrayLike, jax.typing.ArrayLike]
        beta3: jax.typing.ArrayLike | None
        eps: jax.typing.ArrayLike
        estim_lr0: jax.typing.ArrayLike
        estim_lr_coef: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        safeguard_warmup: bool
        def __init__(
            self, learning_rate: ScalarOrSchedule = 1.0,
            betas: tuple[jax.typing.ArrayLike, jax.typing.ArrayLike] = ...,
            beta3: jax.typing.ArrayLike | None = None, eps: jax.typing.ArrayLike = 1e-08,
            estim_lr0: jax.typing.ArrayLike = 1e-06, estim_lr_coef: jax.typing.ArrayLike = 1.0,
            weight_decay: jax.typing.ArrayLike = 0.0, safeguard_warmup: bool = False,
        ) -> None: ...

    class reduce_on_plateau(_Optimizer):
        """Reduce learning rate when a metric has stopped improving."""
        factor: float
        patience: jax.typing.ArrayLike
        rtol: float
        atol: float
        cooldown: jax.typing.ArrayLike
        accumulation_size: jax.typing.ArrayLike
        min_scale: jax.typing.ArrayLike
        def __init__(
            self, factor: float = 0.1, patience: jax.typing.ArrayLike = 10, rtol: float = 0.0001,
            atol: float = 0.0, cooldown: jax.typing.ArrayLike = 0, accumulation_size: jax.typing.ArrayLike = 1,
            min_scale: jax.typing.ArrayLike = 0.0,
        ) -> None: ...

    class sam(_Optimizer):
        """Implementation of SAM (Sharpness Aware Minimization)."""
        optimizer: optax.GradientTransformation
        adv_optimizer: optax.GradientTransformation
        sync_period: int
        reset_state: bool
        opaque_mode: bool
        batch_axis_name: str | None
        def __init__(
            self, optimizer: optax.GradientTransformation, adv_optimizer: optax.GradientTransformation,
            sync_period: int = 2, reset_state: bool = True, opaque_mode: bool = False,
            batch_axis_name: str | None = None,
        ) -> None: ...

    class scale_by_acprop(_Optimizer):
        """Rescale updates according to ACProp (asynchronous version of AdaBelief)."""
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        eps_root: jax.typing.ArrayLike
        def __init__(
            self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999,
            eps: jax.typing.ArrayLike = 1e-16, eps_root: jax.typing.ArrayLike = 1e-16,
        ) -> None: ...

    class scale_by_ademamix(_Optimizer):
        """Scale updates according to the Ademamix algorithm."""
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        b3: ScalarOrSchedule
        alpha: ScalarOrSchedule
        eps: jax.typing.ArrayLike
        eps_root: jax.typing.ArrayLike
        mu_dtype: jax.typing.DTypeLike | None
        def __init__(
            self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999, b3: ScalarOrSchedule = 0.9999,
            alpha: ScalarOrSchedule = 6.0, eps: jax.typing.ArrayLike = 1e-08,
            eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: jax.typing.DTypeLike | None = None,
        ) -> None: ...

    class scale_by_adopt(_Optimizer):
        """Rescale updates according to the ADOPT algorithm."""
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        mu_dtype: jax.typing.DTypeLike | None
        nesterov: bool
        use_clipping: bool
        clip_value_fn: collections.abc.Callable[[jax.Array], jax.Array]
        def __init__(
            self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.9999,
            eps: jax.typing.ArrayLike = 1e-06, mu_dtype: jax.typing.DTypeLike | None = None, *,
            nesterov: bool = False, use_clipping: bool = True,
            clip_value_fn: collections.abc.Callable[[jax.Array], jax.Array] = ...,
        ) -> None: ...

    class scale_by_cocob(_Optimizer):
        """Rescale updates according to the COntinuous COin Betting algorithm."""
        alpha: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        def __init__(self, alpha: jax.typing.ArrayLike = 100.0, eps: jax.typing.ArrayLike = 1e-08) -> None: ...

    class scale_by_galore(_Optimizer):
        """Scale updates using GaLore (Gradient Low-Rank Projection)."""
        rank: int
        update_proj_gap: int
        scale: float
        base_optimizer: optax.GradientTransformation | None
        weight_dimension_numbers: typing.Any
        def __init__(
            self, rank: int = 128, update_proj_gap: int = 200, scale: float = 1.0,
            base_optimizer: optax.GradientTransformation | None = None,
            weight_dimension_numbers: typing.Any = None,
        ) -> None: ...

    class scale_by_madgrad(_Optimizer):
        """Rescale updates according to the MADGRAD algorithm."""
        learning_rate: ScalarOrSchedule
        momentum: float
        eps: float
        def __init__(
            self, learning_rate: ScalarOrSchedule, momentum: float = 0.9, eps: float = 1e-06,
        ) -> None: ...

    class scale_by_muon(_Optimizer):
        """Rescale updates according to the Muon algorithm."""
        ns_coeffs: tuple[jax.typing.ArrayLike, jax.typing.ArrayLike, jax.typing.ArrayLike] | tuple[tuple[jax.typing.ArrayLike, jax.typing.ArrayLike, jax.typing.ArrayLike], ...]
        ns_steps: jax.typing.ArrayLike
        beta: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        mu_dtype: jax.typing.DTypeLike | None
        nesterov: bool
        adaptive: bool
        preconditioning: typing.Literal['frobenius', 'spectral', 'aol', 'schatten']
        weight_dimension_numbers: typing.Any
        def __init__(
            self,
            ns_coeffs: tuple[jax.typing.ArrayLike, jax.typing.ArrayLike, jax.typing.ArrayLike] | tuple[tuple[jax.typing.ArrayLike, jax.typing.ArrayLike, jax.typing.ArrayLike], ...] = ...,
            ns_steps: jax.typing.ArrayLike = 5, beta: jax.typing.ArrayLike = 0.95,
            eps: jax.typing.ArrayLike = 1e-08, mu_dtype: jax.typing.DTypeLike | None = None, *,
            nesterov: bool = True, adaptive: bool = False,
            preconditioning: typing.Literal['frobenius', 'spectral', 'aol', 'schatten'] = 'frobenius',
            weight_dimension_numbers: typing.Any = None,
        ) -> None: ...

    class scale_by_simplified_ademamix(_Optimizer):
        """Scale updates according to the Simplified AdEMAMix optimizer."""
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        alpha: ScalarOrSchedule
        eps: jax.typing.ArrayLike
        eps_root: jax.typing.ArrayLike
        def __init__(
            self, b1: jax.typing.ArrayLike = 0.99, b2: jax.typing.ArrayLike = 0.95, alpha: ScalarOrSchedule = 0.0,
            eps: jax.typing.ArrayLike = 1e-08, eps_root: jax.typing.ArrayLike = 0.0,
        ) -> None: ...

    class schedule_free(_Optimizer):
        """Turn base_optimizer schedule_free."""
        base_optimizer: optax.GradientTransformation
        learning_rate: ScalarOrSchedule
        b1: jax.typing.ArrayLike
        weight_lr_power: jax.typing.ArrayLike
        state_dtype: jax.typing.DTypeLike | None
        def __init__(
            self, base_optimizer: optax.GradientTransformation, learning_rate: ScalarOrSchedule,
            b1: jax.typing.ArrayLike = 0.9, weight_lr_power: jax.typing.ArrayLike = 2.0,
            state_dtype: jax.typing.DTypeLike | None = None,
        ) -> None: ...

    class schedule_free_adamw(_Optimizer):
        """Schedule-Free wrapper for AdamW."""
        learning_rate: jax.typing.ArrayLike
        warmup_steps: int | None
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        weight_lr_power: jax.typing.ArrayLike
        state_dtype: jax.typing.DTypeLike | None
        def __init__(
            self, learning_rate: jax.typing.ArrayLike = 0.0025, warmup_steps: int | None = None,
            b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
            weight_decay: jax.typing.ArrayLike = 0.0, weight_lr_power: jax.typing.ArrayLike = 2.0,
            state_dtype: jax.typing.DTypeLike | None = None,
        ) -> None: ...

    @staticmethod
    def schedule_free_eval_params(state: typing.Any, params: typing.Any) -> typing.Any:
        """Params for evaluation of :func:`optax.contrib.schedule_free`."""

    class schedule_free_sgd(_Optimizer):
        """Schedule-Free wrapper for SGD."""
        learning_rate: jax.typing.ArrayLike
        warmup_steps: int | None
        b1: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike | None
        weight_lr_power: jax.typing.ArrayLike
        state_dtype: jax.typing.DTypeLike | None
        def __init__(
            self, learning_rate: jax.typing.ArrayLike = 1.0, warmup_steps: int | None = None,
            b1: jax.typing.ArrayLike = 0.9, weight_decay: jax.typing.ArrayLike | None = None,
            weight_lr_power: jax.typing.ArrayLike = 2.0, state_dtype: jax.typing.DTypeLike | None = None,
        ) -> None: ...

    class simplified_ademamix(_Optimizer):
        """Simplified AdEMAMix."""
        learning_rate: ScalarOrSchedule
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        alpha: ScalarOrSchedule
        eps: jax.typing.ArrayLike
        eps_root: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        mask: typing.Any
        def __init__(
            self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.99,
            b2: jax.typing.ArrayLike = 0.95, alpha: ScalarOrSchedule = 0.0, eps: jax.typing.ArrayLike = 1e-08,
            eps_root: jax.typing.ArrayLike = 0.0, weight_decay: jax.typing.ArrayLike = 0.0,
            mask: typing.Any = None,
        ) -> None: ...

    class sophia(_Optimizer):
        """Sophia optimizer."""
        learning_rate: ScalarOrSchedule
        b1: jax.typing.ArrayLike
        b2: jax.typing.ArrayLike
        eps: jax.typing.ArrayLike
        weight_decay: jax.typing.ArrayLike
        weight_decay_mask: typing.Any
        gamma: jax.typing.ArrayLike
        clip_threshold: jax.typing.ArrayLike | None
        update_interval: jax.typing.ArrayLike
        hessian_diagonal_fn: optax.GradientTransformation | optax.GradientTransformationExtraArgs
        mu_dtype: typing.Any
        verbose: bool
        print_win_rate_every_n_steps: jax.typing.ArrayLike
        def __init__(
            self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.965,
            b2: jax.typing.ArrayLike = 0.99, eps: jax.typing.ArrayLike = 1e-08,
            weight_decay: jax.typing.ArrayLike = 0.0001, weight_decay_mask: typing.Any = None,
            gamma: jax.typing.ArrayLike = 0.01, clip_threshold: jax.typing.ArrayLike | None = 1.0,
            update_interval: jax.typing.ArrayLike = 10,
            hessian_diagonal_fn: optax.GradientTransformation | optax.GradientTransformationExtraArgs = ...,
            mu_dtype: typing.Any = None, verbose: bool = False,
            print_win_rate_every_n_steps: jax.typing.ArrayLike = 0,
        ) -> None: ...

    class split_real_and_imaginary(_Optimizer):
        """Splits the real and imaginary components of complex updates into two."""
        inner: optax.GradientTransformation
        def __init__(self, inner: optax.GradientTransformation) -> None: ...

@typing.overload
def convex_kl_divergence(
    log_predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> jax.Array: ...
@typing.overload
def convex_kl_divergence(
    log_predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ...,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

class cosine_decay_schedule(symjax.adoption.functions.Factory):
    """Returns a function which implements cosine learning rate decay."""
    init_value: jax.typing.ArrayLike
    decay_steps: int
    alpha: jax.typing.ArrayLike = 0.0
    exponent: jax.typing.ArrayLike = 1.0
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

@typing.overload
def cosine_distance(
    predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike, *, epsilon: jax.typing.ArrayLike = 0.0,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Computes the cosine distance between targets and predictions."""
@typing.overload
def cosine_distance(
    predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ..., *,
    epsilon: jax.typing.ArrayLike = 0.0, axis: int | tuple[int, ...] | None = -1,
    where: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

class cosine_onecycle_schedule(symjax.adoption.functions.Factory):
    """Returns a function which implements the onecycle learning rate schedule."""
    transition_steps: int
    peak_value: jax.typing.ArrayLike
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 10000.0
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

@typing.overload
def cosine_similarity(
    predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike, *, epsilon: jax.typing.ArrayLike = 0.0,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Computes the cosine similarity between targets and predictions."""
@typing.overload
def cosine_similarity(
    predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ..., *,
    epsilon: jax.typing.ArrayLike = 0.0, axis: int | tuple[int, ...] | None = -1,
    where: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

@typing.overload
def ctc_loss(
    logits: jax.typing.ArrayLike, logit_paddings: jax.typing.ArrayLike, labels: jax.typing.ArrayLike,
    label_paddings: jax.typing.ArrayLike, *, blank_id: int = 0, log_epsilon: jax.typing.ArrayLike = -100000.0,
) -> jax.Array:
    """Computes CTC loss."""
@typing.overload
def ctc_loss(
    logits: jax.typing.ArrayLike = ..., logit_paddings: jax.typing.ArrayLike = ...,
    labels: jax.typing.ArrayLike = ..., label_paddings: jax.typing.ArrayLike = ..., *, blank_id: int = 0,
    log_epsilon: jax.typing.ArrayLike = -100000.0,
) -> symjax.adoption.functions.Loss: ...

@typing.overload
def ctc_loss_with_forward_probs(
    logits: jax.typing.ArrayLike, logit_paddings: jax.typing.ArrayLike, labels: jax.typing.ArrayLike,
    label_paddings: jax.typing.ArrayLike, *, blank_id: int = 0, log_epsilon: jax.typing.ArrayLike = -100000.0,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Computes CTC loss and CTC forward-probabilities."""
@typing.overload
def ctc_loss_with_forward_probs(
    logits: jax.typing.ArrayLike = ..., logit_paddings: jax.typing.ArrayLike = ...,
    labels: jax.typing.ArrayLike = ..., label_paddings: jax.typing.ArrayLike = ..., *, blank_id: int = 0,
    log_epsilon: jax.typing.ArrayLike = -100000.0,
) -> symjax.adoption.functions.Loss: ...

class ema(_Optimizer):
    """Compute an exponential moving average of past updates."""
    decay: jax.typing.ArrayLike
    debias: bool
    accumulator_dtype: typing.Any
    def __init__(
        self, decay: jax.typing.ArrayLike, debias: bool = True, accumulator_dtype: typing.Any = None,
    ) -> None: ...

class exponential_decay(symjax.adoption.functions.Factory):
    """Constructs a schedule with either continuous or discrete exponential decay."""
    init_value: jax.typing.ArrayLike
    transition_steps: int
    decay_rate: float
    transition_begin: int = 0
    staircase: bool = False
    end_value: jax.typing.ArrayLike | None = None
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class flatten(_Optimizer):
    """Flattens parameters and gradients for init and update of inner transform."""
    inner: optax.GradientTransformation
    def __init__(self, inner: optax.GradientTransformation) -> None: ...

class freeze(_Optimizer):
    """Create a transformation that zeros out gradient updates for `mask=True`."""
    mask: typing.Any
    def __init__(self, mask: typing.Any) -> None: ...

class fromage(_Optimizer):
    """The Frobenius matched gradient descent (Fromage) optimizer."""
    learning_rate: ScalarOrSchedule
    min_norm: jax.typing.ArrayLike
    def __init__(self, learning_rate: ScalarOrSchedule, min_norm: jax.typing.ArrayLike = 1e-06) -> None: ...

@typing.overload
def generalized_kl_divergence(
    log_predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Computes the generalized Kullback-Leibler divergence loss."""
@typing.overload
def generalized_kl_divergence(
    log_predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ...,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

def global_norm(updates: typing.Any) -> jax.Array:
    """Compute the global norm across a nested structure of tensors."""

@typing.overload
def hinge_loss(predictor_outputs: jax.typing.ArrayLike, targets: jax.typing.ArrayLike) -> jax.Array:
    """Computes the hinge loss for binary classification."""
@typing.overload
def hinge_loss(
    predictor_outputs: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ...,
) -> symjax.adoption.functions.Loss: ...

@typing.overload
def huber_loss(
    predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike | None = None, *,
    delta: jax.typing.ArrayLike = 1.0,
) -> jax.Array:
    """Huber loss, similar to L2 loss close to zero, L1 loss away from zero."""
@typing.overload
def huber_loss(
    predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike | None = None, *,
    delta: jax.typing.ArrayLike = 1.0,
) -> symjax.adoption.functions.Loss: ...

class identity(_Optimizer):
    """Stateless identity transformation that leaves input gradients untouched."""
    def __init__(self) -> None: ...

def incremental_update(
    new_tensors: typing.Any, old_tensors: typing.Any, step_size: jax.typing.ArrayLike,
) -> typing.Any:
    """Incrementally update parameters via polyak averaging."""

def init_empty_state(params: typing.Any) -> optax.EmptyState:
    """Init function for a :class:`GradientTransformation` with empty state."""

class inject_hyperparams(Injecting):
    """Wrapper to injects stateful hyperparameters into GradientTransformations."""
    inner_factory: collections.abc.Callable[..., optax.GradientTransformation]
    static_args: str | collections.abc.Iterable[str] = ()
    hyperparam_dtype: numpy.dtype[typing.Any] | None = None

class inject_stateful_hyperparams(Injecting):
    """Wrapper to injects stateful hyperparameters into GradientTransformations."""
    inner_factory: collections.abc.Callable[..., optax.GradientTransformation]
    static_args: str | collections.abc.Iterable[str] = ()
    hyperparam_dtype: numpy.dtype[typing.Any] | None = None

class injected(_Optimizer):
    """What an injecting factory makes of these arguments: hyperparameters are in the state."""
    factory: collections.abc.Callable[..., typing.Any]
    args: tuple[typing.Any, ...]
    kwargs: collections.abc.Mapping[str, typing.Any]
    def __init__(
        self, factory: collections.abc.Callable[..., typing.Any], /, *args: typing.Any, **kwargs: typing.Any,
    ) -> None: ...

class join_schedules(symjax.adoption.functions.Factory):
    """Sequentially apply multiple schedules."""
    schedules: collections.abc.Sequence[Schedule]
    boundaries: collections.abc.Sequence[int]
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class keep_params_nonnegative(_Optimizer):
    """Modifies the updates to keep parameters non-negative, i.e. >= 0."""
    def __init__(self) -> None: ...

@typing.overload
def kl_divergence(
    log_predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Computes the Kullback-Leibler divergence (relative entropy) loss."""
@typing.overload
def kl_divergence(
    log_predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ...,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

@typing.overload
def l2_loss(predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike | None = None) -> jax.Array:
    """Calculates the L2 loss for a set of predictions."""
@typing.overload
def l2_loss(
    predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

class lamb(_Optimizer):
    """The LAMB optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    weight_decay: ScalarOrSchedule
    mask: typing.Any
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-06,
        eps_root: jax.typing.ArrayLike = 0.0, weight_decay: ScalarOrSchedule = 0.0, mask: typing.Any = None,
    ) -> None: ...

class lars(_Optimizer):
    """The LARS optimizer."""
    learning_rate: ScalarOrSchedule
    weight_decay: ScalarOrSchedule
    weight_decay_mask: typing.Any
    trust_coefficient: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    trust_ratio_mask: typing.Any
    momentum: jax.typing.ArrayLike
    nesterov: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, weight_decay: ScalarOrSchedule = 0.0,
        weight_decay_mask: typing.Any = True, trust_coefficient: jax.typing.ArrayLike = 0.001,
        eps: jax.typing.ArrayLike = 0.0, trust_ratio_mask: typing.Any = True,
        momentum: jax.typing.ArrayLike = 0.9, nesterov: bool = False,
    ) -> None: ...

class lbfgs(_Optimizer):
    """L-BFGS optimizer."""
    learning_rate: ScalarOrSchedule | None
    memory_size: int
    scale_init_precond: bool
    linesearch: optax.GradientTransformationExtraArgs | optax.GradientTransformation | None
    def __init__(
        self, learning_rate: ScalarOrSchedule | None = None, memory_size: int = 10,
        scale_init_precond: bool = True,
        linesearch: optax.GradientTransformationExtraArgs | optax.GradientTransformation | None = ...,
    ) -> None: ...

class linear_onecycle_schedule(symjax.adoption.functions.Factory):
    """Returns a learning rate with three linear phases."""
    transition_steps: int
    peak_value: jax.typing.ArrayLike
    pct_start: float = 0.3
    pct_final: float = 0.85
    div_factor: float = 25.0
    final_div_factor: float = 10000.0
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class linear_schedule(symjax.adoption.functions.Factory):
    """Schedule with linear transition from ``init_value`` to ``end_value``."""
    init_value: jax.typing.ArrayLike
    end_value: jax.typing.ArrayLike
    transition_steps: int
    transition_begin: int = 0
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class lion(_Optimizer):
    """The Lion optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    mu_dtype: typing.Any
    weight_decay: ScalarOrSchedule
    mask: typing.Any
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.99, mu_dtype: typing.Any = None, weight_decay: ScalarOrSchedule = 0.001,
        mask: typing.Any = None,
    ) -> None: ...

@typing.overload
def log_cosh(predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike | None = None) -> jax.Array:
    """Calculates the log-cosh loss for a set of predictions."""
@typing.overload
def log_cosh(
    predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

class lookahead(_Optimizer):
    """Lookahead optimizer."""
    fast_optimizer: optax.GradientTransformation
    sync_period: jax.typing.ArrayLike
    slow_step_size: jax.typing.ArrayLike
    reset_state: bool
    def __init__(
        self, fast_optimizer: optax.GradientTransformation, sync_period: jax.typing.ArrayLike,
        slow_step_size: jax.typing.ArrayLike, reset_state: bool = False,
    ) -> None: ...

class losses:
    """The losses sub-package."""

    @typing.overload
    @staticmethod
    def binary_dice_loss(
        predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike, *, smooth: jax.typing.ArrayLike = 1.0,
        apply_sigmoid: bool = True,
    ) -> jax.Array:
        """Binary Dice Loss convenience function."""
    @typing.overload
    @staticmethod
    def binary_dice_loss(
        predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ..., *,
        smooth: jax.typing.ArrayLike = 1.0, apply_sigmoid: bool = True,
    ) -> symjax.adoption.functions.Loss: ...
    convex_kl_divergence = symjax.optax.convex_kl_divergence
    cosine_distance = symjax.optax.cosine_distance
    cosine_similarity = symjax.optax.cosine_similarity
    ctc_loss = symjax.optax.ctc_loss
    ctc_loss_with_forward_probs = symjax.optax.ctc_loss_with_forward_probs

    @typing.overload
    @staticmethod
    def dice_loss(
        predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike, *,
        class_weights: jax.typing.ArrayLike | None = None, smooth: jax.typing.ArrayLike = 1.0,
        alpha: jax.typing.ArrayLike = 0.5, beta: jax.typing.ArrayLike = 0.5, apply_softmax: bool = True,
        reduction: str = 'mean', ignore_background: bool = False, axis: jax.typing.ArrayLike | None = None,
    ) -> jax.Array:
        """Computes the Dice Loss for multi-class segmentation."""
    @typing.overload
    @staticmethod
    def dice_loss(
        predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ..., *,
        class_weights: jax.typing.ArrayLike | None = None, smooth: jax.typing.ArrayLike = 1.0,
        alpha: jax.typing.ArrayLike = 0.5, beta: jax.typing.ArrayLike = 0.5, apply_softmax: bool = True,
        reduction: str = 'mean', ignore_background: bool = False, axis: jax.typing.ArrayLike | None = None,
    ) -> symjax.adoption.functions.Loss: ...
    generalized_kl_divergence = symjax.optax.generalized_kl_divergence
    hinge_loss = symjax.optax.hinge_loss
    huber_loss = symjax.optax.huber_loss
    kl_divergence = symjax.optax.kl_divergence

    @typing.overload
    @staticmethod
    def kl_divergence_with_log_targets(
        log_predictions: jax.typing.ArrayLike, log_targets: jax.typing.ArrayLike,
        axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
    ) -> jax.Array:
        """Computes the Kullback-Leibler divergence (relative entropy) loss."""
    @typing.overload
    @staticmethod
    def kl_divergence_with_log_targets(
        log_predictions: jax.typing.ArrayLike = ..., log_targets: jax.typing.ArrayLike = ...,
        axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
    ) -> symjax.adoption.functions.Loss: ...
    l2_loss = symjax.optax.l2_loss
    log_cosh = symjax.optax.log_cosh

    class make_fenchel_young_loss(symjax.adoption.functions.Factory):
        """Creates a Fenchel-Young loss from a max function."""
        max_fun: optax.losses._fenchel_young.MaxFun
        def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...

    @typing.overload
    @staticmethod
    def multiclass_generalized_dice_loss(
        predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike, *, smooth: jax.typing.ArrayLike = 1.0,
        apply_softmax: bool = True, ignore_background: bool = False,
    ) -> jax.Array:
        """Computes Multiclass Generalized Dice Loss with automatic class weighting."""
    @typing.overload
    @staticmethod
    def multiclass_generalized_dice_loss(
        predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ..., *,
        smooth: jax.typing.ArrayLike = 1.0, apply_softmax: bool = True, ignore_background: bool = False,
    ) -> symjax.adoption.functions.Loss: ...

    @typing.overload
    @staticmethod
    def multiclass_hinge_loss(scores: jax.typing.ArrayLike, labels: jax.typing.ArrayLike) -> jax.Array:
        """Multiclass hinge loss."""
    @typing.overload
    @staticmethod
    def multiclass_hinge_loss(
        scores: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ...,
    ) -> symjax.adoption.functions.Loss: ...

    @typing.overload
    @staticmethod
    def multiclass_perceptron_loss(scores: jax.typing.ArrayLike, labels: jax.typing.ArrayLike) -> jax.Array:
        """Multiclass perceptron loss."""
    @typing.overload
    @staticmethod
    def multiclass_perceptron_loss(
        scores: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ...,
    ) -> symjax.adoption.functions.Loss: ...

    @typing.overload
    @staticmethod
    def multiclass_sparsemax_loss(scores: jax.typing.ArrayLike, labels: jax.typing.ArrayLike) -> jax.Array:
        """Multiclass sparsemax loss."""
    @typing.overload
    @staticmethod
    def multiclass_sparsemax_loss(
        scores: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ...,
    ) -> symjax.adoption.functions.Loss: ...
    ntxent = symjax.optax.ntxent

    @typing.overload
    @staticmethod
    def perceptron_loss(predictor_outputs: jax.typing.ArrayLike, targets: jax.typing.ArrayLike) -> jax.Array:
        """Binary perceptron loss."""
    @typing.overload
    @staticmethod
    def perceptron_loss(
        predictor_outputs: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike = ...,
    ) -> symjax.adoption.functions.Loss: ...

    @typing.overload
    @staticmethod
    def poly_loss_cross_entropy(
        logits: jax.typing.ArrayLike, labels: jax.typing.ArrayLike, *, epsilon: jax.typing.ArrayLike = 2.0,
        axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
    ) -> jax.Array:
        """Computes PolyLoss between logits and labels."""
    @typing.overload
    @staticmethod
    def poly_loss_cross_entropy(
        logits: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ..., *,
        epsilon: jax.typing.ArrayLike = 2.0, axis: int | tuple[int, ...] | None = -1,
        where: jax.typing.ArrayLike | None = None,
    ) -> symjax.adoption.functions.Loss: ...

    @typing.overload
    @staticmethod
    def ranking_softmax_loss(
        logits: jax.typing.ArrayLike, labels: jax.typing.ArrayLike, *, where: jax.typing.ArrayLike | None = None,
        weights: jax.typing.ArrayLike | None = None,
        reduce_fn: collections.abc.Callable[..., jax.typing.ArrayLike] | None = ...,
    ) -> jax.Array:
        """Ranking softmax loss."""
    @typing.overload
    @staticmethod
    def ranking_softmax_loss(
        logits: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ..., *,
        where: jax.typing.ArrayLike | None = None, weights: jax.typing.ArrayLike | None = None,
        reduce_fn: collections.abc.Callable[..., jax.typing.ArrayLike] | None = ...,
    ) -> symjax.adoption.functions.Loss: ...
    safe_softmax_cross_entropy = symjax.optax.safe_softmax_cross_entropy
    sigmoid_binary_cross_entropy = symjax.optax.sigmoid_binary_cross_entropy
    sigmoid_focal_loss = symjax.optax.sigmoid_focal_loss
    smooth_labels = symjax.optax.smooth_labels
    softmax_cross_entropy = symjax.optax.softmax_cross_entropy
    softmax_cross_entropy_with_integer_labels = symjax.optax.softmax_cross_entropy_with_integer_labels

    @typing.overload
    @staticmethod
    def sparsemax_loss(logits: jax.typing.ArrayLike, labels: jax.typing.ArrayLike) -> jax.Array:
        """Binary sparsemax loss."""
    @typing.overload
    @staticmethod
    def sparsemax_loss(
        logits: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ...,
    ) -> symjax.adoption.functions.Loss: ...
    squared_error = symjax.optax.squared_error

    @typing.overload
    @staticmethod
    def triplet_margin_loss(
        anchors: jax.typing.ArrayLike, positives: jax.typing.ArrayLike, negatives: jax.typing.ArrayLike,
        axis: int = -1, norm_degree: jax.typing.ArrayLike = 2, margin: jax.typing.ArrayLike = 1.0,
        eps: jax.typing.ArrayLike = 1e-06,
    ) -> jax.Array:
        """Returns the triplet loss for a batch of embeddings."""
    @typing.overload
    @staticmethod
    def triplet_margin_loss(
        anchors: jax.typing.ArrayLike = ..., positives: jax.typing.ArrayLike = ...,
        negatives: jax.typing.ArrayLike = ..., axis: int = -1, norm_degree: jax.typing.ArrayLike = 2,
        margin: jax.typing.ArrayLike = 1.0, eps: jax.typing.ArrayLike = 1e-06,
    ) -> symjax.adoption.functions.Loss: ...

class masked(_Optimizer):
    """Mask updates so only some are transformed, the rest are passed through."""
    inner: optax.GradientTransformation
    mask: typing.Any
    mask_compatible_extra_args: bool
    def __init__(
        self, inner: optax.GradientTransformation, mask: typing.Any, *,
        mask_compatible_extra_args: bool = False,
    ) -> None: ...

def matrix_inverse_pth_root(
    matrix: jax.typing.ArrayLike, p: jax.typing.ArrayLike, num_iters: jax.typing.ArrayLike = 100,
    ridge_epsilon: jax.typing.ArrayLike = 1e-06, error_tolerance: jax.typing.ArrayLike = 1e-06,
    precision: jax.lax.Precision = ...,
) -> typing.Any:
    """Computes `matrix^(-1/p)`, where `p` is a positive integer."""

class measure_with_ema(_Optimizer):
    """Take a measurement and record it with exponential moving average."""
    measure: typing.Any
    decay: jax.typing.ArrayLike
    debias: bool
    accumulator_dtype: typing.Any
    def __init__(
        self, measure: typing.Any, decay: jax.typing.ArrayLike, debias: bool = True,
        accumulator_dtype: typing.Any = None,
    ) -> None: ...

class microbatch(symjax.adoption.functions.Factory):
    """A general microbatching transformation."""
    fun: collections.abc.Callable[..., typing.Any]
    argnums: int | collections.abc.Sequence[int]
    microbatch_size: int | None
    accumulator: typing.Any = ...
    argnames: str | collections.abc.Sequence[str] = symjax.field(kw_only=True, default=())
    in_axes: int | collections.abc.Sequence[int] = symjax.field(kw_only=True, default=0)
    num_real_microbatches: int | jax.Array | None = symjax.field(kw_only=True, default=None)
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...

class monitor(_Optimizer):
    """Monitors stateful measurements of updates in a chain."""
    measures: typing.Any
    def __init__(self, measures: typing.Any) -> None: ...

def multi_normal(
    loc: jax.typing.ArrayLike, log_scale: jax.typing.ArrayLike,
) -> optax._src.utils.MultiNormalDiagFromLogScale: ...

class multi_transform(_Optimizer):
    """Partitions params and applies a different transformation to each subset."""
    transforms: collections.abc.Mapping[collections.abc.Hashable, optax.GradientTransformation]
    param_labels: typing.Any
    mask_compatible_extra_args: bool
    def __init__(
        self, transforms: collections.abc.Mapping[collections.abc.Hashable, optax.GradientTransformation],
        param_labels: typing.Any, *, mask_compatible_extra_args: bool = False,
    ) -> None: ...

class nadam(_Optimizer):
    """The NAdam optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: typing.Any
    nesterov: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: typing.Any = None, *, nesterov: bool = True,
    ) -> None: ...

class nadamw(_Optimizer):
    """NAdamW optimizer, implemented as part of the AdamW optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: typing.Any
    weight_decay: ScalarOrSchedule
    mask: typing.Any
    nesterov: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: typing.Any = None,
        weight_decay: ScalarOrSchedule = 0.0001, mask: typing.Any = None, *, nesterov: bool = True,
    ) -> None: ...

class named_chain(_Optimizer):
    """Applies a list of named chainable update transformations."""
    args: tuple[tuple[str, optax.GradientTransformation], ...]
    def __init__(self, *args: tuple[str, optax.GradientTransformation]) -> None: ...

def nnls(
    A: jax.Array, b: jax.Array, iters: int, unroll: int | bool = 1, L: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Solves the non-negative least squares problem."""

class noisy_sgd(_Optimizer):
    """A variant of SGD with added noise."""
    learning_rate: ScalarOrSchedule
    eta: jax.typing.ArrayLike
    gamma: jax.typing.ArrayLike
    key: jax.typing.ArrayLike | None
    seed: int | None
    def __init__(
        self, learning_rate: ScalarOrSchedule, eta: jax.typing.ArrayLike = 0.01,
        gamma: jax.typing.ArrayLike = 0.55, key: jax.typing.ArrayLike | None = None, *,
        seed: int | None = None,
    ) -> None: ...

class normalize_by_update_norm(_Optimizer):
    """Scale by the inverse of the update norm."""
    scale_factor: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(
        self, scale_factor: jax.typing.ArrayLike = 1.0, eps: jax.typing.ArrayLike = 1e-06,
    ) -> None: ...

class novograd(_Optimizer):
    """NovoGrad optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    weight_decay: ScalarOrSchedule
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.25, eps: jax.typing.ArrayLike = 1e-06,
        eps_root: jax.typing.ArrayLike = 0.0, weight_decay: ScalarOrSchedule = 0.0,
    ) -> None: ...

@typing.overload
def ntxent(
    embeddings: jax.typing.ArrayLike, labels: jax.typing.ArrayLike, temperature: jax.typing.ArrayLike = 0.07,
) -> jax.Array:
    """Normalized temperature scaled cross entropy loss (NT-Xent)."""
@typing.overload
def ntxent(
    embeddings: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ...,
    temperature: jax.typing.ArrayLike = 0.07,
) -> symjax.adoption.functions.Loss: ...

class optimistic_adam(_Optimizer):
    """The Optimistic Adam optimizer."""
    learning_rate: jax.typing.ArrayLike
    optimism: jax.typing.ArrayLike | None
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: typing.Any
    nesterov: bool
    def __init__(
        self, learning_rate: jax.typing.ArrayLike, optimism: jax.typing.ArrayLike | None = None,
        b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: typing.Any = None, *, nesterov: bool = True,
    ) -> None: ...

class optimistic_adam_v2(_Optimizer):
    """The Optimistic Adam optimizer."""
    learning_rate: ScalarOrSchedule
    alpha: jax.typing.ArrayLike
    beta: jax.typing.ArrayLike
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: typing.Any
    nesterov: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, *, alpha: jax.typing.ArrayLike = 1.0,
        beta: jax.typing.ArrayLike = 1.0, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999,
        eps: jax.typing.ArrayLike = 1e-08, eps_root: jax.typing.ArrayLike = 0.0, mu_dtype: typing.Any = None,
        nesterov: bool = True,
    ) -> None: ...

class optimistic_gradient_descent(_Optimizer):
    """An Optimistic Gradient Descent optimizer."""
    learning_rate: ScalarOrSchedule
    alpha: ScalarOrSchedule
    beta: ScalarOrSchedule
    def __init__(
        self, learning_rate: ScalarOrSchedule, alpha: ScalarOrSchedule = 1.0, beta: ScalarOrSchedule = 1.0,
    ) -> None: ...

class partition(_Optimizer):
    """Partitions params and applies a different transformation to each subset."""
    transforms: collections.abc.Mapping[collections.abc.Hashable, optax.GradientTransformation]
    param_labels: typing.Any
    mask_compatible_extra_args: bool
    def __init__(
        self, transforms: collections.abc.Mapping[collections.abc.Hashable, optax.GradientTransformation],
        param_labels: typing.Any, *, mask_compatible_extra_args: bool = False,
    ) -> None: ...

def per_example_global_norm_clip(grads: typing.Any, l2_norm_clip: jax.typing.ArrayLike) -> typing.Any:
    """Applies gradient clipping per-example using their global norm."""

def per_example_layer_norm_clip(
    grads: typing.Any, global_l2_norm_clip: jax.typing.ArrayLike, uniform: bool = True,
) -> typing.Any:
    """Applies gradient clipping per-example using per-layer norms."""

def periodic_update(
    new_tensors: typing.Any, old_tensors: typing.Any, steps: jax.typing.ArrayLike,
    update_period: jax.typing.ArrayLike,
) -> typing.Any:
    """Periodically update all parameters with new values."""

class piecewise_constant_schedule(symjax.adoption.functions.Factory):
    """Piecewise constant schedule with scaled jumps at specific boundaries."""
    init_value: jax.typing.ArrayLike
    boundaries_and_scales: dict[int, float] | None = None
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class piecewise_interpolate_schedule(symjax.adoption.functions.Factory):
    """Piecewise interpolated schedule with linear or cosine transitions."""
    interpolate_type: str
    init_value: jax.typing.ArrayLike
    boundaries_and_scales: dict[int, float] | None = None
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class polyak_sgd(_Optimizer):
    """SGD with Polyak step-size."""
    max_learning_rate: jax.typing.ArrayLike
    scaling: ScalarOrSchedule
    f_min: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    variant: str
    def __init__(
        self, max_learning_rate: jax.typing.ArrayLike = 1.0, scaling: ScalarOrSchedule = 1.0,
        f_min: jax.typing.ArrayLike = 0.0, eps: jax.typing.ArrayLike = 0.0, variant: str = 'sps',
    ) -> None: ...

class polynomial_schedule(symjax.adoption.functions.Factory):
    """Constructs a schedule with polynomial transition from init to end value."""
    init_value: jax.typing.ArrayLike
    end_value: jax.typing.ArrayLike
    power: jax.typing.ArrayLike
    transition_steps: int
    transition_begin: int = 0
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

def power_iteration(
    matrix: typing.Any, *, v0: typing.Any = None, num_iters: jax.typing.ArrayLike = 100,
    error_tolerance: jax.typing.ArrayLike = 1e-06, precision: jax.lax.Precision = ...,
    key: jax.Array | None = None,
) -> typing.Any:
    """Power iteration algorithm."""

class radam(_Optimizer):
    """The Rectified Adam optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    threshold: jax.typing.ArrayLike
    nesterov: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 0.0, threshold: jax.typing.ArrayLike = 5.0, *,
        nesterov: bool = False,
    ) -> None: ...

class rmsprop(_Optimizer):
    """A flexible RMSProp optimizer."""
    learning_rate: ScalarOrSchedule
    decay: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    initial_scale: jax.typing.ArrayLike
    eps_in_sqrt: bool
    centered: bool
    momentum: jax.typing.ArrayLike | None
    nesterov: bool
    bias_correction: bool
    def __init__(
        self, learning_rate: ScalarOrSchedule, decay: jax.typing.ArrayLike = 0.9,
        eps: jax.typing.ArrayLike = 1e-08, initial_scale: jax.typing.ArrayLike = 0.0,
        eps_in_sqrt: bool = True, centered: bool = False, momentum: jax.typing.ArrayLike | None = None,
        nesterov: bool = False, bias_correction: bool = False,
    ) -> None: ...

class rprop(_Optimizer):
    """The Rprop optimizer."""
    learning_rate: jax.typing.ArrayLike
    eta_minus: jax.typing.ArrayLike
    eta_plus: jax.typing.ArrayLike
    min_step_size: jax.typing.ArrayLike
    max_step_size: jax.typing.ArrayLike
    def __init__(
        self, learning_rate: jax.typing.ArrayLike, eta_minus: jax.typing.ArrayLike = 0.5,
        eta_plus: jax.typing.ArrayLike = 1.2, min_step_size: jax.typing.ArrayLike = 1e-06,
        max_step_size: jax.typing.ArrayLike = 50.0,
    ) -> None: ...

def safe_increment(count: jax.typing.ArrayLike) -> jax.typing.ArrayLike:
    """Increments counter by one while avoiding overflow."""

def safe_int32_increment(count: jax.typing.ArrayLike) -> jax.typing.ArrayLike:
    """Increments counter by one while avoiding overflow."""

def safe_norm(
    x: jax.typing.ArrayLike, min_norm: jax.typing.ArrayLike, ord: int | float | str | None = None,
    axis: tuple[int, ...] | int | None = None, keepdims: bool = False,
) -> jax.Array:
    """Returns jnp.maximum(jnp.linalg.norm(x), min_norm) with correct gradients."""

def safe_root_mean_squares(x: jax.typing.ArrayLike, min_rms: jax.typing.ArrayLike) -> jax.Array:
    """Returns `maximum(sqrt(mean(abs_sq(x))), min_norm)` with correct grads."""

@typing.overload
def safe_softmax_cross_entropy(logits: jax.typing.ArrayLike, labels: jax.typing.ArrayLike) -> jax.Array:
    """Computes the softmax cross entropy between sets of logits and labels."""
@typing.overload
def safe_softmax_cross_entropy(
    logits: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ...,
) -> symjax.adoption.functions.Loss: ...

class scale(_Optimizer):
    """Scale updates by some fixed scalar `step_size`."""
    step_size: jax.typing.ArrayLike
    def __init__(self, step_size: jax.typing.ArrayLike) -> None: ...

class scale_by_adadelta(_Optimizer):
    """Rescale updates according to the Adadelta algorithm."""
    rho: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(self, rho: jax.typing.ArrayLike = 0.9, eps: jax.typing.ArrayLike = 1e-06) -> None: ...

class scale_by_adam(_Optimizer):
    """Rescale updates according to the Adam algorithm."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: jax.typing.DTypeLike | None
    nesterov: bool
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999,
        eps: jax.typing.ArrayLike = 1e-08, eps_root: jax.typing.ArrayLike = 0.0,
        mu_dtype: jax.typing.DTypeLike | None = None, *, nesterov: bool = False,
    ) -> None: ...

class scale_by_adamax(_Optimizer):
    """Rescale updates according to the Adamax algorithm."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999,
        eps: jax.typing.ArrayLike = 1e-08,
    ) -> None: ...

class scale_by_adan(_Optimizer):
    """Rescale updates according to the Adan algorithm."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    b3: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.98, b2: jax.typing.ArrayLike = 0.92,
        b3: jax.typing.ArrayLike = 0.99, eps: jax.typing.ArrayLike = 1e-08,
        eps_root: jax.typing.ArrayLike = 0.0,
    ) -> None: ...

class scale_by_amsgrad(_Optimizer):
    """Rescale updates according to the AMSGrad algorithm."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    mu_dtype: jax.typing.DTypeLike | None
    bias_correction_mu: bool
    bias_correction_nu: bool
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999,
        eps: jax.typing.ArrayLike = 1e-08, eps_root: jax.typing.ArrayLike = 0.0,
        mu_dtype: jax.typing.DTypeLike | None = None, bias_correction_mu: bool = True,
        bias_correction_nu: bool = True,
    ) -> None: ...

class scale_by_backtracking_linesearch(_Optimizer):
    """Backtracking line-search ensuring sufficient decrease (Armijo criterion)."""
    max_backtracking_steps: jax.typing.ArrayLike
    slope_rtol: jax.typing.ArrayLike
    decrease_factor: jax.typing.ArrayLike
    increase_factor: jax.typing.ArrayLike
    max_learning_rate: jax.typing.ArrayLike
    atol: jax.typing.ArrayLike
    rtol: jax.typing.ArrayLike
    store_grad: bool
    verbose: bool
    def __init__(
        self, max_backtracking_steps: jax.typing.ArrayLike, slope_rtol: jax.typing.ArrayLike = 0.0001,
        decrease_factor: jax.typing.ArrayLike = 0.8, increase_factor: jax.typing.ArrayLike = 1.5,
        max_learning_rate: jax.typing.ArrayLike = 1.0, atol: jax.typing.ArrayLike = 0.0,
        rtol: jax.typing.ArrayLike = 0.0, store_grad: bool = False, verbose: bool = False,
    ) -> None: ...

class scale_by_belief(_Optimizer):
    """Rescale updates according to the AdaBelief algorithm."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    nesterov: bool
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999,
        eps: jax.typing.ArrayLike = 1e-16, eps_root: jax.typing.ArrayLike = 1e-16, *, nesterov: bool = False,
    ) -> None: ...

class scale_by_distance_over_gradients(_Optimizer):
    """Distance-over-gradients learning rate-free optimizer."""
    reps_rel: typing.Any
    eps: typing.Any
    param_dtype: typing.Any
    global_scale: typing.Any
    def __init__(
        self, reps_rel: typing.Any = 1e-06, eps: typing.Any = 1e-08, param_dtype: typing.Any = ...,
        global_scale: typing.Any = 1.0,
    ) -> None: ...

class scale_by_factored_rms(_Optimizer):
    """Scaling by a factored estimate of the gradient rms (as in Adafactor)."""
    factored: bool
    decay_rate: jax.typing.ArrayLike
    step_offset: jax.typing.ArrayLike
    min_dim_size_to_factor: int
    epsilon: jax.typing.ArrayLike
    decay_rate_fn: collections.abc.Callable[[jax.typing.ArrayLike, jax.typing.ArrayLike], jax.typing.ArrayLike]
    def __init__(
        self, factored: bool = True, decay_rate: jax.typing.ArrayLike = 0.8,
        step_offset: jax.typing.ArrayLike = 0, min_dim_size_to_factor: int = 128,
        epsilon: jax.typing.ArrayLike = 1e-30,
        decay_rate_fn: collections.abc.Callable[[jax.typing.ArrayLike, jax.typing.ArrayLike], jax.typing.ArrayLike] = ...,
    ) -> None: ...

class scale_by_lbfgs(_Optimizer):
    """Scales updates by L-BFGS."""
    memory_size: int
    scale_init_precond: bool
    def __init__(self, memory_size: int = 10, scale_init_precond: bool = True) -> None: ...

class scale_by_learning_rate(_Optimizer):
    """Scale by the (negative) learning rate (either as scalar or as schedule)."""
    learning_rate: ScalarOrSchedule | None
    flip_sign: bool
    def __init__(self, learning_rate: ScalarOrSchedule | None = None, *, flip_sign: bool = True) -> None: ...

class scale_by_lion(_Optimizer):
    """Rescale updates according to the Lion algorithm."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    mu_dtype: jax.typing.DTypeLike | None
    mode: typing.Literal['hard', 'smooth', 'refined']
    smooth_beta: float
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.99,
        mu_dtype: jax.typing.DTypeLike | None = None, *,
        mode: typing.Literal['hard', 'smooth', 'refined'] = 'hard', smooth_beta: float = 1.0,
    ) -> None: ...

class scale_by_novograd(_Optimizer):
    """Computes NovoGrad updates."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    weight_decay: jax.typing.ArrayLike
    mu_dtype: jax.typing.DTypeLike | None
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.25,
        eps: jax.typing.ArrayLike = 1e-08, eps_root: jax.typing.ArrayLike = 0.0,
        weight_decay: jax.typing.ArrayLike = 0.0, mu_dtype: jax.typing.DTypeLike | None = None,
    ) -> None: ...

class scale_by_optimistic_gradient(_Optimizer):
    """Compute generalized optimistic gradients."""
    alpha: jax.typing.ArrayLike
    beta: jax.typing.ArrayLike
    def __init__(self, alpha: jax.typing.ArrayLike = 1.0, beta: jax.typing.ArrayLike = 1.0) -> None: ...

class scale_by_param_block_norm(_Optimizer):
    """Scale updates for each param block by the norm of that block's parameters."""
    min_scale: jax.typing.ArrayLike
    def __init__(self, min_scale: jax.typing.ArrayLike = 0.001) -> None: ...

class scale_by_param_block_rms(_Optimizer):
    """Scale updates by rms of the gradient for each param vector or matrix."""
    min_scale: jax.typing.ArrayLike
    def __init__(self, min_scale: jax.typing.ArrayLike = 0.001) -> None: ...

class scale_by_polyak(_Optimizer):
    """Scales the update by Polyak's step-size."""
    f_min: jax.typing.ArrayLike
    max_learning_rate: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    variant: str
    def __init__(
        self, f_min: jax.typing.ArrayLike = 0.0, max_learning_rate: jax.typing.ArrayLike = 1.0,
        eps: jax.typing.ArrayLike = 0.0, variant: str = 'sps',
    ) -> None: ...

class scale_by_radam(_Optimizer):
    """Rescale updates according to the Rectified Adam algorithm."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    threshold: jax.typing.ArrayLike
    nesterov: bool
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999,
        eps: jax.typing.ArrayLike = 1e-08, eps_root: jax.typing.ArrayLike = 0.0,
        threshold: jax.typing.ArrayLike = 5.0, *, nesterov: bool = False,
    ) -> None: ...

class scale_by_rms(_Optimizer):
    """Rescale updates by the root of the exp. moving avg of the square."""
    decay: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    initial_scale: jax.typing.ArrayLike
    eps_in_sqrt: bool
    bias_correction: bool
    def __init__(
        self, decay: jax.typing.ArrayLike = 0.9, eps: jax.typing.ArrayLike = 1e-08,
        initial_scale: jax.typing.ArrayLike = 0.0, eps_in_sqrt: bool = True, bias_correction: bool = False,
    ) -> None: ...

class scale_by_rprop(_Optimizer):
    """Scale with the Rprop optimizer."""
    learning_rate: jax.typing.ArrayLike
    eta_minus: jax.typing.ArrayLike
    eta_plus: jax.typing.ArrayLike
    min_step_size: jax.typing.ArrayLike
    max_step_size: jax.typing.ArrayLike
    def __init__(
        self, learning_rate: jax.typing.ArrayLike, eta_minus: jax.typing.ArrayLike = 0.5,
        eta_plus: jax.typing.ArrayLike = 1.2, min_step_size: jax.typing.ArrayLike = 1e-06,
        max_step_size: jax.typing.ArrayLike = 50.0,
    ) -> None: ...

class scale_by_rss(_Optimizer):
    """Rescale updates by the root of the sum of all squared gradients to date."""
    initial_accumulator_value: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(
        self, initial_accumulator_value: jax.typing.ArrayLike = 0.1, eps: jax.typing.ArrayLike = 1e-07,
    ) -> None: ...

class scale_by_schedule(_Optimizer):
    """Scale updates using a custom schedule for the `step_size`."""
    step_size_fn: Schedule
    def __init__(self, step_size_fn: Schedule) -> None: ...

class scale_by_sign(_Optimizer):
    """Compute the signs of the gradient elements."""
    def __init__(self) -> None: ...

class scale_by_sm3(_Optimizer):
    """Scale updates by `sm3`."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 1.0,
        eps: jax.typing.ArrayLike = 1e-08,
    ) -> None: ...

class scale_by_stddev(_Optimizer):
    """Rescale updates by the root of the centered exp. moving average of squares."""
    decay: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    initial_scale: jax.typing.ArrayLike
    eps_in_sqrt: bool
    bias_correction: bool
    def __init__(
        self, decay: jax.typing.ArrayLike = 0.9, eps: jax.typing.ArrayLike = 1e-08,
        initial_scale: jax.typing.ArrayLike = 0.0, eps_in_sqrt: bool = True, bias_correction: bool = False,
    ) -> None: ...

class scale_by_trust_ratio(_Optimizer):
    """Scale updates by `trust ratio`."""
    min_norm: jax.typing.ArrayLike
    trust_coefficient: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(
        self, min_norm: jax.typing.ArrayLike = 0.0, trust_coefficient: jax.typing.ArrayLike = 1.0,
        eps: jax.typing.ArrayLike = 0.0,
    ) -> None: ...

class scale_by_yogi(_Optimizer):
    """Rescale updates according to the Yogi algorithm."""
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    eps_root: jax.typing.ArrayLike
    initial_accumulator_value: jax.typing.ArrayLike
    def __init__(
        self, b1: jax.typing.ArrayLike = 0.9, b2: jax.typing.ArrayLike = 0.999,
        eps: jax.typing.ArrayLike = 0.001, eps_root: jax.typing.ArrayLike = 0.0,
        initial_accumulator_value: jax.typing.ArrayLike = 1e-06,
    ) -> None: ...

class scale_by_zoom_linesearch(_Optimizer):
    """Linesearch ensuring sufficient decrease and small curvature."""
    max_linesearch_steps: jax.typing.ArrayLike
    max_learning_rate: jax.typing.ArrayLike | None
    tol: jax.typing.ArrayLike
    increase_factor: jax.typing.ArrayLike
    slope_rtol: jax.typing.ArrayLike
    curv_rtol: jax.typing.ArrayLike
    approx_dec_rtol: jax.typing.ArrayLike | None
    stepsize_precision: jax.typing.ArrayLike
    initial_guess_strategy: str
    verbose: bool
    def __init__(
        self, max_linesearch_steps: jax.typing.ArrayLike,
        max_learning_rate: jax.typing.ArrayLike | None = None, tol: jax.typing.ArrayLike = 0.0,
        increase_factor: jax.typing.ArrayLike = 2.0, slope_rtol: jax.typing.ArrayLike = 0.0001,
        curv_rtol: jax.typing.ArrayLike = 0.9, approx_dec_rtol: jax.typing.ArrayLike | None = 1e-06,
        stepsize_precision: jax.typing.ArrayLike = 1e-05, initial_guess_strategy: str = 'keep',
        verbose: bool = False,
    ) -> None: ...

def scale_gradient(inputs: typing.Any, scale: jax.typing.ArrayLike) -> typing.Any:
    """Scales gradients for the backwards pass."""

class schedules:
    """Utilities for creating schedules."""
    InjectHyperparamsState: typing.TypeAlias = optax.schedules.InjectHyperparamsState
    InjectStatefulHyperparamsState: typing.TypeAlias = optax.schedules.InjectStatefulHyperparamsState
    Schedule: typing.TypeAlias = collections.abc.Callable[[jax.typing.ArrayLike], jax.typing.ArrayLike]
    StatefulSchedule: typing.TypeAlias = optax.schedules.StatefulSchedule
    WrappedSchedule: typing.TypeAlias = symjax.optax.WrappedSchedule
    constant_schedule: typing.TypeAlias = symjax.optax.constant_schedule
    cosine_decay_schedule: typing.TypeAlias = symjax.optax.cosine_decay_schedule
    cosine_onecycle_schedule: typing.TypeAlias = symjax.optax.cosine_onecycle_schedule
    exponential_decay: typing.TypeAlias = symjax.optax.exponential_decay
    inject_hyperparams: typing.TypeAlias = symjax.optax.inject_hyperparams
    inject_stateful_hyperparams: typing.TypeAlias = symjax.optax.inject_stateful_hyperparams
    join_schedules: typing.TypeAlias = symjax.optax.join_schedules
    linear_onecycle_schedule: typing.TypeAlias = symjax.optax.linear_onecycle_schedule
    linear_schedule: typing.TypeAlias = symjax.optax.linear_schedule
    piecewise_constant_schedule: typing.TypeAlias = symjax.optax.piecewise_constant_schedule
    piecewise_interpolate_schedule: typing.TypeAlias = symjax.optax.piecewise_interpolate_schedule
    polynomial_schedule: typing.TypeAlias = symjax.optax.polynomial_schedule
    sgdr_schedule: typing.TypeAlias = symjax.optax.sgdr_schedule
    warmup_constant_schedule: typing.TypeAlias = symjax.optax.warmup_constant_schedule
    warmup_cosine_decay_schedule: typing.TypeAlias = symjax.optax.warmup_cosine_decay_schedule
    warmup_exponential_decay_schedule: typing.TypeAlias = symjax.optax.warmup_exponential_decay_schedule

class selective_transform(_Optimizer):
    """Partition updates so that only un-frozen parameters are optimized."""
    optimizer: optax.GradientTransformation
    freeze_mask: typing.Any
    def __init__(self, optimizer: optax.GradientTransformation, *, freeze_mask: typing.Any) -> None: ...

class set_to_zero(_Optimizer):
    """Stateless transformation that maps input gradients to zero."""
    def __init__(self) -> None: ...

class sgd(_Optimizer):
    """A canonical Stochastic Gradient Descent optimizer."""
    learning_rate: ScalarOrSchedule
    momentum: jax.typing.ArrayLike | None
    nesterov: bool
    accumulator_dtype: typing.Any
    def __init__(
        self, learning_rate: ScalarOrSchedule, momentum: jax.typing.ArrayLike | None = None,
        nesterov: bool = False, accumulator_dtype: typing.Any = None,
    ) -> None: ...

class sgdr_schedule(symjax.adoption.functions.Factory):
    """SGD with warm restarts."""
    cosine_kwargs: collections.abc.Iterable[dict[str, jax.typing.ArrayLike]]
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

@typing.overload
def sigmoid_binary_cross_entropy(logits: typing.Any, labels: typing.Any) -> typing.Any:
    """Computes element-wise sigmoid cross entropy given logits and labels."""
@typing.overload
def sigmoid_binary_cross_entropy(
    logits: typing.Any = ..., labels: typing.Any = ...,
) -> symjax.adoption.functions.Loss: ...

@typing.overload
def sigmoid_focal_loss(
    logits: jax.typing.ArrayLike, labels: jax.typing.ArrayLike, *, alpha: jax.typing.ArrayLike | None = None,
    gamma: jax.typing.ArrayLike = 2.0,
) -> jax.Array:
    """Sigmoid focal loss with numerical stability improvements."""
@typing.overload
def sigmoid_focal_loss(
    logits: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ..., *,
    alpha: jax.typing.ArrayLike | None = None, gamma: jax.typing.ArrayLike = 2.0,
) -> symjax.adoption.functions.Loss: ...

class sign_sgd(_Optimizer):
    """A variant of SGD using only the signs of the gradient components."""
    learning_rate: ScalarOrSchedule
    def __init__(self, learning_rate: ScalarOrSchedule) -> None: ...

class signum(_Optimizer):
    """A variant of SGD using signs of the components of an EMA of the gradient."""
    learning_rate: ScalarOrSchedule
    beta: jax.typing.ArrayLike
    accumulator_dtype: typing.Any
    def __init__(
        self, learning_rate: ScalarOrSchedule, beta: jax.typing.ArrayLike = 0.9,
        accumulator_dtype: typing.Any = None,
    ) -> None: ...

def skip_large_updates(
    updates: typing.Any, gradient_step: jax.typing.ArrayLike, params: typing.Any,
    max_squared_norm: jax.typing.ArrayLike,
) -> typing.Any:
    """Returns True if the global norm square of `updates` is small enough."""

def skip_not_finite(
    updates: typing.Any, gradient_step: jax.typing.ArrayLike, params: typing.Any,
) -> typing.Any:
    """Returns True iff any of the `updates` contains an inf or a NaN."""

class sm3(_Optimizer):
    """The SM3 optimizer."""
    learning_rate: jax.typing.ArrayLike
    momentum: jax.typing.ArrayLike
    def __init__(self, learning_rate: jax.typing.ArrayLike, momentum: jax.typing.ArrayLike = 0.9) -> None: ...

@typing.overload
def smooth_labels(
    labels: jax.typing.ArrayLike, alpha: jax.typing.ArrayLike, *, axis: int | tuple[int, ...] | None = -1,
    where: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Apply label smoothing."""
@typing.overload
def smooth_labels(
    labels: jax.typing.ArrayLike = ..., alpha: jax.typing.ArrayLike = ..., *,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

class snapshot(_Optimizer):
    """Takes a snapshot of updates and stores it in the state."""
    measure_name: str
    measure: typing.Any
    def __init__(self, measure_name: str, measure: typing.Any) -> None: ...

@typing.overload
def softmax_cross_entropy(
    logits: jax.typing.ArrayLike, labels: jax.typing.ArrayLike, axis: int | tuple[int, ...] | None = -1,
    where: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Computes the softmax cross entropy between sets of logits and labels."""
@typing.overload
def softmax_cross_entropy(
    logits: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ...,
    axis: int | tuple[int, ...] | None = -1, where: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

@typing.overload
def softmax_cross_entropy_with_integer_labels(
    logits: jax.typing.ArrayLike, labels: jax.typing.ArrayLike, axis: int | tuple[int, ...] = -1,
    where: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Computes softmax cross entropy between the logits and integer labels."""
@typing.overload
def softmax_cross_entropy_with_integer_labels(
    logits: jax.typing.ArrayLike = ..., labels: jax.typing.ArrayLike = ..., axis: int | tuple[int, ...] = -1,
    where: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

@typing.overload
def squared_error(
    predictions: jax.typing.ArrayLike, targets: jax.typing.ArrayLike | None = None,
) -> jax.Array:
    """Calculates the squared error for a set of predictions."""
@typing.overload
def squared_error(
    predictions: jax.typing.ArrayLike = ..., targets: jax.typing.ArrayLike | None = None,
) -> symjax.adoption.functions.Loss: ...

class stateless(_Optimizer):
    """Creates a stateless transformation from an update-like function."""
    f: collections.abc.Callable[[typing.Any, typing.Any], typing.Any]
    def __init__(self, f: collections.abc.Callable[[typing.Any, typing.Any], typing.Any]) -> None: ...

class stateless_with_tree_map(_Optimizer):
    """Creates a stateless transformation from an update-like function for arrays."""
    f: collections.abc.Callable[[jax.typing.ArrayLike, jax.typing.ArrayLike | None], jax.typing.ArrayLike]
    def __init__(
        self,
        f: collections.abc.Callable[[jax.typing.ArrayLike, jax.typing.ArrayLike | None], jax.typing.ArrayLike],
    ) -> None: ...

class trace(_Optimizer):
    """Compute a trace of past updates."""
    decay: jax.typing.ArrayLike
    nesterov: bool
    accumulator_dtype: typing.Any
    def __init__(
        self, decay: jax.typing.ArrayLike, nesterov: bool = False, accumulator_dtype: typing.Any = None,
    ) -> None: ...

class transforms:
    """The transforms sub-package."""
    AddNoiseState: typing.TypeAlias = optax.transforms.AddNoiseState
    ApplyIfFiniteState: typing.TypeAlias = optax.transforms.ApplyIfFiniteState
    ConditionFn: typing.TypeAlias = optax.transforms.ConditionFn
    ConditionallyMaskState: typing.TypeAlias = optax.transforms.ConditionallyMaskState
    ConditionallyTransformState: typing.TypeAlias = optax.transforms.ConditionallyTransformState
    EmaState: typing.TypeAlias = optax.transforms.EmaState
    MaskedNode: typing.TypeAlias = optax.transforms.MaskedNode
    MaskedState: typing.TypeAlias = optax.transforms.MaskedState
    MonitorState: typing.TypeAlias = optax.transforms.MonitorState
    MultiSteps: typing.TypeAlias = symjax.optax.MultiSteps
    MultiStepsState: typing.TypeAlias = optax.transforms.MultiStepsState
    NonNegativeParamsState: typing.TypeAlias = optax.transforms.NonNegativeParamsState
    PartitionState: typing.TypeAlias = optax.transforms.PartitionState
    ShouldSkipUpdateFunction: typing.TypeAlias = optax.transforms.ShouldSkipUpdateFunction
    SnapshotState: typing.TypeAlias = optax.transforms.SnapshotState
    TraceState: typing.TypeAlias = optax.transforms.TraceState
    ZeroNansState: typing.TypeAlias = optax.transforms.ZeroNansState
    adaptive_grad_clip: typing.TypeAlias = symjax.optax.adaptive_grad_clip
    add_decayed_weights: typing.TypeAlias = symjax.optax.add_decayed_weights
    add_noise: typing.TypeAlias = symjax.optax.add_noise
    apply_if_finite: typing.TypeAlias = symjax.optax.apply_if_finite
    chain: typing.TypeAlias = symjax.optax.chain
    clip: typing.TypeAlias = symjax.optax.clip
    clip_by_block_rms: typing.TypeAlias = symjax.optax.clip_by_block_rms
    clip_by_global_norm: typing.TypeAlias = symjax.optax.clip_by_global_norm
    conditionally_mask: typing.TypeAlias = symjax.optax.conditionally_mask
    conditionally_transform: typing.TypeAlias = symjax.optax.conditionally_transform
    ema: typing.TypeAlias = symjax.optax.ema
    flatten: typing.TypeAlias = symjax.optax.flatten
    freeze: typing.TypeAlias = symjax.optax.freeze
    keep_params_nonnegative: typing.TypeAlias = symjax.optax.keep_params_nonnegative
    masked: typing.TypeAlias = symjax.optax.masked
    measure_with_ema: typing.TypeAlias = symjax.optax.measure_with_ema
    monitor: typing.TypeAlias = symjax.optax.monitor
    named_chain: typing.TypeAlias = symjax.optax.named_chain
    partition: typing.TypeAlias = symjax.optax.partition

    @staticmethod
    def per_example_global_norm_clip(grads: typing.Any, l2_norm_clip: jax.typing.ArrayLike) -> typing.Any:
        """Applies gradient clipping per-example using their global norm."""

    @staticmethod
    def per_example_layer_norm_clip(
        grads: typing.Any, global_l2_norm_clip: jax.typing.ArrayLike, uniform: bool = True,
    ) -> typing.Any:
        """Applies gradient clipping per-example using per-layer norms."""

    selective_transform: typing.TypeAlias = symjax.optax.selective_transform

    @staticmethod
    def skip_large_updates(
        updates: typing.Any, gradient_step: jax.typing.ArrayLike, params: typing.Any,
        max_squared_norm: jax.typing.ArrayLike,
    ) -> typing.Any:
        """Returns True if the global norm square of `updates` is small enough."""

    @staticmethod
    def skip_not_finite(
        updates: typing.Any, gradient_step: jax.typing.ArrayLike, params: typing.Any,
    ) -> typing.Any:
        """Returns True iff any of the `updates` contains an inf or a NaN."""

    snapshot: typing.TypeAlias = symjax.optax.snapshot
    trace: typing.TypeAlias = symjax.optax.trace

    @staticmethod
    def unitwise_clip(
        g_norm: jax.typing.ArrayLike, max_norm: jax.typing.ArrayLike, grad: jax.typing.ArrayLike,
        div_eps: jax.typing.ArrayLike = 1e-06,
    ) -> jax.Array:
        """Applies gradient clipping unit-wise."""

    @staticmethod
    def unitwise_norm(x: jax.typing.ArrayLike, axis: int | tuple[int, ...] | None = None) -> jax.Array:
        """Computes the L2 norm of each unit separately."""

    zero_nans: typing.TypeAlias = symjax.optax.zero_nans

def tree_map_params(
    initable: typing.Any, f: collections.abc.Callable[..., typing.Any], state: typing.Any, /,
    *rest: typing.Any, transform_non_params: collections.abc.Callable[..., typing.Any] | None = None,
    is_leaf: typing.Any = None,
) -> typing.Any:
    """Apply a callable over all params in the given optimizer state."""

def update_infinity_moment(
    updates: typing.Any, moments: typing.Any, decay: typing.Any, eps: typing.Any,
) -> typing.Any:
    """Compute the exponential moving average of the infinity norm."""

def update_moment(
    updates: typing.Any, moments: typing.Any, decay: typing.Any, order: typing.Any,
) -> typing.Any:
    """Compute the exponential moving average of the `order`-th moment."""

def update_moment_per_elem_norm(
    updates: typing.Any, moments: typing.Any, decay: typing.Any, order: typing.Any,
) -> typing.Any:
    """Compute the EMA of the `order`-th moment of the element-wise norm."""

class value_and_grad_from_state(symjax.adoption.functions.Factory):
    """Alternative to :func:`jax.value_and_grad` fetches value, grad from state."""
    value_fn: collections.abc.Callable[..., jax.typing.ArrayLike]
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...

class warmup_constant_schedule(symjax.adoption.functions.Factory):
    """Linear warmup followed by constant schedule i.e no decay."""
    init_value: jax.typing.ArrayLike
    peak_value: jax.typing.ArrayLike
    warmup_steps: int
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class warmup_cosine_decay_schedule(symjax.adoption.functions.Factory):
    """Linear warmup followed by cosine decay."""
    init_value: jax.typing.ArrayLike
    peak_value: jax.typing.ArrayLike
    warmup_steps: int
    decay_steps: int
    end_value: jax.typing.ArrayLike = 0.0
    exponent: jax.typing.ArrayLike = 1.0
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class warmup_exponential_decay_schedule(symjax.adoption.functions.Factory):
    """Linear warmup followed by exponential decay."""
    init_value: jax.typing.ArrayLike
    peak_value: jax.typing.ArrayLike
    warmup_steps: int
    transition_steps: int
    decay_rate: jax.typing.ArrayLike
    transition_begin: int = 0
    staircase: bool = False
    end_value: jax.typing.ArrayLike | None = None
    def __call__(self, count: jax.typing.ArrayLike) -> jax.Array: ...

class with_extra_args_support(_Optimizer):
    """Wraps a gradient transformation, so that it ignores extra args."""
    tx: optax.GradientTransformation
    def __init__(self, tx: optax.GradientTransformation) -> None: ...

class yogi(_Optimizer):
    """The Yogi optimizer."""
    learning_rate: ScalarOrSchedule
    b1: jax.typing.ArrayLike
    b2: jax.typing.ArrayLike
    eps: jax.typing.ArrayLike
    def __init__(
        self, learning_rate: ScalarOrSchedule, b1: jax.typing.ArrayLike = 0.9,
        b2: jax.typing.ArrayLike = 0.999, eps: jax.typing.ArrayLike = 0.001,
    ) -> None: ...

class zero_nans(_Optimizer):
    """A transformation which replaces NaNs with 0."""
    def __init__(self) -> None: ...
