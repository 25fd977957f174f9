"""What a point decides, as people read it."""

import pickle

import jax
import pytest

import symjax as sj
from symjax import optax, search
from symjax.search.spaces.values import Values

SPACE = search.space(
    {
        "opt": sj.oneof([optax.adamw(sj.floatv(1e-3, 0.1, "log")), optax.sgd(0.1)]),
        "same": sj.oneof([optax.adam(sj.floatv(0, 1)), optax.adam(1.0, b1=sj.floatv(0, 1))]),
        "plain": sj.oneof([{"a": sj.oneof([1, 2])}, 3]),
        "nested": sj.oneof([1, sj.oneof([2, 3])]),
        "several": sj.manyof(2, [optax.adamw(sj.floatv(0, 1)), "x", 3]),
        "taken": sj.oneof(["sgd", optax.sgd(sj.floatv(0, 1))]),
    }
)


def test_candidates_with_decisions_go_by_a_name():
    dnas = SPACE.sample(jax.random.key(0), 24)
    rows = [SPACE.values(dna) for dna in dnas]
    seen = {name: {str(row[name]) for row in rows} for name in ("opt", "same", "plain", "nested", "taken")}
    assert seen == {
        "opt": {"adamw", "sgd(learning_rate=0.1)"},
        "same": {"adam(learning_rate=floatv(0.0, 1.0))", "adam(learning_rate=1.0, b1=floatv(0.0, 1.0))"},
        "plain": {"{'a': oneof([1, 2])}", "3"},
        "nested": {"1", "2", "3"},
        "taken": {"sgd", "sgd(learning_rate=floatv(0.0, 1.0))"},
    }
    assert {"adamw", "x", 3} == {item for row in rows for item in row["several"]}
    for dna, row in zip(dnas, rows, strict=True):
        assert ("opt.learning_rate" in row) == (row["opt"] == "adamw")
        tree = SPACE.decode(dna)
        assert SPACE.decode(SPACE.from_values(row)) == tree
        assert SPACE.from_values({**row, "opt": tree["opt"], "several": tree["several"]}) == (
            SPACE.from_values(row)
        )


def test_a_name_alone_leaves_its_decisions_open():
    row = SPACE.values(SPACE.sample(jax.random.key(0), 24)[0])
    row = {name: value for name, value in row.items() if not name.startswith("opt")}
    with pytest.raises(ValueError, match=r"opt\[=0/2\].learning_rate is missing"):
        SPACE.from_values({**row, "opt": "adamw"})
    with pytest.raises(ValueError, match="'adamw' is no candidate"):
        SPACE.encode({**SPACE.decode(SPACE.sample(jax.random.key(0))), "opt": "adamw"})


def test_values_print_functions_by_name():
    space = search.space({"act": sj.oneof([jax.nn.relu]), "n": sj.oneof(["a"])})
    values = space.values(space.sample(jax.random.key(0)))
    assert repr(values) == str(values) == "{'act': relu, 'n': 'a'}"
    assert values == {"act": jax.nn.relu, "n": "a"}
    assert repr(pickle.loads(pickle.dumps(Values(n=1)))) == "{'n': 1}"
