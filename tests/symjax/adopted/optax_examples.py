"""Example arguments of Optax's factories and losses, for Optax and for the symbolic view of it."""

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .laws import uncalled

# What is optimized, and the functions that examples are given. They are named, so that JSON finds them.

_random = np.random.default_rng(0)
PARAMS = {
    "b": np.linspace(-1.0, 2.0, 4, dtype=np.float32),
    "w": _random.normal(size=(3, 4)).astype(np.float32),
}
COMPLEX = {"z": (_random.normal(size=3) + 1j * _random.normal(size=3)).astype(np.complex64)}
LOGITS = _random.normal(size=(3, 4)).astype(np.float32)
LABELS = np.asarray(jax.nn.softmax(_random.normal(size=(3, 4)).astype(np.float32)))
CLASSES = np.array([1, 0, 3])
SIGNS = np.array([[1, -1, 1, 1], [-1, 1, 1, -1], [1, 1, -1, -1]], np.float32)
ZERO_ONE = (SIGNS > 0).astype(np.float32)


def objective(params: Any, obj_fn: Any = None) -> Any:
    """A convex function of any tree of parameters, real or complex; line searches hand it `obj_fn` too."""
    return sum(jnp.sum(jnp.abs(leaf) ** 2 + jnp.abs(leaf - 1)) for leaf in jax.tree.leaves(params))


def only_matrices(params: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf.ndim > 1, params)


def labelled(params: Any) -> Any:
    return jax.tree.map(lambda leaf: "matrix" if leaf.ndim > 1 else "vector", params)


def every_second(step: Any, **_: Any) -> Any:
    return step % 2 == 0


def halve(updates: Any, params: Any) -> Any:
    return jax.tree.map(lambda update: 0.5 * update, updates)


def shrink(update: Any, param: Any) -> Any:
    return 0.5 * update


# What is done with what a factory makes.


def optimize(made: Any, params: Any = PARAMS, batch: bool = False) -> Any:
    """Two steps of an optimizer: its first state, and all updates, states and parameters after it.

    An optimizer that takes extra arguments is given all of those that Optax knows.
    """
    states = [made.init(params)]
    steps = []
    for _ in range(2):
        value, grads = jax.value_and_grad(objective)(params)
        grads = jax.tree.map(jnp.conj, grads)
        if batch:  # an example for each of two samples
            grads = jax.tree.map(lambda grad: jnp.stack([grad, 2 * grad]), grads)
        extra = {}
        if isinstance(made, optax.GradientTransformationExtraArgs):
            extra = {"value": value, "grad": grads, "value_fn": objective, "obj_fn": objective}
        updates, state = made.update(grads, states[-1], params, **extra)
        params = optax.apply_updates(params, updates)
        states.append(state)
        steps.append((updates, params))
    return states, steps


def optimize_complex(made: Any) -> Any:
    return optimize(made, COMPLEX)


def optimize_matrix(made: Any) -> Any:
    return optimize(made, {"w": PARAMS["w"]})


def optimize_fast_and_slow(made: Any) -> Any:
    params = optax.LookaheadParams.init_synced(PARAMS)
    states, steps = [made.init(params)], []
    for _ in range(2):
        grads = jax.grad(objective)(params.fast)
        updates, state = made.update(grads, states[-1], params)
        params = optax.apply_updates(params, updates)
        states.append(state)
        steps.append((updates, params))
    return states, steps


def transform(made: Any) -> Any:
    """Two steps of what transforms updates and gives back something else, or takes nothing else."""
    state = made.init(PARAMS)
    first, state = made.update(PARAMS, state, PARAMS)
    return first, made.update(PARAMS, state, PARAMS)


def optimize_by_sample(made: Any) -> Any:
    return optimize(made, batch=True)


def schedule(made: Any) -> Any:
    """A schedule at counts before, at and after everything that its example changes at."""
    return [made(count) for count in (0, 1, 2, 3, 5, 8)] + [made(jnp.int32(4))]


def stateful(made: Any) -> Any:
    """A schedule that keeps its count in a state."""
    state = made.init()
    later = made.update(state)
    return state, made(state), later, made(later)


def inject(made: Any) -> Any:
    """The optimizer that an injecting factory makes, with a schedule and a number injected."""
    return optimize(made(learning_rate=optax.linear_schedule(0.1, 0.0, 3), b1=0.8))


def at_logits(made: Any) -> Any:
    return made(LOGITS, LABELS)


def at_samples(made: Any) -> Any:
    return made(LOGITS)


def at_state(made: Any) -> Any:
    return made(PARAMS, state=optax.lbfgs().init(PARAMS))


@dataclass(frozen=True)
class Example:
    """How something of Optax is made and used.

    Attributes:
        arguments: The arguments, made with the factories of a namespace: a dict, or a tuple for those that
            go by position.
        use: What is done with what was made; None for a loss, and where `use_of` knows.
    """

    arguments: Callable[[Any], Any] | None = None
    use: Callable[[Any], Any] | None = None


# Arguments that must be given, by name; what is no schedule and no loss is an optimizer or a part of one.
BY_NAME: dict[str, Callable[[Any], Any]] = {
    "base_optimizer": lambda ox: ox.adam(0.1),
    "boundaries": lambda ox: [2, 4],
    "boundaries_and_scales": lambda ox: {2: 0.5, 4: 0.1},
    "clipping": lambda ox: 0.5,
    "decay": lambda ox: 0.75,
    "decay_rate": lambda ox: 0.5,
    "decay_steps": lambda ox: 5,
    "end_value": lambda ox: 0.25,
    "eta": lambda ox: 0.01,
    "freeze_mask": lambda ox: {"b": True, "w": False},
    "gamma": lambda ox: 0.55,
    "init_value": lambda ox: 1.0,
    "inner": lambda ox: ox.adam(0.1),
    "l2_norm_clip": lambda ox: 0.5,
    "learning_rate": lambda ox: 0.1,
    "mask": lambda ox: {"b": True, "w": False},
    "max_backtracking_steps": lambda ox: 4,
    "max_consecutive_errors": lambda ox: 2,
    "max_delta": lambda ox: 0.5,
    "max_linesearch_steps": lambda ox: 4,
    "max_norm": lambda ox: 0.5,
    "noise_multiplier": lambda ox: 0.1,
    "optimizer": lambda ox: ox.adam(0.1),
    "peak_value": lambda ox: 2.0,
    "power": lambda ox: 2.0,
    "should_transform_fn": lambda ox: every_second,
    "step_size": lambda ox: 0.5,
    "step_size_fn": lambda ox: ox.linear_schedule(1.0, 0.0, 3),
    "value": lambda ox: 0.5,
    "threshold": lambda ox: 0.5,
    "transition_steps": lambda ox: 5,
    "warmup_steps": lambda ox: 2,
    # losses
    "labels": lambda ox: LABELS,
    "log_predictions": lambda ox: np.log(LABELS),
    "log_targets": lambda ox: np.log(LABELS[::-1]),
    "logits": lambda ox: LOGITS,
    "predictions": lambda ox: LOGITS,
    "predictor_outputs": lambda ox: LOGITS,
    "scores": lambda ox: LOGITS,
    "targets": lambda ox: LABELS,
}


def _with(**more: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda ox: {key: value(ox) if callable(value) else value for key, value in more.items()}


_INTEGER_LABELS = Example(_with(labels=CLASSES))
_CTC = Example(
    _with(
        logits=np.stack([LOGITS, LOGITS[::-1]]),
        logit_paddings=np.zeros((2, 3), np.float32),
        labels=np.array([[1, 2], [3, 0]]),
        label_paddings=np.array([[0, 0], [0, 1]], np.float32),
    )
)

EXAMPLES: dict[str, Example] = {
    "MultiSteps": Example(lambda ox: {"opt": ox.adam(0.1), "every_k_schedule": 2}, optimize),
    "WrappedSchedule": Example(lambda ox: {"schedule_fn": ox.linear_schedule(1.0, 0.0, 3)}, stateful),
    "adafactor": Example(_with(learning_rate=0.1, min_dim_size_to_factor=2)),
    "add_noise": Example(lambda ox: {"eta": 0.01, "gamma": 0.55, "key": jax.random.key(1)}),
    "chain": Example(lambda ox: (ox.clip_by_global_norm(1.0), ox.scale_by_adam(), ox.scale(-0.1))),
    "ctc_loss": _CTC,
    "ctc_loss_with_forward_probs": _CTC,
    "inject_hyperparams": Example(lambda ox: {"inner_factory": uncalled(ox, "adam")}, inject),
    "inject_stateful_hyperparams": Example(lambda ox: {"inner_factory": uncalled(ox, "adam")}, inject),
    "join_schedules": Example(
        lambda ox: {
            "schedules": [ox.linear_schedule(0.0, 1.0, 2), ox.exponential_decay(1.0, 2, 0.5)],
            "boundaries": [3],
        }
    ),
    "lookahead": Example(
        lambda ox: {"fast_optimizer": ox.adam(0.1), "sync_period": 2, "slow_step_size": 0.5},
        optimize_fast_and_slow,
    ),
    "masked": Example(lambda ox: {"inner": ox.adam(0.1), "mask": only_matrices}),
    "measure_with_ema": Example(lambda ox: {"measure": optax.tree.norm, "decay": 0.75}, transform),
    "microbatch": Example(lambda ox: {"fun": objective, "argnums": 0, "microbatch_size": 1}, at_samples),
    "monitor": Example(
        lambda ox: {"measures": {"norm": optax.tree.norm, "ema": ox.measure_with_ema(optax.tree.norm, 0.9)}}
    ),
    "multi_transform": Example(
        lambda ox: {
            "transforms": {"matrix": ox.adam(0.1), "vector": ox.sgd(0.2)},
            "param_labels": labelled,
        }
    ),
    "named_chain": Example(lambda ox: (("clip", ox.clip(1.0)), ("adam", ox.adam(0.1)))),
    "noisy_sgd": Example(_with(learning_rate=0.1, key=1)),
    "ntxent": Example(_with(embeddings=LOGITS, labels=np.array([0, 1, 0]))),
    "piecewise_constant_schedule": Example(_with(init_value=1.0, boundaries_and_scales={2: 0.5, 4: 0.1})),
    "piecewise_interpolate_schedule": Example(
        _with(interpolate_type="cosine", init_value=1.0, boundaries_and_scales={2: 0.5, 4: 0.1})
    ),
    "scale_by_factored_rms": Example(_with(min_dim_size_to_factor=2)),
    "scale_by_learning_rate": Example(lambda ox: {"learning_rate": ox.cosine_decay_schedule(0.1, 4)}),
    "sgdr_schedule": Example(
        lambda ox: {
            "cosine_kwargs": [
                dict(init_value=0.1, peak_value=1.0, warmup_steps=1, decay_steps=3, end_value=0.0),
                dict(init_value=0.1, peak_value=0.5, warmup_steps=1, decay_steps=4, end_value=0.1),
            ]
        }
    ),
    "sigmoid_focal_loss": Example(_with(logits=LOGITS, labels=ZERO_ONE, alpha=0.25)),
    "smooth_labels": Example(_with(labels=ZERO_ONE, alpha=0.1)),
    "snapshot": Example(lambda ox: {"measure_name": "norm", "measure": optax.tree.norm}),
    "softmax_cross_entropy_with_integer_labels": Example(_with(logits=LOGITS, labels=CLASSES)),
    "stateless": Example(lambda ox: {"f": halve}),
    "stateless_with_tree_map": Example(lambda ox: {"f": shrink}),
    "value_and_grad_from_state": Example(lambda ox: {"value_fn": objective}, at_state),
    "with_extra_args_support": Example(lambda ox: {"tx": ox.adam(0.1)}),
    "contrib.differentially_private_aggregate": Example(
        _with(l2_norm_clip=0.5, noise_multiplier=0.1, key=1), optimize_by_sample
    ),
    "contrib.dpsgd": Example(
        _with(learning_rate=0.1, l2_norm_clip=0.5, noise_multiplier=0.1, seed=1), optimize_by_sample
    ),
    "contrib.galore": Example(_with(learning_rate=0.1, rank=2, update_proj_gap=1)),
    "contrib.sam": Example(
        lambda ox: {
            "optimizer": ox.sgd(0.1),
            "adv_optimizer": ox.chain(ox.contrib.normalize(), ox.sgd(0.05)),
        },
        transform,
    ),
    "contrib.scale_by_galore": Example(lambda ox: {"rank": 2, "base_optimizer": ox.scale_by_adam()}),
    "contrib.scale_by_muon": Example(
        lambda ox: {"weight_dimension_numbers": {"w": optax.contrib.MuonDimensionNumbers(0, 1)}},
        optimize_matrix,
    ),
    "contrib.split_real_and_imaginary": Example(lambda ox: {"inner": ox.adam(0.1)}, optimize_complex),
    "losses.binary_dice_loss": Example(_with(predictions=LOGITS[..., None], targets=ZERO_ONE[..., None])),
    "losses.make_fenchel_young_loss": Example(lambda ox: {"max_fun": jax.nn.logsumexp}, at_logits),
    "losses.multiclass_hinge_loss": Example(_with(scores=LOGITS, labels=CLASSES)),
    "losses.multiclass_perceptron_loss": Example(_with(scores=LOGITS, labels=CLASSES)),
    "losses.multiclass_sparsemax_loss": Example(_with(scores=LOGITS, labels=CLASSES)),
    "losses.triplet_margin_loss": Example(_with(anchors=LOGITS, positives=LABELS, negatives=LOGITS[::-1])),
}


def example(name: str, function: Callable[..., Any]) -> Example:
    """The example of a factory or loss.

    Raises:
        LookupError: There is none, and `BY_NAME` knows too little; the message says what to add.
    """
    found = EXAMPLES.get(name, Example())
    if found.arguments is None:
        required = [p.name for p in inspect.signature(function).parameters.values() if _required(p)]
        unknown = [key for key in required if key not in BY_NAME]
        if unknown:
            raise LookupError(
                f"optax.{name} is new here and requires {', '.join(unknown)}: add an Example(…) to EXAMPLES "
                "in optax_examples.py, or the name and a reason to EXCEPTIONS in names.py"
            )
        found = dataclasses.replace(found, arguments=lambda ox: {key: BY_NAME[key](ox) for key in required})
    return found


def _required(parameter: inspect.Parameter) -> bool:
    kinds = (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and parameter.kind not in kinds


def is_loss(function: Any) -> bool:
    """Whether something of Optax is done when it returns: a function of arrays among the losses."""
    name = getattr(function, "__name__", "")
    return getattr(optax.losses, name, None) is function and not name.startswith("make_")


def use_of(found: Example, function: Callable[..., Any]) -> Callable[[Any], Any]:
    """What is done with what Optax made: steps of an optimizer, values of a schedule, the loss of arrays."""
    if found.use is not None:
        return found.use
    if is_loss(function):
        arrays = {k: v for k, v in found.arguments(optax).items() if isinstance(v, np.ndarray)}
        return lambda made: made(**arrays)
    return use


def use(made: Any) -> Any:
    """Steps of an optimizer, or values of a schedule."""
    return optimize(made) if isinstance(made, optax.GradientTransformation) else schedule(made)
