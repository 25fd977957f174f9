"""Example arguments of Linen's layers, written once for Flax and for the symbolic view of it."""

import dataclasses
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

import jax
import numpy as np

from symjax.adoption.linen.rates import taking_rates

# Arguments that many layers require. With these and an array `X` most layers need no line of their own.
BY_NAME = {"features": 4, "kernel_size": (2,), "num_heads": 2, "num_embeddings": 5, "rate": 0.5}
X = np.random.default_rng(0).normal(size=(2, 6, 4)).astype(np.float32)
TOKENS = np.array([[1, 4, 0], [2, 2, 3]], np.int32)
DOT = (((1,), (0,)), ((), ()))


@dataclasses.dataclass(frozen=True)
class Layer:
    """How a layer is made and called.

    Attributes:
        arguments: The constructor's arguments, made with the layers of a namespace; None for those of
            `BY_NAME`.
        inputs: What it is called with.
        options: Keyword arguments of the call.
        mutable: The collections that the call changes.
        rngs: The random streams that it draws from, beside that of the parameters.
    """

    arguments: Callable[[Any], dict[str, Any]] | None = None
    inputs: tuple[Any, ...] = (X,)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    mutable: tuple[str, ...] = ()
    rngs: tuple[str, ...] = ()


def _cell_inputs(carries: int, shape: tuple[int, ...] = (2, 4)) -> tuple[Any, ...]:
    state = np.full(shape, 0.5, np.float32)
    return (state if carries == 1 else (state,) * carries), np.ones(shape, np.float32)


CELL = Layer(inputs=_cell_inputs(1))
LSTM = Layer(inputs=_cell_inputs(2))
FP8 = Layer(lambda nn: {"amax_history_length": 3}, (X[0], X[1].T, DOT))
ATTENTION = Layer(
    lambda nn: {"num_heads": 2, "dropout_rate": 0.25, "deterministic": False}, rngs=("dropout",)
)

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
    "Fp8DirectDotGeneralOp": FP8,
    "Fp8DotGeneralOp": FP8,
    "Fp8Einsum": Layer(FP8.arguments, ("ij,jk->ik", X[0], X[1].T)),
    "GRUCell": CELL,
    "GroupNorm": Layer(lambda nn: {"num_groups": 2}),
    "LSTMCell": LSTM,
    "MGUCell": CELL,
    "MultiHeadAttention": ATTENTION,
    "MultiHeadDotProductAttention": ATTENTION,
    "NANOOFp8DotGeneralOp": FP8,
    "OptimizedLSTMCell": LSTM,
    "RNN": Layer(lambda nn: {"cell": nn.OptimizedLSTMCell(features=3)}),
    "SelfAttention": ATTENTION,
    "Sequential": Layer(
        lambda nn: {"layers": [nn.Dense(features=3), nn.relu, nn.LayerNorm(epsilon=1e-5), nn.PReLU()]}
    ),
    "SimpleCell": CELL,
    "SpectralNorm": Layer(
        lambda nn: {"layer_instance": nn.Dense(features=3)},
        options={"update_stats": True},
        mutable=("batch_stats",),
    ),
    "WeightNorm": Layer(lambda nn: {"layer_instance": nn.Dense(features=3)}),
}


def example(name: str, cls: type) -> Layer:
    """The example of a layer; one that has a kernel, a scale or embeddings gets an initializer for it.

    Raises:
        LookupError: There is none, and `BY_NAME` knows too little; the message says what to add.
    """
    found = LAYERS.get(name, Layer())
    if found.arguments is not None:
        return found
    fields = {field.name for field in dataclasses.fields(cls)}
    arguments = by_name(f"flax.linen.{name}", _required(cls), fields, BY_NAME, "linen_examples.py")
    return dataclasses.replace(found, arguments=arguments)


def by_name(
    layer: str, required: Iterable[str], accepted: Container[str], known: Mapping[str, Any], file: str
) -> Callable[[Any], dict[str, Any]]:
    """Makes what a layer requires, and an initializer for its kernel, scale or embeddings if it has them.

    Raises:
        LookupError: It requires what is not `known`; the message says what to add to which file.
    """
    required = list(required)
    unknown = [argument for argument in required if argument not in known]
    if unknown:
        raise LookupError(
            f"{layer} is new here and requires {', '.join(unknown)}: add a Layer(…) to LAYERS in {file}, or "
            "the name and a reason to EXCEPTIONS in names.py"
        )
    drawn = [key for key in ("kernel_init", "scale_init", "embedding_init") if key in accepted]
    return lambda nn: {
        **{key: known[key] for key in required},
        **{key: nn.initializers.truncated_normal(stddev=0.5) for key in drawn},
    }


def _required(cls: type) -> list[str]:
    missing = dataclasses.MISSING
    return [
        field.name
        for field in dataclasses.fields(cls)
        if field.init
        and field.default is missing
        and field.default_factory is missing
        and field.name not in ("parent", "name")
    ]


def run(layer: Layer, made: Any) -> Any:
    """A layer's variables, and what it gives for its inputs, with what it changes.

    Plain layers too take traced rates of dropout here, or there would be nothing to compare with.
    """
    with taking_rates():
        return _run(layer, made)


def _run(layer: Layer, made: Any) -> Any:
    keys = {
        name: jax.random.key(position, impl="unsafe_rbg")
        for position, name in enumerate(("params", *layer.rngs))
    }
    variables = made.init(keys, *layer.inputs, **layer.options)
    output = made.apply(
        variables,
        *layer.inputs,
        **layer.options,
        rngs={name: keys[name] for name in layer.rngs},
        mutable=list(layer.mutable) or False,
    )
    return variables, output
