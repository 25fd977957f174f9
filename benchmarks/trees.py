"""Symbolic trees: symjax beside PyGlove, Equinox, Fiddle, and frozen dataclasses written out by hand.

One run prints the medians, the ratios, and the aims with met or not met. README.md says what the rows mean.
"""

import dataclasses
import functools
import gc
import json
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from clock import Aim, Op, Seconds, asked, measure, measure_imports, print_all

import symjax as sj

jax.config.update("jax_platforms", "cpu")

ROWS = {
    "construct-3": "construct, 3 of 7 arguments given",
    "construct-7": "construct, all 7 given",
    "construct-jitted": "construct, all 7, jitted activations",
    "flatten": "first jax.tree.flatten of a fresh tree",
    "change": "change one leaf (peers: copy, edit)",
    "change-in-place": "change one leaf (peers: in place)",
    "rule": "rule with 25 hits (peers: copy, edit)",
    "rule-in-place": "rule with 25 hits (peers: in place)",
    "query-nodes": "query by type: the 25 layers",
    "query-floats": "query by type: all floats",
    "diff": "diff of two leaves, trees built apart",
    "diff-shared": "diff of two leaves, one made of the other",
    "eq": "eq of two trees built apart, first time",
    "eq-again": "eq of the same two, again",
    "hash": "hash, first time",
    "hash-again": "hash, again",
    "to-json": "to JSON",
    "from-json": "from JSON",
    "jit": "jitted call, float leaves",
    "jit-changed": "jitted call, float leaves, just changed",
    "jit-fresh": "jitted call, float leaves, just constructed",
    "jit-arrays": "jitted call, array leaves",
    "filter-jit": "jitted call, array leaves (Equinox: filter_jit)",
    "import": "import (floor: jax, flax, optax)",
}

AIMS = (
    *(Aim(row, "PyGlove", 150) for row in ("construct-3", "construct-7", "change", "diff")),
    Aim("rule", "PyGlove", 80),
    Aim("from-json", "PyGlove", 60),
    *(Aim(row, "PyGlove", 10) for row in ("to-json", "eq", "eq-again", "hash", "hash-again")),
    *(Aim(row, "PyGlove", 5) for row in ("query-nodes", "query-floats")),
    *(Aim(row, "floor", 3, at_most=True) for row in ("construct-3", "construct-7")),
    *(Aim(row, "floor", 2, at_most=True) for row in ("jit", "jit-changed", "jit-arrays")),
    *(Aim(row, "Equinox", 1, at_most=True) for row in ("jit", "jit-changed", "jit-arrays", "filter-jit")),
    Aim("import", "floor", 1.25, at_most=True),
)

Ops = dict[str, Op]

# The tree, the same for all: 25 layers of 7 arguments, and an optimizer.


class Kit(NamedTuple):
    """The four classes of the tree in one library, and the sequence that it keeps layers in."""

    Layer: Any
    Model: Any
    Adam: Any
    Experiment: Any
    sequence: Callable[[Iterator[Any]], Any] = tuple


def declare(
    base: type,
    finish: Callable[[type], Any] = lambda cls: cls,
    structure: Callable[[Any], Any] = lambda default: default,
    sequence: Any = tuple,
) -> Kit:
    """The classes on a base class; `structure` marks the defaults of fields that JAX must not trace."""

    class Layer(base):  # type: ignore[misc, valid-type]
        __qualname__ = "Layer"
        features: int = structure(32)
        kernel: tuple[int, int] = structure((3, 3))
        groups: int = structure(1)
        use_bias: bool = structure(True)
        padding: str = structure("SAME")
        activation: Callable[..., Any] = structure(jax.nn.relu)
        dropout: float = 0.0

    Layer = finish(Layer)

    class Model(base):  # type: ignore[misc, valid-type]
        __qualname__ = "Model"
        layers: list[Layer] if sequence is list else tuple[Layer, ...]  # type: ignore[valid-type]
        classes: int = structure(10)

    class Adam(base):  # type: ignore[misc, valid-type]
        __qualname__ = "Adam"
        learning_rate: float = 1e-3
        b1: float = 0.9
        b2: float = 0.999
        nesterov: bool = structure(False)

    Model, Adam = finish(Model), finish(Adam)

    class Experiment(base):  # type: ignore[misc, valid-type]
        __qualname__ = "Experiment"
        model: Model
        optimizer: Adam
        steps: int = structure(1000)
        seed: int = structure(0)
        name: str = structure("digits")

    return Kit(Layer, Model, Adam, finish(Experiment), sequence)


PLAIN = (jax.nn.gelu, jax.nn.softmax)  # plain functions; PyGlove writes no others to JSON
JITTED = (jax.nn.silu, jax.nn.relu)  # callable objects, as most of JAX's activations are


def build(kit: Kit, activations: tuple[Any, ...] = PLAIN, scalar: Callable[[float], Any] = float) -> Any:
    """The tree with every argument of a layer given; tuples and floats are new objects."""
    layers = (
        kit.Layer(
            features=16 + i,
            kernel=(1 + i % 3, 3),
            groups=1 + i % 2,
            use_bias=i % 2 == 0,
            padding="SAME" if i % 2 else "VALID",
            activation=activations[i % 2],
            dropout=scalar(i / 100),
        )
        for i in range(25)
    )
    adam = kit.Adam(learning_rate=scalar(0.01), b1=scalar(0.9), b2=scalar(0.99), nesterov=True)
    return kit.Experiment(model=kit.Model(layers=kit.sequence(layers)), optimizer=adam, steps=2000)


def build_short(kit: Kit) -> Any:
    """The tree with three arguments of a layer given, the others by default."""
    layers = (kit.Layer(features=16 + i, kernel=(1 + i % 3, 3), dropout=i / 100) for i in range(25))
    adam = kit.Adam(learning_rate=0.01)
    return kit.Experiment(model=kit.Model(layers=kit.sequence(layers)), optimizer=adam)


# What each operation must have done; the libraries' results are looked at once, before the clock starts.


def _changed(tree: Any) -> bool:
    return bool(tree.model.layers[12].dropout == 0.5 and tree.model.layers[13].dropout == 0.13)


def _ruled(tree: Any) -> bool:
    return all(layer.dropout == 0.5 for layer in tree.model.layers)


CHECKS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("construct-3", "construct-7", "from-json"), lambda t: t.model.layers[24].features == 40),
    **dict.fromkeys(("change", "change-in-place"), _changed),
    **dict.fromkeys(("rule", "rule-in-place"), _ruled),
    "query-nodes": lambda found: len(found) == 25,
    "query-floats": lambda found: len(found) == 28,
    **dict.fromkeys(("diff", "diff-shared"), lambda found: len(found) == 2),
    **dict.fromkeys(("eq", "eq-again"), lambda equal: equal is True),
    **dict.fromkeys(("hash", "hash-again"), lambda value: type(value) is int),
    "to-json": lambda text: "learning_rate" in text,
}


def common_ops(kit: Kit, eq: Callable[[Any, Any], bool], hash: Callable[[Any], int] | None) -> Ops:
    """The rows that every library does in the same words."""
    a, b = build(kit), build(kit)
    ops = {
        "construct-3": Op(lambda _: build_short(kit)),
        "construct-7": Op(lambda _: build(kit)),
        "construct-jitted": Op(lambda _: build(kit, JITTED)),
        "eq": Op(lambda pair: eq(*pair), lambda: (build(kit), build(kit))),
        "eq-again": Op(lambda _: eq(a, b)),
    }
    if hash is not None:
        ops["hash"] = Op(hash, lambda: build(kit))
        ops["hash-again"] = Op(lambda _: hash(a))
    return ops


def jit_ops(tree: Any, arrays: Any, change: Callable[[], Any], fresh: Callable[[], Any]) -> Ops:
    """Calls of a function that adds the leaves up, on a tree of Python floats and on one of arrays."""
    call = jax.jit(lambda tree: sum(jax.tree.leaves(tree)))
    return {
        "jit": Op(lambda _: call(tree).block_until_ready()),
        "jit-changed": Op(lambda new: call(new).block_until_ready(), change),
        "jit-fresh": Op(lambda new: call(new).block_until_ready(), fresh),
        "jit-arrays": Op(lambda _: call(arrays).block_until_ready()),
        "filter-jit": Op(lambda _: call(arrays).block_until_ready()),
    }


def symjax_ops() -> Ops:
    kit = declare(sj.Object)
    tree, other = build(kit), build(kit)
    one = {"model.layers[12].dropout": 0.5}
    two = {"model.layers[3].dropout": 0.5, "model.layers[12].dropout": 0.5}
    changed, made = other.rebind(two), tree.rebind(two)
    text = sj.to_json(tree)
    change = Op(lambda _: tree.rebind(one))
    rule = Op(lambda _: tree.rebind(lambda k, v: 0.5 if k.key == "dropout" else v))
    return {
        **common_ops(kit, sj.eq, sj.hash),
        **jit_ops(tree, build(kit, scalar=jnp.float32), lambda: tree.rebind(one), lambda: build(kit)),
        "flatten": Op(jax.tree.flatten, lambda: build(kit)),
        "change": change,
        "change-in-place": change,
        "rule": rule,
        "rule-in-place": rule,
        "query-nodes": Op(lambda _: sj.query(tree, where=lambda v: isinstance(v, kit.Layer))),
        "query-floats": Op(lambda _: sj.query(tree, where=lambda v: isinstance(v, float))),
        "diff": Op(lambda _: sj.diff(tree, changed)),
        "diff-shared": Op(lambda _: sj.diff(tree, made)),
        "to-json": Op(lambda _: sj.to_json(tree)),
        "from-json": Op(lambda _: sj.from_json(text)),
    }


FLOOR = declare(object, dataclasses.dataclass(frozen=True))
Layer, Model, Adam, Experiment, _ = FLOOR  # Fiddle finds them here by name
CLASSES: dict[str, Any] = {cls.__name__: cls for cls in FLOOR[:4]}
FUNCTIONS = {function.__name__: function for function in PLAIN}


def floor_ops() -> Ops:
    """What a careful author writes by hand for this one tree; nothing is validated."""
    replace = dataclasses.replace
    tree, other = build(FLOOR), build(FLOOR)

    def change(tree: Any, *indices: int) -> Any:
        layers = list(tree.model.layers)
        for i in indices:
            layers[i] = replace(layers[i], dropout=0.5)
        return replace(tree, model=replace(tree.model, layers=tuple(layers)))

    def find(value: Any, kind: type, found: list[Any]) -> list[Any]:
        if isinstance(value, kind):
            found.append(value)
        elif type(value) is tuple:
            for item in value:
                find(item, kind, found)
        elif type(value).__name__ in CLASSES:
            for item in vars(value).values():
                find(item, kind, found)
        return found

    def diff(a: Any, b: Any, path: tuple[Any, ...], found: dict[Any, Any]) -> dict[Any, Any]:
        if a is b:
            return found
        if type(a) is tuple and type(b) is tuple and len(a) == len(b):
            for i, (x, y) in enumerate(zip(a, b, strict=True)):
                diff(x, y, (*path, i), found)
        elif type(a) is type(b) and type(a).__name__ in CLASSES:
            right = vars(b)
            for name, x in vars(a).items():
                diff(x, right[name], (*path, name), found)
        elif a != b:
            found[path] = a, b
        return found

    def encode(value: Any) -> Any:
        if type(value).__name__ in CLASSES:
            return {"class": type(value).__name__, **vars(value)}
        return {"function": value.__name__}

    def decode(record: dict[str, Any]) -> Any:
        if "function" in record:
            return FUNCTIONS[record["function"]]
        cls = CLASSES[record.pop("class")]
        return cls(**{k: tuple(v) if type(v) is list else v for k, v in record.items()})

    text = json.dumps(tree, default=encode)
    changed, made = change(other, 3, 12), change(tree, 3, 12)
    leaves, arrays = leaves_of(float), leaves_of(jnp.float32)
    return {
        **common_ops(FLOOR, lambda a, b: bool(a == b), hash),
        **jit_ops(leaves, arrays, lambda: leaves_of(float), lambda: leaves_of(float)),
        "change": Op(lambda _: change(tree, 12)),
        "rule": Op(lambda _: change(tree, *range(25))),
        "query-nodes": Op(lambda _: find(tree, Layer, [])),
        "query-floats": Op(lambda _: find(tree, float, [])),
        "diff": Op(lambda _: diff(tree, changed, (), {})),
        "diff-shared": Op(lambda _: diff(tree, made, (), {})),
        "to-json": Op(lambda _: json.dumps(tree, default=encode)),
        "from-json": Op(lambda _: json.loads(text, object_hook=decode)),
    }


def leaves_of(scalar: Callable[[float], Any]) -> tuple[Any, ...]:
    """The leaves of the tree as a plain tuple."""
    return (*(scalar(i / 100) for i in range(25)), scalar(0.01), scalar(0.9), scalar(0.99))


def pyglove_ops() -> Ops:
    import pyglove as pg

    kit = declare(pg.Object, sequence=list)
    tree, other = build(kit), build(kit)
    update = {"model.layers[12].dropout": 0.5}
    two = {"model.layers[3].dropout": 0.5, "model.layers[12].dropout": 0.5}
    changed, made = other.clone().rebind(two), tree.clone().rebind(two)
    text = tree.to_json_str()

    def rule(k: Any, v: Any, p: Any) -> Any:
        return 0.5 if k and k.key == "dropout" else v

    def diff(a: Any, b: Any) -> Any:
        return pg.diff(a, b).children["model"].children["layers"].children  # the two that differ

    return {
        **common_ops(kit, pg.eq, pg.hash),
        "change": Op(lambda _: tree.clone().rebind(update)),
        "change-in-place": Op(lambda new: new.rebind(update), lambda: build(kit)),
        "rule": Op(lambda _: tree.clone().rebind(rule)),
        "rule-in-place": Op(lambda new: new.rebind(rule), lambda: build(kit)),
        "query-nodes": Op(lambda _: pg.query(tree, where=lambda v: isinstance(v, kit.Layer))),
        "query-floats": Op(lambda _: pg.query(tree, where=lambda v: isinstance(v, float))),
        "diff": Op(lambda _: diff(tree, changed)),
        "diff-shared": Op(lambda _: diff(tree, made)),
        "to-json": Op(lambda _: tree.to_json_str()),
        "from-json": Op(lambda _: pg.from_json_str(text)),
    }


def equinox_ops() -> Ops:
    """Equinox has no diff and no JSON; its hash is that of the leaves."""
    import equinox as eqx

    kit = declare(eqx.Module, structure=lambda default: eqx.field(static=True, default=default))
    tree = build(kit)
    arrays = build(kit, scalar=jnp.float32)
    call = eqx.filter_jit(lambda tree: sum(jax.tree.leaves(tree)))

    def layers(tree: Any) -> list[Any]:
        found = jax.tree.leaves(tree, is_leaf=lambda v: isinstance(v, kit.Layer))
        return [v for v in found if isinstance(v, kit.Layer)]

    def change() -> Any:
        return eqx.tree_at(lambda t: t.model.layers[12].dropout, tree, 0.5)

    def all_rates(tree: Any) -> list[Any]:
        return [layer.dropout for layer in tree.model.layers]

    return {
        **common_ops(kit, eqx.tree_equal, hash),
        **jit_ops(tree, arrays, change, lambda: build(kit)),
        "filter-jit": Op(lambda _: call(arrays).block_until_ready()),
        "flatten": Op(jax.tree.flatten, lambda: build(kit)),
        "change": Op(lambda _: change()),
        "rule": Op(lambda _: eqx.tree_at(all_rates, tree, replace_fn=lambda v: 0.5)),
        "query-nodes": Op(lambda _: layers(tree)),
        "query-floats": Op(lambda _: [v for v in jax.tree.leaves(tree) if isinstance(v, float)]),
    }


def fiddle_ops() -> Ops:
    """Fiddle's configs of the dataclasses above; it validates no types and has no hash."""
    import copy

    import fiddle as fdl
    from fiddle import daglish, diffing, selectors
    from fiddle.experimental import serialization

    kit = Kit(*(functools.partial(fdl.Config, cls) for cls in FLOOR[:4]))
    tree, other = build(kit), build(kit)

    def change(tree: Any) -> Any:
        layers = list(tree.model.layers)
        layers[12] = fdl.copy_with(layers[12], dropout=0.5)
        return fdl.copy_with(tree, model=fdl.copy_with(tree.model, layers=tuple(layers)))

    def change_in_place(tree: Any, *indices: int) -> Any:
        for i in indices:
            tree.model.layers[i].dropout = 0.5
        return tree

    def rule(value: Any, state: Any) -> Any:
        path = state.current_path
        if path and isinstance(path[-1], daglish.Attr) and path[-1].name == "dropout":
            return 0.5
        return state.map_children(value) if state.is_traversable(value) else value

    def rule_in_place(tree: Any) -> Any:
        selectors.select(tree, Layer).set(dropout=0.5)
        return tree

    changed, made = (change_in_place(copy.deepcopy(t), 3, 12) for t in (other, tree))
    text = serialization.dump_json(tree)
    return {
        **common_ops(kit, lambda a, b: bool(a == b), None),
        "change": Op(lambda _: change(tree)),
        "change-in-place": Op(lambda new: change_in_place(new, 12), lambda: copy.deepcopy(tree)),
        "rule": Op(lambda _: daglish.MemoizedTraversal.run(rule, tree)),
        "rule-in-place": Op(rule_in_place, lambda: copy.deepcopy(tree)),
        "query-nodes": Op(lambda _: list(selectors.select(tree, Layer))),
        "query-floats": Op(lambda _: [v for v, _ in daglish.iterate(tree) if isinstance(v, float)]),
        "diff": Op(lambda _: diffing.build_diff(tree, changed).changes),
        "diff-shared": Op(lambda _: diffing.build_diff(tree, made).changes),
        "to-json": Op(lambda _: serialization.dump_json(tree)),
        "from-json": Op(lambda _: serialization.load_json(text)),
    }


COLUMNS: dict[str, Callable[[], Ops]] = {
    "symjax": symjax_ops,
    "floor": floor_ops,
    "PyGlove": pyglove_ops,
    "Equinox": equinox_ops,
    "Fiddle": fiddle_ops,
}


def main() -> None:
    rows, repeats = asked(__doc__, ROWS)
    columns = prepare()
    gc.freeze()  # what was imported is no concern of the collector's
    results: dict[str, Seconds] = {}
    for row in rows:
        if row == "import":
            results[row] = measure_imports({"symjax": "import symjax", "floor": "import jax, flax, optax"})
        else:
            ops = {column: held[row] for column, held in columns.items() if row in held}
            results[row] = measure(ops, repeats)
    values = sum(1 for _ in sj.walk(build(declare(sj.Object))))
    print(f"\nProcessor time, medians of {repeats} rounds; the tree has {values} values.\n")
    print_all(results, ROWS, list(columns), AIMS)


def prepare() -> dict[str, Ops]:
    """The operations of each library that is installed, each looked at once."""
    columns: dict[str, Ops] = {}
    for name, make in COLUMNS.items():
        try:
            version = metadata.version({"symjax": "symjax-flax", "floor": "jax"}.get(name, name.lower()))
            columns[name] = make()
        except ImportError as error:
            print(f"{name} is left out: {error}")
            continue
        print(f"{name}: {f'plain Python, jax {version}' if name == 'floor' else version}")
        for row, op in columns[name].items():
            result = op.run(op.fresh())
            if not CHECKS.get(row, lambda _: True)(result):
                raise AssertionError(f"{name} did something else in {row!r}: {result!r}")
    return columns


if __name__ == "__main__":
    main()
