"""`space`: decision points, the law of samples, decoding and encoding."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import search
from symjax.search import DNA


class Adam(sj.Object):
    rate: float = 1e-3
    decay: float = 0.9


class Momentum(sj.Object):
    rate: float = 0.1
    factor: float = 0.9
    nesterov: bool = False


class Pair(sj.Object):
    a: Any
    b: Any


class Experiment(sj.Object):
    optimizer: Adam | Momentum
    width: int
    layers: tuple[Any, ...] = ()


def nested() -> Experiment:
    return Experiment(
        optimizer=search.oneof(
            [
                Adam(rate=search.floatv(1e-4, 0.1, "log")),
                Momentum(factor=search.oneof([0, 0.5, 0.9]), nesterov=search.oneof([True, False])),
            ]
        ),
        width=search.oneof([8, 16, 32]),
        layers=[1, search.oneof([search.oneof(["a", "b"]), ("c", search.floatv(0, 1))])],
    )


SPACE = search.space(nested())
seeds = st.integers(0, 2**32 - 1)


def test_decisions_stand_in_depth_first_declaration_order():
    assert [point.id for point in SPACE.spec.points] == [
        "optimizer",
        "optimizer[=0/2].rate",
        "optimizer[=1/2].factor",
        "optimizer[=1/2].nesterov",
        "width",
        "layers[1]",
        "layers[1][=0/2]",
        "layers[1][=1/2][1]",
    ]
    assert repr(SPACE).splitlines()[:2] == [
        "Space of infinitely many trees, 8 decisions",
        "  optimizer: oneof([Adam(rate=floatv(1e-4, 0.1, 'log')), Momentum(factor…#5c80f15c",
    ]


@pytest.mark.parametrize(
    ("tree", "size"),
    [
        ([search.oneof([1])], 1),
        ([search.oneof([1, 2]), search.oneof([1, 2, 3])], 6),
        (search.oneof([1, search.oneof([2, 3]), [search.oneof([4, 5]), search.oneof([6, 7])]]), 7),
        (search.oneof([1, search.floatv(0, 1)]), math.inf),
    ],
)
def test_size_counts_the_trees(tree, size):
    space = search.space(tree)
    assert space.size == size
    if size is not math.inf:
        points = list(space.enumerate())
        assert len({sj.hash(space.decode(dna)) for dna in points}) == len(points) == size


@given(seeds)
def test_decode_of_encode_is_identity(seed):
    dna = SPACE.sample(jax.random.key(seed)).host()
    tree = SPACE.decode(dna)
    assert not sj.contains(tree, type=sj.Placeholder)
    again = SPACE.encode(tree)
    assert sj.eq(SPACE.decode(again), tree)
    assert SPACE.encode(SPACE.decode(again)) == again
    active = SPACE.spec.active(dna.choices)
    for before, after, matters in zip(dna.numbers(), again.numbers(), active, strict=True):
        assert before == after or not matters


def test_decoding_leaves_what_is_decided_alone():
    tree = nested()
    decoded = search.space(tree, where=lambda k, v, p: k == "width").decode(
        DNA.from_numbers(search.space(tree, where=lambda k, v, p: k == "width").spec, [2])
    )
    assert decoded == tree.rebind(width=32)
    assert decoded.optimizer is tree.optimizer
    assert tree == nested()


def test_a_float_is_decoded_to_what_a_user_would_write():
    space = search.space(Adam(rate=search.floatv(1e-4, 0.1, "log")))
    tree = space.decode(DNA.from_numbers(space.spec, [0.003]))
    assert type(tree.rate) is float
    assert tree == Adam(rate=0.003)
    assert space.encode(Adam(rate=0.1)).numbers() == [0.1]
    assert space.encode(Adam(rate=1e-4)).numbers() == [1e-4]


def test_the_root_may_be_a_choice():
    space = search.space(search.oneof([1, {"a": search.oneof([2, 3])}]))
    assert [point.id for point in space.spec.points] == ["", "[=1/2].a"]
    assert [space.decode(DNA.from_numbers(space.spec, n)) for n in ([0, 1], [1, 1])] == [1, {"a": 3}]
    assert space.encode({"a": 3}).numbers() == [1, 1]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: search.space({"a": 1}),
            ValueError,
            "nothing to decide: {'a': 1} holds no choices; put some",
        ),
        (lambda: search.space(Adam), ValueError, "nothing to decide"),
        (lambda: search.space(SPACE), TypeError, "a space already"),
        (lambda: SPACE.decode("0,1"), TypeError, "expected a DNA, got '0,1' of type str"),
        (lambda: SPACE.decode([0, 1]), TypeError, "expected a DNA, got"),
        (lambda: SPACE.values(3), TypeError, "expected a DNA, got 3"),
        (lambda: SPACE.values(SPACE.sample(jax.random.key(0), 2)), TypeError, r"this is a batch of \[2\]"),
        (lambda: SPACE.sample(3), TypeError, r"takes a JAX key first, got 3; .* space.sample\(jax.random"),
        (lambda: SPACE.sample(0, 3), TypeError, "takes a JAX key first, got 0"),
        (lambda: SPACE.sample(jax.random.key(0), 2.5), TypeError, "n is a whole number, got 2.5"),
    ],
)
def test_what_is_no_dna_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"width": 9}, "width"),
        ({"optimizer": Adam(rate=0.5)}, "optimizer"),
        ({"optimizer": Adam(rate=0.01, decay=0.8)}, "optimizer"),
        ({"layers": [2, "a"]}, "layers[0]"),
        ({"layers": [1]}, "layers[1]"),
    ],
)
def test_encoding_a_strange_tree_says_where_it_is_strange(change, path):
    tree = Experiment(optimizer=Adam(rate=0.01), width=8, layers=[1, "a"])
    assert SPACE.decode(SPACE.encode(tree)) == tree
    with pytest.raises(ValueError, match="not in the space") as caught:
        SPACE.encode(tree.rebind(change))
    assert f"path={path}" in str(caught.value)


def test_wrong_dnas_are_refused():
    batch = SPACE.sample(jax.random.key(0), 2).host()
    with pytest.raises(TypeError, match="single DNA"):
        batch.nested()
    with pytest.raises(ValueError, match="another space"):
        SPACE.decode(search.space([search.oneof([1, 2])]).sample(jax.random.key(0)))
    wild = DNA(SPACE.spec, batch.choices[0] + 7, batch.floats[0])
    with pytest.raises(ValueError, match="candidates"):
        SPACE.decode(wild)


class TestDecodeUnderJit:
    def test_fills_the_lanes_of_a_fixed_structure(self):
        like = DNA.from_dict(
            SPACE.spec,
            {"optimizer": 0, "optimizer.rate": 0.01, "width": 1, "layers[1]": 1, "layers[1][1]": 0.5},
        )
        decode = jax.jit(lambda dna: SPACE.decode(dna, like=like))
        other = DNA.from_dict(SPACE.spec, like.to_dict() | {"optimizer[=0/2].rate": 0.02})
        tree = decode(other)
        assert (tree.width, tree.layers[1][0]) == (16, "c")
        np.testing.assert_allclose(tree.optimizer.rate, np.float32(0.02))
        jax.vmap(lambda dna: SPACE.decode(dna, like=like))(DNA.concat([like, other]))

    def test_a_traced_float_behaves_as_a_python_float(self):
        space = search.space(Adam(rate=search.floatv(1e-4, 0.1, "log")))
        half = jnp.ones(3, jnp.bfloat16)
        assert jax.jit(lambda dna: half * space.decode(dna).rate)(space.sample(jax.random.key(0))).dtype == (
            jnp.bfloat16
        )

    def test_traced_choices_need_a_structure(self):
        with pytest.raises(TypeError, match="like="):
            jax.jit(SPACE.decode)(SPACE.sample(jax.random.key(0)))


class TestReferences:
    """What refers to a choice follows it, and is no decision of its own."""

    @pytest.mark.parametrize(
        ("tree", "follows"),
        [
            (Pair(search.oneof([1, 2]), sj.ref("a")), lambda tree: (tree.a, tree.b)),
            (Pair({"x": search.oneof([1, 2])}, (sj.ref("a.x"),)), lambda tree: (tree.a["x"], tree.b[0])),
            (
                Pair(Pair(search.oneof([1, 2]), 0), Pair(sj.ref("a.a", up=2), 0)),
                lambda tree: (tree.a.a, tree.b.a),
            ),
            ({"a": search.oneof([1, 2]), "b": sj.ref("a")}, lambda tree: (tree["a"], tree["b"])),
            (
                [[search.oneof([1, 2])], {"c": (sj.ref("[0][0]"),)}],
                lambda tree: (tree[0][0], tree[1]["c"][0]),
            ),
            (
                {"a": search.oneof([1, 2]), "b": Pair(sj.ref("a", up=2), 0)},
                lambda tree: (tree["a"], tree["b"].a),
            ),
        ],
    )
    def test_one_follows_a_choice(self, tree, follows):
        space = search.space(tree)
        assert (len(space), space.size) == (1, 2)
        for dna, value in zip(space.enumerate(), (1, 2), strict=True):
            decoded = space.decode(dna)
            assert follows(decoded) == (value, value)
            assert space.encode(decoded) == dna

    def test_into_a_candidate_and_as_one(self):
        inner = search.oneof([Pair(search.oneof([1, 2]), 0), Pair(7, 0)])
        for tree in (
            Pair(inner, search.oneof([sj.ref("a.a"), 9])),
            {"a": inner, "b": search.oneof([sj.ref("a.a"), 9])},
        ):
            space = search.space(tree)
            read = [
                (decoded["a"].a, decoded["b"]) if isinstance(decoded, dict) else (decoded.a.a, decoded.b)
                for decoded in map(space.decode, space.enumerate())
            ]
            assert read == [(1, 1), (1, 9), (2, 2), (2, 9), (7, 7), (7, 9)]
            assert [space.encode(space.decode(dna)) for dna in space.enumerate()] == list(space.enumerate())

    def test_a_traced_float_is_followed(self):
        space = search.space({"a": search.floatv(0.0, 1.0), "b": [sj.ref("a")]})
        dna = DNA.from_numbers(space.spec, [0.25])
        assert jax.jit(lambda dna: space.decode(dna)["b"][0] * 2)(dna) == 0.5

    def test_one_that_leads_nowhere_is_refused_at_once(self):
        with pytest.raises(KeyError, match=r"ref\('x'\) leads nowhere"):
            search.space({"a": search.oneof([1, 2]), "b": sj.ref("x")})
