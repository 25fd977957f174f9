"""Functions as functors, factories as nodes that stand for their result."""

import inspect
import pickle
from collections.abc import Callable
from typing import Annotated, Any

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from annotated_types import Gt
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import optax

from ..trees import Box, double, ramp


@sj.symbolize
def add(a, b, scale=1.0):
    """Adds."""
    return scale * (a + b)


@sj.symbolize
def positional_only(a, b=2, /, c=3):
    return (a, b, c)


@sj.symbolize
def keyword_only(a, *, b, c=3):
    return (a, b, c)


@sj.symbolize
def variadic(a, /, b=2, *rest, c, d=4, **more):
    return (a, b, rest, c, d, more)


@sj.symbolize
def constant_schedule(value: float) -> Callable[[int], float]:
    """Found to be a factory by its annotation."""
    return lambda step: value


@sj.symbolize(factory=True)
def adder(amount, *rest, **more):
    return lambda x: x + amount + sum(rest) + sum(more.values())


@sj.symbolize(factory=False)
def plain_schedule(value: float) -> Callable[[int], float]:
    return lambda step: value


# Functors.


def test_all_arguments_given():
    assert add(1, 2)() == 3
    assert add(1, b=2, scale=2.0)() == 6.0
    node = add(1, 2)
    assert node.a == 1
    assert node.rebind(b=5)() == 6


def test_missing_ones_may_come_at_call_time():
    assert add(b=2)(1) == 3
    assert add()(1, 2) == 3
    assert add()(b=2, a=1) == 3
    assert add(1)(b=2) == 3
    assert add(1)(2) == 3
    assert list(sj.missing(add())) == ["a", "b"]
    assert list(sj.missing(Box(add(1)))) == ["content.b"]


def test_keywords_of_a_call_override():
    assert add(1, 2)(b=5) == 6
    assert add(1, 2)(scale=2) == 6
    assert add(1, 2)() == 3


def test_a_call_does_not_change_the_node():
    node = add(1)
    node(2)
    node(b=5, scale=3.0)
    assert node == add(1)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: add(1)(), sj.MissingError, r"add misses b \(path=b\)$"),
        (lambda: add()(), sj.MissingError, r"add misses a, b"),
        (lambda: add(1, 2)(3), TypeError, r"add has 0 arguments missing .*, got 1 by position; override"),
        (lambda: add(1)(2, 3), TypeError, r"add has 1 arguments missing \(b\), got 2 by position"),
        (lambda: add(1, 2)(scal=3), TypeError, r"add has no field 'scal'; did you mean 'scale'\?"),
        (lambda: add(scal=3), TypeError, r"add has no field 'scal'; did you mean 'scale'\?.*\(path=scal\)$"),
        (lambda: add(1, 2, 3, 4), TypeError, r"add takes 3 positional arguments \(a, b, scale\), got 4"),
        (lambda: add(1, a=2), TypeError, r"add got two values for 'a'"),
        (lambda: positional_only(a=1), TypeError, r"\(path=a\)$|positional"),
        (lambda: keyword_only(1, 2), TypeError, r"keyword_only takes 1 positional arguments"),
        (lambda: keyword_only(1)(), sj.MissingError, r"keyword_only misses b"),
        (lambda: variadic(1)(), sj.MissingError, r"variadic misses c"),
    ],
)
def test_bad_calls(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_positional_only_arguments():
    assert positional_only(1)() == (1, 2, 3)
    assert positional_only(1, 5, 6)() == (1, 5, 6)
    assert positional_only()(1) == (1, 2, 3)
    assert positional_only(1).rebind(a=7)() == (7, 2, 3)
    assert positional_only(1, 5).rebind(b=sj.MISSING)() == (1, 2, 3)


def test_variadic_arguments():
    node = variadic(1, 2, 3, 4, c=5, e=6)
    assert node() == (1, 2, (3, 4), 5, 4, {"e": 6})
    assert node.rest == (3, 4)
    assert node.more == {"e": 6}
    assert node.rebind({"rest[2]": 9, "more.f": 7})() == (1, 2, (3, 4, 9), 5, 4, {"e": 6, "f": 7})
    assert node(e=8, g=9) == (1, 2, (3, 4), 5, 4, {"e": 8, "g": 9})
    assert node(10, 11) == (1, 2, (3, 4, 10, 11), 5, 4, {"e": 6})
    assert variadic(c=5)(1) == (1, 2, (), 5, 4, {})


@given(
    st.integers(), st.lists(st.integers(), max_size=3), st.dictionaries(st.sampled_from("efg"), st.integers())
)
def test_binding_is_that_of_python(a, rest, more):
    def plain(a, /, b=2, *rest, c, d=4, **more):
        return (a, b, rest, c, d, more)

    assert variadic(a, *rest, c=1, **more)() == plain(a, *rest, c=1, **more)
    assert variadic(c=1, **more)(a) == plain(a, c=1, **more)


def test_it_is_like_the_function():
    assert add.__name__ == "add"
    assert add.__doc__ == "Adds."
    assert list(inspect.signature(add).parameters) == ["a", "b", "scale"]
    assert add.__wrapped__(1, 2) == 3
    assert sj.is_symbolic(add(1))
    assert repr(add(1)) == "add(a=1, b=MISSING)"
    assert sj.symbolize(add) is add
    assert sj.symbolize(double) is sj.symbolize(double)


def test_functors_are_compared_by_arguments():
    assert add(1) == add(a=1)
    assert add(1) != add(True)
    assert add(1) != add(1, 2)
    assert hash(add(1)) == hash(add(a=1))
    assert add(1, scale=1.0) == add(1)


def test_functors_are_pytrees():
    node = add(1, scale=0.5)
    assert jax.tree.leaves(node) == [0.5]
    assert jax.jit(lambda f, x: f(x))(node, 3) == 2.0
    assert jax.grad(lambda f: f(3.0))(node).scale == 4.0
    np.testing.assert_array_equal(
        jax.vmap(lambda f: f(3.0), in_axes=(sj.fill(node, 0),))(node.rebind(scale=jnp.arange(2.0))),
        [0.0, 4.0],
    )


@pytest.mark.parametrize(
    "node", [add(1), add(1, 2), variadic(1, 2, 3, c=5, e=6), constant_schedule(0.5), adder(1, 2, z=3)]
)
def test_copies(node):
    assert pickle.loads(pickle.dumps(node)) == node
    assert cloudpickle.loads(cloudpickle.dumps(node)) == node
    assert sj.from_json(sj.to_json(node)) == node
    assert type(sj.from_json(sj.to_json(node))) is type(node)


def test_functors_inside_objects_fill_a_callable_hint():
    class Uses(sj.Object):
        function: Callable[[int], int]

    assert Uses(add(1)).function(2) == 3
    assert Uses(constant_schedule(0.5)).function(7) == 0.5


def test_nested_functors():
    node = add(add(1, 2), b=3)
    assert sj.is_symbolic(node.a)
    assert node.rebind({"a.b": 5}).a() == 6


# Factories.


def test_a_factory_stands_for_its_result():
    assert constant_schedule(0.5)(7) == 0.5
    assert ramp(1.0, 4)(2) == 1.5
    assert adder(1, 2, z=3)(10) == 16
    assert ramp(1.0, 4).rebind(steps=2)(2) == 2.0
    assert ramp(1.0, 4).make()(2) == 1.5


def test_a_factory_is_found_by_its_annotation_unless_it_is_said():
    assert constant_schedule(0.5)(1) == 0.5
    made = plain_schedule(0.5)()
    assert callable(made)
    assert made(1) == 0.5


def test_factories_are_compared_by_value():
    assert ramp(1.0) == ramp(1.0)
    assert ramp(1.0) != ramp(2.0)
    assert ramp(1) != ramp(1.0)
    assert jax.tree.structure(ramp(1.0)) == jax.tree.structure(ramp(2.0))
    assert jax.tree.structure(ramp(1.0, 4)) != jax.tree.structure(ramp(1.0, 5))


def test_using_a_hole_of_a_factory():
    with pytest.raises(sj.MissingError, match=r"constant_schedule misses value \(path=value\)$"):
        constant_schedule()(1)
    assert constant_schedule().rebind(value=0.25)(1) == 0.25


def test_factories_in_jit():
    assert float(jax.jit(lambda f: f(2))(ramp(1.0, 4))) == 1.5
    assert float(jax.grad(lambda f: f(2))(ramp(1.0, 4)).start) == 1.0


def test_hints_are_checked():
    @sj.symbolize
    def limited(rate: Annotated[float, Gt(0)], name: str = "x"):
        return rate

    with pytest.raises(ValueError, match=r"limited.rate expects .*greater than 0.*\(path=rate\)$"):
        limited(-1)
    with pytest.raises(TypeError, match=r"limited.name expects str.*\(path=name\)$"):
        limited(1, 3)
    assert type(limited(1).rate) is float


def test_static_arguments():
    @sj.symbolize(static=["rate"])
    def choose(x, rate=0.5):
        return x if rate > 0.1 else -x

    assert jax.tree.leaves(choose(2.0)) == [2.0]
    assert jax.jit(lambda f: f())(choose(2.0)) == 2.0
    with pytest.raises(ValueError, match="static names no argument of double: y"):
        sj.symbolize(double, static=["y"])


def test_functions_of_others():
    relu = sj.symbolize(nn.leaky_relu)
    node = relu(negative_slope=0.5)
    assert node(-2.0) == -1.0
    assert jax.tree.leaves(node) == [0.5]
    assert sj.from_json(sj.to_json(node)) == node


def test_methods_and_compiled_functions():
    class Scaler:
        def scale(self, x, factor=2.0):
            return x * factor

    assert sj.symbolize(Scaler.scale)(self=Scaler(), x=3)() == 6.0
    assert sj.symbolize(Scaler().scale)(3)() == 6.0
    assert sj.symbolize(jax.jit(double))(3)() == 6
    assert sj.symbolize(jnp.add)(1.0, 2.0)() == 3.0
    assert sj.from_json(sj.to_json(sj.symbolize(jnp.add)(1.0))) == sj.symbolize(jnp.add)(1.0)


def test_what_cannot_be_read_is_refused():
    with pytest.raises(TypeError, match=r"cannot symbolize .*signature cannot be read"):
        sj.symbolize(max)


def test_lambdas_and_closures():
    offset = 3
    node = sj.symbolize(lambda x, y=1: x + y + offset)
    assert node(1)() == 5
    assert cloudpickle.loads(cloudpickle.dumps(node(1)))() == 5


def test_a_function_with_names_that_nodes_use():
    @sj.symbolize
    def awkward(self, rebind=1, partial=2):
        return (self, rebind, partial)

    assert awkward(0)() == (0, 1, 2)
    assert awkward(self=0)() == (0, 1, 2)
    assert awkward()(self=0) == (0, 1, 2)
    assert awkward.partial(rebind=5)(0) == (0, 5, 2)
    assert sj.rebind(awkward(0), {"rebind": 5})() == (0, 5, 2)


def test_mutable_defaults_of_functions_are_frozen_and_given_back():
    @sj.symbolize
    def collects(items=[], table={}) -> Any:  # noqa: B006 - what users write
        return type(items), type(table)

    assert collects()() == (tuple, dict)
    assert collects() == collects(items=[])


RATE = sj.floatv(0.0, 1.0)
FLAG = sj.oneof([True, False])


@pytest.mark.parametrize(
    ("run", "place"),
    [
        (lambda: add(1.0, RATE)(), r"add\.b"),
        (lambda: add(1.0)(RATE), r"add\.b"),
        (lambda: variadic(1, 2, 3, RATE, c=4)(), r"variadic\.rest\[1\]"),
        (lambda: constant_schedule(RATE)(0), r"constant_schedule\.value"),
        (lambda: optax.sgd(0.1, nesterov=FLAG).init(1.0), r"sgd\.nesterov"),  # which Python takes for True
        (lambda: optax.chain(optax.sgd(RATE)).init(1.0), r"sgd\.learning_rate"),
        (lambda: optax.piecewise_constant_schedule(1.0, {3: RATE})(0), r".*\.boundaries_and_scales\[3\]"),
        (lambda: nn.initializers.normal(RATE)(jax.random.key(0), (2,)), r"normal\.stddev"),
    ],
)
def test_an_open_choice_among_the_arguments_is_refused(run, place):
    with pytest.raises(TypeError, match=rf"^{place} is an open choice: .*decode\(dna\) \(path=.+\)$"):
        run()


def test_a_function_is_given_trees_with_open_choices_in_them():
    assert sj.symbolize(lambda tree: tree.content, name="tests.content")(Box(RATE))() == RATE
