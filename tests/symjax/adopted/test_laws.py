"""The laws of everything adopted: what is symbolic computes what the original computes, to the last bit."""

import gc
import operator
from typing import Any

import chex
import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import symjax as sj

from .laws import bits, classes_known, holds_float, program, same_traced
from .subjects import Subject, subjects

SUBJECTS = subjects()
# Flax and Optax deprecate some of what they still offer: it is covered until it is gone.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
everything = pytest.mark.parametrize("subject", SUBJECTS, ids=repr)


@everything
def test_a_node_is_what_optax_and_flax_look_for(subject: Subject) -> None:
    plain, node = subject.plain(), subject.node()
    assert sj.is_symbolic(node)
    assert type(node).__name__ == getattr(subject.floats(subject.view).made, "__class__").__name__
    if isinstance(plain, flax.linen.Module):
        assert isinstance(node, type(plain))
        assert type(node).__name__ == type(plain).__name__
    for transformation in (optax.GradientTransformation, optax.GradientTransformationExtraArgs):
        if isinstance(plain, transformation):
            assert isinstance(node, transformation)
    assert callable(node) or not callable(plain)


@everything
def test_the_same_bits_when_run_eagerly(subject: Subject) -> None:
    """For a layer: its parameters' names, shapes, dtypes and values, and its output."""
    assert bits(subject.use(subject.node())) == bits(subject.use(subject.plain()))


@everything
def test_the_same_program_when_closed_over(subject: Subject) -> None:
    assert same_traced(lambda: subject.use(subject.plain()), lambda: subject.use(subject.node()))


@everything
def test_the_same_program_as_an_argument_and_as_plain_code_on_the_same_traced_floats(
    subject: Subject,
) -> None:
    symbolic, plain = subject.floats(subject.view), subject.floats(subject.original)
    leaves, treedef = jax.tree.flatten(symbolic.made)
    places = {id(leaf): position for position, leaf in enumerate(leaves)}
    order = [places[id(value)] for value in symbolic.values]
    assert symbolic.places == plain.places
    assert sorted(order) == [at for at, leaf in enumerate(leaves) if isinstance(leaf, float)]
    others = [leaf for leaf in leaves if not isinstance(leaf, float)]

    def of_node(floats: Any) -> Any:
        given = iter(floats)
        rest = iter(others)
        made = treedef.unflatten([next(given if isinstance(leaf, float) else rest) for leaf in leaves])
        return subject.use(made)

    ranks = np.argsort(np.argsort(order))
    floats = [leaf for leaf in leaves if isinstance(leaf, float)]
    assert same_traced(of_node, lambda given: subject.use(plain.make([given[i] for i in ranks])), floats)
