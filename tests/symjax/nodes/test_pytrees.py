"""Symbolic nodes as pytrees and as keys of JAX's caches: the invariants of `symjax/nodes/README.md`."""

import gc
import itertools
import threading

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import optax

from .. import trees
from ..trees import Box, Fixed, Pair, Plain, Rate, affine, ramp

FEW = settings(max_examples=30)


# Flatten and unflatten.


@given(trees.objects())
def test_unflatten_inverts_flatten(recipe):
    tree = recipe()
    leaves, structure = jax.tree.flatten(tree)
    made = jax.tree.unflatten(structure, leaves)
    assert made == tree
    assert type(made) is type(tree)
    assert hash(made) == hash(tree)
    held = trees.walked(made)
    assert list(held) == list(trees.walked(tree))
    assert all(sj.eq(held[path], value) for path, value in trees.walked(tree).items())
    leaves_again, structure_again = jax.tree.flatten(made)
    assert structure_again == structure
    assert all(one is other for one, other in zip(leaves, leaves_again, strict=True))
    assert repr(made) == repr(tree)


@given(trees.objects())
def test_the_leaves_are_floats_and_arrays(recipe):
    assert all(sj.is_leaf(leaf) for leaf in jax.tree.leaves(recipe()))


@given(
    trees.objects(), st.sampled_from([0, True, "x", 1.5, jax.sharding.PartitionSpec("a"), object(), range(3)])
)
def test_anything_may_stand_in_the_place_of_a_leaf(recipe, sentinel):
    tree = recipe()
    leaves, structure = jax.tree.flatten(tree)
    filled = jax.tree.unflatten(structure, [sentinel] * len(leaves))
    assert [id(leaf) for leaf in jax.tree.leaves(filled, is_leaf=lambda x: x is sentinel)] == [
        id(sentinel)
    ] * len(leaves)
    # What is a leaf is not decided again, and the way back leads to the same tree.
    assert structure.flatten_up_to(filled) == [sentinel] * len(leaves)
    assert jax.tree.unflatten(structure, leaves) == tree


@given(trees.objects())
def test_none_in_the_place_of_a_leaf(recipe):
    tree = recipe()
    axes = jax.tree.map(lambda leaf: None, tree)
    assert jax.tree.leaves(axes) == []
    assert type(axes) is type(tree)


@given(trees.objects())
def test_map_and_transpose_and_eval_shape(recipe):
    tree = recipe()
    doubled = jax.tree.map(lambda leaf: (leaf, leaf), tree)
    structure = jax.tree.structure(tree)
    assert structure.flatten_up_to(doubled) == [(leaf, leaf) for leaf in jax.tree.leaves(tree)]
    numbers = jax.tree.map(lambda leaf: 1.0, tree)
    shapes = jax.eval_shape(lambda t: t, numbers)
    assert jax.tree.structure(shapes) == jax.tree.structure(numbers)


@pytest.mark.parametrize(
    "content", [(1.0, sj.MISSING, "s"), {"x": 1.0, "y": sj.MISSING}, (sj.MISSING, (2.0, sj.MISSING))]
)
def test_marks_inside_containers_stay_in_their_places(content):
    tree = Box(content)
    assert jax.tree.map(lambda leaf: leaf, tree) == tree
    assert sj.from_json(sj.to_json(tree)) == tree


# Unflatten runs no user code.


class Tripwire(Exception):
    pass


armed = []


def trip(*args, **kwargs):
    if armed:
        raise Tripwire
    return True


class Guarded(sj.Object):
    """Raises at any chance to run code of its own."""

    number: float
    inner: object = None
    label: str = "x"

    def __check__(self):
        trip()

    def on_rebind(self, changes):
        trip()

    def __init_subclass__(cls, **kwargs):
        trip()
        super().__init_subclass__(**kwargs)

    def __len__(self):
        trip()
        return 0

    def __bool__(self):
        trip()
        return False

    def __iter__(self):
        trip()
        return iter(())


@sj.symbolize
class GuardedPlain:
    def __new__(cls, *args, **kwargs):
        trip()
        return super().__new__(cls)

    def __init__(self, number, inner=None):
        trip()
        self.table = [number]

    def __getattr__(self, name):
        trip()
        raise AttributeError(name)

    def __setattr__(self, name, value):
        trip()
        super().__setattr__(name, value)

    def __eq__(self, other):
        trip()
        return self is other

    def __hash__(self):
        trip()
        return 0

    def __repr__(self):
        trip()
        return "guarded"


class GuardedModule(nn.Module):
    number: float
    inner: object = None

    def __post_init__(self):
        trip()
        super().__post_init__()

    def setup(self):
        trip()

    def __setattr__(self, name, value):
        trip()
        super().__setattr__(name, value)


@sj.symbolize
def guarded_function(number, inner=None):
    trip()


@sj.symbolize(factory=True)
def guarded_factory(number, inner=None):
    trip()
    return lambda: None


@pytest.fixture
def _armed():
    yield
    armed.clear()


@pytest.mark.parametrize("kind", [Guarded, GuardedPlain, GuardedModule, guarded_function, guarded_factory])
@pytest.mark.usefixtures("_armed")
def test_flattening_and_unflattening_run_no_user_code(kind):
    armed.clear()
    tree = Box((kind(1.0, kind(2.0)), "text"), {"a": kind(3.0, (kind(4.0), 5))})
    armed.append(True)
    leaves, structure = jax.tree.flatten(tree)
    assert leaves == [1.0, 2.0, 3.0, 4.0]
    jax.tree_util.tree_flatten_with_path(tree)
    made = jax.tree.unflatten(structure, [None, "x", 7, object()])
    made = jax.tree.unflatten(structure, leaves)
    made = jax.tree.map(lambda leaf: leaf + 1, made)
    jax.tree.structure(made) == structure
    out = jax.jit(lambda t: t)(made)
    jax.vmap(lambda t: t)(jax.tree.map(lambda leaf: jnp.ones(2), out))
    jax.grad(lambda t: sum(jax.tree.leaves(t)))(out)
    sj.fill(tree, 0)
    assert jax.tree.leaves(out) == [2.0, 3.0, 4.0, 5.0]


@pytest.mark.usefixtures("_armed")
def test_the_tripwires_work():
    armed.append(True)
    for kind in (Guarded, GuardedPlain, GuardedModule):
        with pytest.raises(Tripwire):
            kind(1.0)
    for kind in (guarded_function, guarded_factory):
        with pytest.raises(Tripwire):
            kind(1.0)()


def test_a_symbolized_class_is_made_at_its_first_use_after_unflatten():
    runs = []

    @sj.symbolize
    class Counted:
        def __init__(self, rate):
            runs.append(rate)
            self.double = 2 * rate

    tree = Counted(1.0)
    assert runs == [1.0]
    made = jax.tree.map(lambda rate: rate + 1, tree)
    assert runs == [1.0]
    assert isinstance(made, Counted)
    assert made.double == 4.0
    assert made.double == 4.0
    assert runs == [1.0, 2.0]


# Static keys: what is another program, and what is the same.

STATIC_APART = [
    0,
    1,
    True,
    False,
    0.0,
    -0.0,
    1.0,
    2,
    "1",
    None,
    float("nan"),
    float("inf"),
    1 + 0j,
    trees.Level.ONE,
    trees.Color.RED,
    b"1",
    (),
    (1,),
    (True,),
    (1.0,),
    (0.0,),
    (-0.0,),
    (1, None),
    ((1,), None),
    Pair(1, None),
    sj.Map({}),
    sj.Map({"a": 1}),
    sj.Map({"a": True}),
    sj.Map({1: 1}),
    sj.Map({True: 1}),
    sj.Map({1.0: 1}),
    sj.Map({0.0: 1}),
    sj.Map({-0.0: 1}),
    sj.Map({(1,): 1}),
    sj.Map({(True,): 1}),
    sj.Map({"a": 1, "b": 2}),
    frozenset({1}),
    frozenset({True}),
    jnp.float32,
    jnp.bfloat16,
    int,
    jnp.tanh,
    trees.double,
    nn.Dense(1),
    nn.Dense(2),
    Box(1),
    Box(True),
    Box(1.0),
    Rate(1.0),
    Rate(1.0, 1),
    ramp(0),
    ramp(0.0),
    affine(1),
    affine(True),
]


def traces(*arguments):
    """How often a jitted function is traced for these arguments."""
    count = 0

    @jax.jit
    def function(tree):
        nonlocal count
        count += 1
        return 0

    for argument in arguments:
        function(argument)
    return count


def test_structures_that_differ_in_a_type_or_a_bit_only_never_share():
    structures = [jax.tree.structure(Fixed(value)) for value in STATIC_APART]
    for (one, left), (other, right) in itertools.combinations(zip(STATIC_APART, structures, strict=True), 2):
        assert left != right, (one, other)
    assert traces(*map(Fixed, STATIC_APART)) == len(STATIC_APART)


def test_scalars_of_numpy_in_adopted_code_never_share_either():
    @sj.symbolize(static=["content"])
    class Kept:
        def __init__(self, content):
            self.content = content

    scalars = [1, True, 1.0, np.int64(1), np.int32(1), np.float32(1), np.float64(1), np.bool_(True)]
    assert traces(*map(Kept, scalars)) == len(scalars)


def test_they_do_not_share_as_parts_of_structure_either():
    plain = [value for value in STATIC_APART if not sj.is_leaf(value) and not jax.tree.leaves(value)]
    wrapped = [Box((value, "s"), {"k": value}) for value in plain]
    for left, right in itertools.combinations(wrapped, 2):
        assert jax.tree.structure(left) != jax.tree.structure(right), (left, right)
    assert traces(*wrapped) == len(wrapped)


@given(trees.structure(), trees.structure())
def test_structure_is_shared_exactly_when_it_is_equal(left, right):
    a, b = Fixed(left()), Fixed(right())
    same_order = repr(a) == repr(b)
    if jax.tree.structure(a) == jax.tree.structure(b):
        assert a == b
    elif a == b:
        assert not same_order  # mappings in another order
    assert jax.tree.structure(a) == jax.tree.structure(Fixed(left()))


@given(trees.objects(), st.data())
def test_a_look_alike_anywhere_is_another_program_or_another_leaf(recipe, data):
    tree = recipe()
    places = trees.open_places(tree)
    assume(places)
    path = data.draw(st.sampled_from(places), label="path")
    kinds = [
        [0, 0.0, -0.0, False, trees.Level.ZERO],
        [1, 1.0, True, trees.Level.ONE],
    ]
    one, other = data.draw(st.sampled_from(kinds).flatmap(lambda k: st.permutations(k).map(lambda p: p[:2])))
    a, b = tree.rebind({path: one}), tree.rebind({path: other})
    leaves_a, structure_a = jax.tree.flatten(a)
    leaves_b, structure_b = jax.tree.flatten(b)
    if sj.is_leaf(one) and sj.is_leaf(other):  # 0.0 and -0.0: the same program for another number
        assert structure_a == structure_b
        assert not all(map(trees.same_bits, leaves_a, leaves_b))
    else:
        assert structure_a != structure_b


@given(trees.recipes())
def test_equal_trees_share_a_structure_and_a_hash(recipe):
    a, b = Box(recipe()), Box(recipe())
    structure_a, structure_b = jax.tree.structure(a), jax.tree.structure(b)
    assert structure_a == structure_b
    assert hash(structure_a) == hash(structure_b)
    assert all(map(trees.same_bits, jax.tree.leaves(a), jax.tree.leaves(b)))


@FEW
@given(trees.recipes())
def test_fresh_but_equal_trees_do_not_retrace(recipe):
    def numbers():
        return jax.tree.map(lambda leaf: 1.0, Box(recipe()))

    assert traces(numbers(), numbers(), numbers()) == 1


@FEW
@given(trees.objects(), trees.objects())
def test_a_program_is_shared_exactly_by_equal_structures(left, right):
    a = jax.tree.map(lambda leaf: 1.0, left())
    b = jax.tree.map(lambda leaf: 1.0, right())
    assert traces(a, b, a, b) == (1 if jax.tree.structure(a) == jax.tree.structure(b) else 2)
    if a != b:
        assert traces(a, b) == 2


def make_lowering():
    return Box(
        {
            "functor": affine(slope=2.0, extra=("a", 1)),
            "factory": ramp(steps=3),
            "initializer": nn.initializers.variance_scaling(1.0, "fan_in", "normal"),
            "dtype": jnp.float32,
            "dtypes": (np.float32, np.dtype("int8"), jnp.bfloat16),
            "optimizer": optax.chain(optax.clip(1.0), optax.adam(optax.cosine_decay_schedule(0.1, 10))),
            "partial": __import__("functools").partial(trees.double, 1, y="z"),
            "plain": Plain(1, 2.0, extra=3),
            "nan": Fixed((float("nan"), float("inf"))),
            "set": {1, 2, 3},
        },
        nn.Sequential([nn.Dense(3, kernel_init=nn.initializers.normal(0.1)), nn.relu, nn.Dropout(0.5)]),
    )


def test_functors_factories_dtypes_and_modules_do_not_retrace():
    chex.clear_trace_counter()

    @jax.jit
    @chex.assert_max_traces(n=1)
    def function(tree):
        return jnp.asarray(jax.tree.leaves(tree)).sum()

    for _ in range(3):
        function(make_lowering())
    assert make_lowering() == make_lowering()


def test_all_spellings_of_a_dtype_are_one():
    spellings = [jnp.float32, np.float32, np.dtype("float32")]
    assert traces(*map(Box, spellings)) == 1
    assert traces(*map(Fixed, spellings)) == 1
    assert traces(*[nn.Dense(3, dtype=dtype) for dtype in spellings]) == 1
    assert traces(Box(jnp.float32), Box(jnp.bfloat16), Box(jnp.float16)) == 3


def test_a_nan_in_the_structure_does_not_retrace():
    assert traces(*[Fixed(float("nan")) for _ in range(3)]) == 1
    assert traces(*[Fixed({"a": (float("nan"), 1)}) for _ in range(3)]) == 1
    assert traces(Fixed(float("nan")), Fixed(-float("nan"))) == 2


def test_a_new_learning_rate_does_not_recompile():
    chex.clear_trace_counter()

    @jax.jit
    @chex.assert_max_traces(n=1)
    def step(tree):
        return tree.other.learning_rate * 2

    tree = Box(nn.Dense(3), optax.adam(0.1))
    for rate in (0.1, 0.2, 0.3):
        np.testing.assert_allclose(step(tree.rebind({"other.learning_rate": rate})), 2 * rate, rtol=1e-6)
    np.testing.assert_allclose(step(sj.from_json(sj.to_json(tree))), 0.2, rtol=1e-6)
    np.testing.assert_allclose(step(Box(nn.Dense(3), optax.adam(0.7))), 1.4, rtol=1e-6)


def test_the_order_of_a_mapping_of_structure_is_part_of_the_structure():
    a, b = Box({"x": 1.0, "y": 2}), Box({"y": 2, "x": 1.0})
    assert a == b
    assert jax.tree.structure(a) != jax.tree.structure(b)
    assert list(jax.jit(lambda t: t)(b).content) == ["y", "x"]
    assert jax.jit(lambda t: t.content["x"])(a) == jax.jit(lambda t: t.content["x"])(b) == 1.0


def test_the_order_of_data_counts_nowhere():
    a, b = Box({"x": 1.0, "y": {"u": 2.0, "v": 3.0}}), Box({"y": {"v": 3.0, "u": 2.0}, "x": 1.0})
    assert a == b
    assert hash(a) == hash(b)
    assert jax.tree.structure(a) == jax.tree.structure(b)
    assert jax.tree.leaves(a) == jax.tree.leaves(b) == [1.0, 2.0, 3.0]
    assert traces(a, b) == 1


def test_marks_of_fields():
    class Marked(sj.Object):
        rate: float = sj.field(static=True)
        steps: int = sj.field(default=3, static=False)
        size: int = 3

    assert jax.tree.leaves(Marked(0.5)) == [3]
    assert traces(Marked(0.5), Marked(0.5, 4), Marked(0.5, 5)) == 1
    assert traces(Marked(0.5), Marked(0.6), Marked(0.5, 3, 4)) == 3
    assert jax.jit(lambda t: t.steps * (2.0 if t.rate > 0.4 else 1.0))(Marked(0.5, 7)) == 14.0
    mapped = jax.tree.map(lambda steps: steps + 1, Marked(0.5))
    assert mapped == Marked(0.5, 4)
    assert traces(Marked(0.5, 3), mapped) == 1


def test_a_mark_reaches_into_containers():
    class Marked(sj.Object):
        rates: tuple[float, ...] = sj.field(static=True)
        table: dict[str, float] = sj.field(default_factory=dict, static=True)
        counts: tuple[int, ...] = sj.field(default=(), static=False)

    made = Marked((0.1, 0.2), {"a": 0.5}, (1, 2))
    assert jax.tree.leaves(made) == [1, 2]
    assert traces(made, made.rebind(counts=(3, 4)), Marked((0.1, 0.2), {"a": 0.5}, (1, 2))) == 1


def test_what_is_decided_for_an_object_goes_with_it():
    """An int in the place of a float is still a leaf, and a tree of them has the same structure."""
    tree = Box((1.0, 2), 3.0)
    ints = jax.tree.map(lambda leaf: 7, tree)
    assert jax.tree.structure(ints) == jax.tree.structure(tree)
    assert jax.tree.leaves(ints) == [7, 7]
    assert jax.tree.leaves(jax.tree.map(float, ints)) == [7.0, 7.0]


def test_other_pytrees_are_subtrees_as_jax_sees_them():
    state = optax.adam(0.1).init({"w": jnp.ones(2)})
    tree = Box(state, trees.State(1.0, "label"))
    assert jax.tree.structure(tree).num_leaves == jax.tree.structure(state).num_leaves + 1
    assert jax.tree.map(lambda x: x, tree) == tree
    assert traces(tree, Box(state, trees.State(2.0, "label"))) == 1
    assert traces(tree, Box(state, trees.State(1.0, "other"))) == 2


def test_arrays_of_texts_and_objects_are_no_leaves():
    for array in (np.asarray(["a"]), np.asarray([None])):
        assert not sj.is_leaf(array)
        with pytest.raises(TypeError, match=r"unhashable structure.*\(path=content\)$"):
            Box(array)


# JAX's transformations.


@FEW
@given(trees.objects(foreign=False))
def test_trees_go_through_jit_unchanged(recipe):
    tree = jax.tree.map(lambda leaf: jnp.float32(0.5), recipe())
    out = jax.jit(lambda t: t)(tree)
    assert out == tree
    assert type(out) is type(tree)


def test_grad_and_value_and_grad_and_scan():
    tree = Box({"a": 2.0, "b": ("static", 3.0)}, nn.Dense(3))

    def loss(t):
        return t.content["a"] ** 2 + t.content["b"][1] * 5

    assert jax.grad(loss)(tree) == jax.tree.map(
        jnp.asarray, Box({"a": 4.0, "b": ("static", 5.0)}, nn.Dense(3))
    )
    value, slope = jax.value_and_grad(loss)(tree)
    assert float(value) == 19.0
    assert float(slope.content["b"][1]) == 5.0

    def step(t, x):
        return jax.tree.map(lambda leaf: leaf + x, t), t.content["a"]

    start = jax.tree.map(jnp.asarray, tree)
    end, seen = jax.lax.scan(step, start, jnp.ones(3))
    assert float(end.content["a"]) == 5.0
    np.testing.assert_array_equal(seen, [2.0, 3.0, 4.0])
    assert end.content["b"][0] == "static"


def test_vmap_over_a_batched_tree():
    tree = Box({"a": 2.0, "b": ("static", 3.0)}, 10.0)
    batched = jax.tree.map(lambda leaf: leaf * jnp.arange(1.0, 4.0), tree)
    np.testing.assert_array_equal(
        jax.vmap(lambda t: t.content["a"] + t.content["b"][1] + t.other)(batched), [15.0, 30.0, 45.0]
    )
    axes = sj.fill(tree, None, {"content.a": 0})
    one = tree.rebind({"content.a": jnp.asarray([1.0, 2.0])})
    np.testing.assert_array_equal(
        jax.vmap(lambda t: t.content["a"] * t.other, in_axes=(axes,))(one), [10.0, 20.0]
    )


def test_a_tree_of_different_structure_is_told_apart_by_jax():
    with pytest.raises(ValueError, match="different numbers of pytree children"):
        jax.tree.map(lambda a, b: a, Box(1.0), Box(1.0, 2.0))


def test_python_floats_are_weakly_typed_leaves():
    out = jax.jit(lambda t: t.rate * jnp.ones(1, jnp.bfloat16))(Rate(0.5))
    assert out.dtype == jnp.bfloat16


def test_structures_from_many_threads():
    """Layouts are interned under a lock: equal trees made at once have one structure."""
    found = []

    def make():
        found.extend(jax.tree.structure(Box(("thread", i), Fixed(i))) for i in range(200))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 800
    assert len(set(found)) == 200


def test_trees_are_collected():
    """The table of layouts keeps nothing alive."""

    class Heavy:
        pass

    alive = []
    tree = Box((Heavy(), 1.0))
    jax.tree.flatten(tree)
    alive.append(__import__("weakref").ref(tree.content[0]))
    del tree
    gc.collect()
    assert alive[0]() is None
