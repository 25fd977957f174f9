"""Example arguments of Linen's layers, written once for Flax and for the symbolic view of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np

# Arguments that many layers require. With these and an array `X` most layers need no line of their own.
BY_NAME = {"features": 4, "kernel_size": (2,), "num_heads": 2, "num_embeddings": 5, "rate": 0.5}
X = np.random.default_rng(0).normal(size=(2, 6, 4)).astype(np.float32)
TOKENS = np.array([[1, 4, 0], [2, 2, 3]], np.int32)
DOT = (((1,), (0,)), ((), ()))


def _by_name(cls: type) -> Callable[[Any], dict[str, Any]]:
    required = [name for name in flax_fields(cls) if name in BY_NAME]
    return lambda nn: {name: BY_NAME[name] for name in required}


def flax_fields(cls: type) -> dict[str, Any]:
    """The arguments of a layer that must be given."""
    import dataclasses

    missing = dataclasses.MISSING
    return {
        f.name: f
        for f in dataclasses.fields(cls)
        if f.init and f.default is missing and f.default_factory is missing and f.name != "parent"
    }


@dataclass(frozen=True)
class Layer:
    """How a layer is made and called.

    Attributes:
        arguments: The constructor's arguments, made with the layers of a namespace; None for those of
            `BY_NAME`.
        inputs: What it is called with.
        options: Keyword arguments of the call.
        mutable: The collections that the call changes.
        collections: Further random streams that it draws from.
    """

    arguments: Callable[[Any], dict[str, Any]] | None = None
    inputs: tuple[Any, ...] = (X,)
    options: Mapping[str, Any] = field(default_factory=dict)
    mutable: tuple[str, ...] = ()
    rngs: tuple[str, ...] = ()


def _cell_inputs(carry: int, shape: tuple[int, ...] = (2, 4)) -> tuple[Any, ...]:
    state = np.full(shape, 0.5, np.float32)
    return (state if carry == 1 else (state,) * carry), np.ones(shape, np.float32)


CELL = Layer(inputs=_cell_inputs(1))
LSTM = Layer(inputs=_cell_inputs(2))
ATTENTION = {"dropout_rate": 0.25, "deterministic": False}

LAYERS: dict[str, Layer] = {
    "BatchNorm": Layer(options={"use_running_average": False}, mutable=("batch_stats",)),
    "Bidirectional": Layer(
        lambda nn: {
            "forward_rnn": nn.RNN(nn.GRUCell(features=3)),
            "backward_rnn": nn.RNN(nn.SimpleCell(features=2)),
        }
    ),
    "ConvLSTMCell": Layer(inputs=_cell_inputs(2, (1, 3, 4))),
    "Dropout": Layer(options={"deterministic": False}, rngs=("dropout",)),
    "Einsum": Layer(lambda nn: {"shape": (4, 3), "einsum_str": "...x,xy->...y"}),
    "Embed": Layer(inputs=(TOKENS,)),
    "Fp8DirectDotGeneralOp": Layer(lambda nn: {"amax_history_length": 3}, (X[0], X[1].T, DOT)),
    "Fp8DotGeneralOp": Layer(lambda nn: {"amax_history_length": 3}, (X[0], X[1].T, DOT)),
    "Fp8Einsum": Layer(lambda nn: {"amax_history_length": 3}, ("ij,jk->ik", X[0], X[1].T)),
    "GRUCell": CELL,
    "GroupNorm": Layer(lambda nn: {"num_groups": 2}),
    "LSTMCell": LSTM,
    "MGUCell": CELL,
    "MultiHeadAttention": Layer(lambda nn: {"num_heads": 2, **ATTENTION}, rngs=("dropout",)),
    "MultiHeadDotProductAttention": Layer(lambda nn: {"num_heads": 2, **ATTENTION}, rngs=("dropout",)),
    "OptimizedLSTMCell": LSTM,
    "RNN": Layer(lambda nn: {"cell": nn.OptimizedLSTMCell(features=3)}),
    "SelfAttention": Layer(lambda nn: {"num_heads": 2, **ATTENTION}, rngs=("dropout",)),
    "Sequential": Layer(
        lambda nn: {"layers": [nn.Dense(features=3), nn.relu, nn.LayerNorm(epsilon=1e-5), nn.PReLU()]}
    ),
    "SimpleCell": CELL,
    "SpectralNorm": Layer(
        lambda nn: {"layer_instance": nn.Dense(features=3), "epsilon": 1e-6},
        options={"update_stats": True},
        mutable=("batch_stats",),
    ),
    "WeightNorm": Layer(lambda nn: {"layer_instance": nn.Dense(features=3)}),
}


def example(name: str, cls: type) -> Layer:
    """The example of a layer.

    Raises:
        LookupError: There is none, and `BY_NAME` knows too little; the message says what to add.
    """
    found = LAYERS.get(name, Layer())
    if found.arguments is not None:
        return found
    unknown = [required for required in flax_fields(cls) if required not in BY_NAME]
    if unknown:
        raise LookupError(
            f"flax.linen.{name} is new here and requires {', '.join(unknown)}: add a Layer(…) to LAYERS in "
            "linen_examples.py, or the name and a reason to EXCEPTIONS in names.py"
        )
    import dataclasses

    return dataclasses.replace(found, arguments=_by_name(cls))
