"""Example arguments of NNX's layers, written once for Flax and for the symbolic view of it."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from flax import nnx

import symjax as sj

from .linen_examples import TOKENS, X, by_name

# Arguments that many layers require. With these and the array `X` most layers need no line of their own.
BY_NAME = {
    "features": 4,
    "in_features": 4,
    "out_features": 3,
    "hidden_features": 3,
    "num_features": 4,
    "num_heads": 2,
    "num_embeddings": 5,
    "kernel_size": (2,),
    "lora_rank": 2,
    "rate": 0.5,
}
RNGS = "rngs"
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclasses.dataclass(frozen=True)
class Layer:
    """How a layer is made and called.

    Attributes:
        arguments: The constructor's arguments, made with the layers of a namespace, positional ones as
            `args`; None for those of `BY_NAME`.
        inputs: What it is called with.
        options: Keyword arguments of the call.
    """

    arguments: Callable[[Any], dict[str, Any]] | None = None
    inputs: tuple[Any, ...] = (X,)
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def _cell(nn: Any, cls: str) -> Any:
    return getattr(nn, cls)(in_features=4, hidden_features=3)


_STATE, _INPUT = np.full((2, 3), 0.5, np.float32), np.ones((2, 4), np.float32)
CELL = Layer(inputs=(_STATE, _INPUT))
LSTM = Layer(inputs=((_STATE, _STATE), _INPUT))

LAYERS: dict[str, Layer] = {
    "BatchNorm": Layer(options={"use_running_average": False}),
    "Bidirectional": Layer(
        lambda nn: {
            "forward_rnn": nn.RNN(_cell(nn, "GRUCell")),
            "backward_rnn": nn.RNN(_cell(nn, "SimpleCell")),
        }
    ),
    "Dropout": Layer(options={"deterministic": False}),
    "Einsum": Layer(lambda nn: {"einsum_str": "...x,xy->...y", "kernel_shape": (4, 3), "bias_shape": (3,)}),
    "Embed": Layer(inputs=(TOKENS,)),
    "GRUCell": CELL,
    "GroupNorm": Layer(lambda nn: {"num_features": 4, "num_groups": 2}),
    "LSTMCell": LSTM,
    "MultiHeadAttention": Layer(
        lambda nn: {
            "num_heads": 2,
            "in_features": 4,
            "dropout_rate": 0.25,
            "deterministic": False,
            "decode": False,
        }
    ),
    "OptimizedLSTMCell": LSTM,
    "RNN": Layer(lambda nn: {"cell": _cell(nn, "OptimizedLSTMCell")}),
    "Sequential": Layer(
        lambda nn: {
            "args": (
                nn.Linear(in_features=4, out_features=3),
                nn.relu,
                nn.LayerNorm(num_features=3, epsilon=1e-5),
                nn.PReLU(),
            )
        }
    ),
    "SimpleCell": CELL,
    "SpectralNorm": Layer(lambda nn: {"layer_instance": nn.Linear(in_features=4, out_features=3)}),
    "WeightNorm": Layer(lambda nn: {"layer_instance": nn.Linear(in_features=4, out_features=3)}),
}


def example(name: str, cls: Any) -> Layer:
    """The example of a layer; one that has a kernel, a scale or embeddings gets an initializer for it.

    Raises:
        LookupError: There is none, and `BY_NAME` knows too little; the message says what to add.
    """
    found = LAYERS.get(name, Layer())
    if found.arguments is not None:
        return found
    parameters = _signature(cls).parameters
    required = [key for key, p in parameters.items() if p.default is p.empty and p.kind not in _VARIADIC]
    arguments = by_name(f"flax.nnx.{name}", required, parameters, BY_NAME, "nnx_examples.py")
    return dataclasses.replace(found, arguments=arguments)


def _signature(cls: Any) -> inspect.Signature:
    """A constructor's parameters without ``rngs``; the class's own signature is its metaclass's."""
    signature = inspect.signature(cls.__init__)
    kept = [p for name, p in signature.parameters.items() if name not in ("self", RNGS)]
    return signature.replace(parameters=kept)


@dataclasses.dataclass(frozen=True)
class Call:
    """A constructor's call with plain Flax, to be done once there is an `nnx.Rngs`: what a node stands for."""

    cls: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def do(self, rngs: nnx.Rngs) -> Any:
        """The module; those among its arguments are made first, as Python evaluates them."""
        args, kwargs = _done(self.args, rngs), _done(self.kwargs, rngs)
        if RNGS in inspect.signature(getattr(self.cls, "__symjax_builds__", self.cls).__init__).parameters:
            kwargs[RNGS] = rngs
        return self.cls(*args, **kwargs)


def _done(value: Any, rngs: nnx.Rngs) -> Any:
    if isinstance(value, Call):
        return value.do(rngs)
    if isinstance(value, dict):
        return {key: _done(item, rngs) for key, item in value.items()}
    return tuple([_done(item, rngs) for item in value]) if isinstance(value, tuple) else value


class Plain:
    """Flax's NNX, whose constructors are called later."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(nnx, name)
        return _Later(value) if isinstance(value, type) and issubclass(value, nnx.Module) else value


class _Later:
    """A layer's class as one that makes a `Call`."""

    def __init__(self, cls: Any) -> None:
        functools.update_wrapper(self, cls, updated=())
        self.cls, self.__signature__ = cls, _signature(cls)

    def __call__(self, *args: Any, **kwargs: Any) -> Call:
        return Call(self.cls, args, kwargs)


def make(name: str, layer: Layer, nn: Any) -> Any:
    """A layer made of a namespace."""
    assert layer.arguments is not None
    arguments = layer.arguments(nn)
    return getattr(nn, name)(*arguments.pop("args", ()), **arguments)


def run(layer: Layer, made: Any) -> Any:
    """A layer's state before and after a call, its class, and what it gives for its inputs."""
    rngs = nnx.Rngs(jax.random.key(0, impl="unsafe_rbg"))
    module = made.do(rngs) if isinstance(made, Call) else sj.build(made, rngs=rngs)
    before = nnx.state(module, nnx.Variable)  # a traced rate of dropout is data beside these
    output = module(*layer.inputs, **layer.options)
    return before, output, nnx.state(module, nnx.Variable)
