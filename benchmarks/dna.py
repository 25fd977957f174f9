"""Search spaces: sampling, decoding to trees and encoding, beside PyGlove.

One run prints the medians, the ratios, and the aims with met or not met. README.md says what the rows mean.
"""

import gc
import itertools
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any, NamedTuple

import jax
from clock import Aim, Op, Seconds, asked, measure, print_all

import symjax as sj
from symjax import search

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_compilation_cache", False)

ROWS = {
    "sample": "sample 20 decisions, 256 at once",
    "sample-many": "sample 20 decisions, 65,536 at once",
    "trees": "sample and decode to trees, 256 at once",
    "encode": "encode a tree (column: decode one)",
    "flax": "decode a tree of Flax and Optax (column: its rebind)",
    "thousand": "first sample of 1,000 decisions",
}

AIMS = (
    Aim("sample", "PyGlove", 10_000),
    Aim("trees", "PyGlove", 300),
    Aim("encode", "decode", 1, at_most=True),
)

KEY = jax.random.key(0)
WIDTHS = (8, 16, 32, 64)
ACTIVATIONS = (jax.nn.gelu, jax.nn.softmax, jax.nn.logsumexp)  # plain functions, as PyGlove wants them


class Batch(NamedTuple):
    """What is timed, and how many points one call of it makes: figures are for one point."""

    op: Op
    points: int = 1


Ops = dict[str, dict[str, Batch]]  # by row and column


class Kit(NamedTuple):
    """The classes of the tree in one library, and its ways to open a value."""

    Layer: Any
    Model: Any
    Adam: Any
    Experiment: Any
    oneof: Callable[[Any], Any]
    floatv: Callable[..., Any]


def declare(base: type, oneof: Callable[[Any], Any], floatv: Callable[..., Any]) -> Kit:
    """The classes on a base class."""

    class Layer(base):  # type: ignore[misc, valid-type]
        activation: Callable[..., Any]
        features: int = 32
        use_bias: bool = True
        padding: str = "SAME"
        dropout: float = 0.0

    class Model(base):  # type: ignore[misc, valid-type]
        layers: list[Layer]
        classes: int = 10

    class Adam(base):  # type: ignore[misc, valid-type]
        learning_rate: float = 1e-3
        b1: float = 0.9
        b2: float = 0.999

    class Experiment(base):  # type: ignore[misc, valid-type]
        model: Model
        optimizer: Adam
        steps: int = 1000
        batch: int = 32

    return Kit(Layer, Model, Adam, Experiment, oneof, floatv)


def opened(kit: Kit) -> Any:
    """An experiment with 20 decisions: 5 layers of 3, an optimizer of 3, and 2 more."""
    layers = [
        kit.Layer(
            features=kit.oneof(list(WIDTHS)),
            use_bias=kit.oneof([True, False]),
            activation=kit.oneof(list(ACTIVATIONS)),
        )
        for _ in range(5)
    ]
    adam = kit.Adam(
        learning_rate=kit.floatv(1e-4, 1e-1, "log"), b1=kit.floatv(0.8, 0.99), b2=kit.floatv(0.9, 0.9999)
    )
    return kit.Experiment(
        model=kit.Model(layers=layers),
        optimizer=adam,
        steps=kit.oneof(list(range(100, 1000, 100))),
        batch=kit.oneof([16, 32, 64]),
    )


def of_flax() -> Any:
    """The same of Flax's layers and Optax's optimizers."""
    from symjax import linen as nn
    from symjax import optax

    class Experiment(sj.Object):
        model: nn.Module
        optimizer: optax.GradientTransformation
        steps: int = 1000

    layers: list[Any] = []
    for _ in range(5):
        layers.append(nn.Dense(sj.oneof(list(WIDTHS)), use_bias=sj.oneof([True, False])))
        layers.append(sj.oneof(list(ACTIVATIONS)))
    optimizer = optax.chain(
        optax.clip(sj.floatv(0.1, 1.0)),
        optax.adamw(sj.floatv(1e-4, 1e-1, "log"), weight_decay=sj.floatv(0.0, 0.1)),
    )
    return Experiment(nn.Sequential(layers), optimizer, sj.intv(100, 1000, 100))


def symjax_ops() -> Ops:
    """All rows; in some the second column is another operation of symjax."""
    space = search.space(opened(declare(sj.Object, sj.oneof, sj.floatv)))
    flax = search.space(of_flax())
    numbers = itertools.count()

    def sampled(space: search.Space, n: int = 256) -> Any:
        return space.sample(key(), n)  # always others: equal ones would find their parts made

    def key() -> Any:
        return jax.random.fold_in(KEY, next(numbers))

    def thousand() -> Any:
        name = next(numbers)  # a space of which nothing is compiled
        return search.space({f"x{name}_{i}": opened_number(i) for i in range(1000)})

    def decoded(dnas: Any) -> Any:
        return [space.decode(dna) for dna in dnas]

    return {
        "sample": {"symjax": Batch(Op(lambda key: space.sample(key, 256), key), 256)},
        "sample-many": {"symjax": Batch(Op(lambda key: space.sample(key, 65_536), key), 65_536)},
        "trees": {"symjax": Batch(Op(lambda key: space.decode(space.sample(key, 256)), key), 256)},
        "encode": {
            "symjax": Batch(
                Op(lambda trees: [space.encode(tree) for tree in trees], lambda: decoded(sampled(space))), 256
            ),
            "decode": Batch(Op(decoded, lambda: list(sampled(space))), 256),
        },
        "flax": {
            "symjax": Batch(
                Op(lambda dnas: [flax.decode(dna) for dna in dnas], lambda: list(sampled(flax))), 256
            ),
            "rebind": Batch(
                Op(lambda dnas: [rebound(flax, dna) for dna in dnas], lambda: list(sampled(flax, 8))), 8
            ),
        },
        "thousand": {"symjax": Batch(Op(lambda space: space.sample(KEY), thousand))},
    }


def opened_number(index: int) -> Any:
    """A decision of one of three kinds."""
    kinds = (sj.oneof([1, 2, 3]), sj.floatv(1e-3, 1.0, "log"), sj.intv(1, 9))
    return kinds[index % 3]


def rebound(space: search.Space, dna: search.DNA) -> Any:
    """The decided tree by one call of `rebind`: what `decode` does not do."""
    return sj.rebind(space.tree, dict(space.values(dna)))


def pyglove_ops() -> Ops:
    """PyGlove's ways; it has no batches, and keeps no floats on a log scale in order, only in law."""
    import pyglove as pg

    def floatv(low: float, high: float, scale: str | None = None) -> Any:
        return pg.floatv(low, high, scale)

    template = pg.template(opened(declare(pg.Object, pg.oneof, floatv)))
    spec = template.dna_spec()

    def thousand() -> Any:
        kinds = (
            lambda: pg.oneof([1, 2, 3]),
            lambda: floatv(1e-3, 1.0, "log"),
            lambda: pg.oneof(list(range(1, 10))),
        )
        return pg.dna_spec(pg.Dict({f"x{i}": kinds[i % 3]() for i in range(1000)}))

    return {
        "sample": {"PyGlove": Batch(Op(lambda _: pg.random_dna(spec)))},
        "sample-many": {"PyGlove": Batch(Op(lambda _: pg.random_dna(spec)))},
        "trees": {"PyGlove": Batch(Op(lambda _: template.decode(pg.random_dna(spec))))},
        "encode": {"PyGlove": Batch(Op(template.encode, lambda: template.decode(pg.random_dna(spec))))},
        "thousand": {"PyGlove": Batch(Op(pg.random_dna, thousand))},
    }


CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "trees": lambda trees: all(tree.model.layers[4].features in WIDTHS for tree in _listed(trees)),
}


def _listed(trees: Any) -> list[Any]:
    return trees if isinstance(trees, list) else [trees]


COLUMNS: Mapping[str, Callable[[], Ops]] = {"symjax": symjax_ops, "PyGlove": pyglove_ops}


def prepare() -> Ops:
    """The operations of each library that is installed, by row, each looked at once."""
    rows: Ops = {row: {} for row in ROWS}
    for name, make in COLUMNS.items():
        try:
            version = metadata.version("symjax-flax" if name == "symjax" else name.lower())
            ops = make()
        except ImportError as error:
            print(f"{name} is left out: {error}")
            continue
        print(f"{name}: {version}")
        for row, columns in ops.items():
            rows[row].update(columns)
    for row, check in CHECKS.items():
        for column, batch in rows[row].items():
            if not check(batch.op.run(batch.op.fresh())):
                raise AssertionError(f"{column} did something else in {row!r}")
    return rows


def for_one(seconds: Seconds, batches: Mapping[str, Batch]) -> Seconds:
    """Figures for one point, of those for a call."""
    return {column: [each / batches[column].points for each in own] for column, own in seconds.items()}


def main() -> None:
    """Measures and prints."""
    only, repeats = asked(__doc__, ROWS)
    rows = prepare()
    gc.freeze()
    results = {
        row: for_one(measure({column: batch.op for column, batch in rows[row].items()}, repeats), rows[row])
        for row in only
    }
    print(f"\nProcessor time for one point, medians of {repeats} rounds.\n")
    print_all(results, ROWS, ("symjax", "PyGlove", "decode", "rebind"), AIMS)


if __name__ == "__main__":
    main()
