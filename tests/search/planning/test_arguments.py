"""Arguments taken apart: what is traced, what is structure, and what a program depends on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import struct

import symjax as sj
from symjax.search.planning.arguments import Aval, aval_of, flatten


class Net(sj.Object):
    width: int
    rate: float
    act: str = "relu"


@struct.dataclass
class State:
    step: int
    name: str = struct.field(pytree_node=False, default="s")


def traced(*args):
    arguments = flatten(*args)
    return [arguments.names[i] for i in arguments.traced()]


def test_leaves_are_named_by_path():
    arguments = flatten({"net": Net(3, 0.5), "n": 3, "t": "x"}, (np.zeros(2), [1.0]))
    assert sorted(arguments.names) == sorted(["net.rate", "n", "t", "broadcast[0]", "broadcast[1][0]"])
    assert arguments.position("net.rate") == arguments.names.index("net.rate")
    assert arguments.position("n") is None  # structure
    assert arguments.position("nothing") is None


@pytest.mark.parametrize(
    ("experiment", "names"),
    [
        ({"i": 1, "f": 1.0, "b": True, "s": "x", "c": 1j}, ["c", "f"]),
        (Net(3, 0.5), ["rate"]),
        (3, []),
        (0.5, [""]),
        ([np.float32(3), np.zeros(2), [4, jnp.ones(3)]], ["[0]", "[1]", "[2][1]"]),
        (State(3), ["step"]),  # another pytree's leaves are those that JAX sees
    ],
)
def test_floats_and_arrays_are_traced(experiment, names):
    assert traced(experiment) == names


def test_a_program_depends_on_structure_alone():
    def structure(width=3, rate=0.5, n=3, data=None, frozen=()):
        data = jnp.zeros(2) if data is None else data
        arguments = flatten({"net": Net(width, rate), "n": n}, (data,))
        return hash(key := arguments.structure([arguments.names.index(name) for name in frozen])) and key

    same = structure()
    assert structure(rate=0.75) == same
    assert structure(data=jnp.ones(2)) == same
    assert structure(width=4) != same
    assert structure(n=4) != same
    assert structure(data=jnp.zeros(3)) != same
    assert structure(data=jnp.zeros(2, jnp.bfloat16)) != same
    assert structure(rate=np.float32(0.5)) == structure(rate=np.float32(0.25))
    for name, other in (("net.rate", {"rate": 0.75}), ("broadcast[0]", {"data": jnp.ones(2)})):
        assert structure(frozen=[name]) == structure(frozen=[name])
        assert structure(frozen=[name]) != structure(frozen=[name], **other)


def test_replacing_leaves_keeps_the_rest():
    arguments = flatten([0.5, 1.5])
    again = arguments.replace({1: 2.5})
    assert (again.leaves, arguments.leaves) == ((0.5, 2.5), (0.5, 1.5))
    assert again.structure() == arguments.structure()


def test_an_aval_says_what_a_program_needs_to_know():
    assert aval_of(0.5) == Aval((), np.dtype("float32"), True)
    assert aval_of(np.float32(0.5)).weak_type is False
    assert aval_of(jax.random.key(0)).shape == ()
    batched = Aval((3,), np.dtype("float32"), True).batched(2, 4)
    assert (batched.shape, batched.dtype, batched.weak_type) == ((2, 4, 3), np.float32, True)


def test_leaves_without_a_value_are_refused():
    with pytest.raises(ValueError, match=r"shape without a value.*\(path=x\)"):
        flatten({"x": jax.ShapeDtypeStruct((), np.float32)})
    with pytest.raises(ValueError, match=r"inside a jit \(path=broadcast\[0\]\)"):
        jax.jit(lambda x: flatten(1, (x,)))(0.5)


def test_what_is_neither_leaf_nor_constant_is_refused():
    class Odd:
        __hash__ = None

    with pytest.raises(TypeError, match=r"neither be traced nor be part.*\(path=x\)"):
        flatten({"x": Odd()}).structure()
