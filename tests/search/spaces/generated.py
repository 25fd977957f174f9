"""Spaces drawn at random, and their points: every kind of decision, in each other and in containers.

Candidates carry a tag, so that two points of a space that differ in what matters are two trees.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st

import symjax as sj
from symjax import search
from symjax.search import DNA, FloatV, IntV, ManyOf, OneOf
from symjax.search.spaces.dna_forms import flat


class Box(sj.Object):
    x: Any
    y: Any = None


def ordered(bounds):
    return (
        st.tuples(bounds, bounds).map(sorted).filter(lambda pair: np.float32(pair[0]) < np.float32(pair[1]))
    )


linear = ordered(st.floats(-3e38, 3e38) | st.floats(-1, 1)).map(lambda pair: search.floatv(*pair))
scaled = st.builds(
    lambda pair, scale: search.floatv(*pair, scale),
    ordered(st.floats(1e-37, 3e38) | st.floats(1e-4, 1)),
    st.sampled_from(["log", "rlog"]),
)
whole = st.builds(
    lambda lo, more, step: search.intv(lo, lo + step + more, step),
    st.integers(-(2**40), 2**40),
    st.integers(0, 9),
    st.integers(1, 7),
)
whole_log = st.builds(
    lambda lo, more: search.intv(lo, lo + more, scale="log"), st.integers(1, 9), st.integers(1, 9)
)


def tagged(values):
    """Candidates, all of them different; each with a decision in it or none.

    The tag comes last, so that decisions were read off a value already when that turns out to be another one.
    """
    return [tag if value is None else [value, tag] for tag, value in zip("abcdef", values, strict=False)]


def candidates(children):
    several = st.lists(st.none() | children, min_size=1, max_size=3).map(tagged)
    return several | several.map(lambda items: {f"l{i}": item for i, item in enumerate(items)})


@st.composite
def several(draw, children, distinct, sorted):
    items = draw(candidates(children))
    k = draw(st.integers(0, len(items) if distinct else 3))
    return search.manyof(k, items, distinct, sorted)


def within(children):
    return st.one_of(
        st.lists(children, min_size=1, max_size=2),
        st.dictionaries(st.sampled_from(["a", "b.c", "0", "x y"]), children, min_size=1, max_size=2),
        st.builds(Box, children, st.none() | children),
        candidates(children).map(search.oneof),
        candidates(children).map(search.permutate),
        *(several(children, distinct, sorted) for distinct in (True, False) for sorted in (True, False)),
    )


def is_open(tree):
    return sj.contains(tree, type=search.Choice)


finite_trees = st.recursive(st.sampled_from([1, 0.5, "t"]) | whole | whole_log, within, max_leaves=5)
trees = st.recursive(st.sampled_from([1, "t"]) | linear | scaled | whole | whole_log, within, max_leaves=5)
finite_spaces = finite_trees.filter(is_open).map(search.space).filter(lambda space: space.size <= 200)
spaces = trees.filter(is_open).map(search.space).filter(lambda space: len(space) <= 60)


@st.composite
def points(draw, spaces=spaces):
    """A space and a DNA of it; without a sampler, which takes long to compile."""
    space = draw(spaces)
    return space, DNA.from_numbers(space.spec, flat([draw(numbers(choice)) for choice in space.choices]))


def numbers(choice):
    match choice:
        case FloatV():
            inside = st.floats(0, 1).map(lambda share: choice.lo * (1 - share) + choice.hi * share)
            return (inside | st.sampled_from([choice.lo, choice.hi])).map(
                lambda value: min(max(value, choice.lo), choice.hi)
            )
        case IntV():
            return st.sampled_from(choice.values)
        case OneOf():
            return st.integers(0, len(choice.candidates) - 1)
        case ManyOf():
            index = st.integers(0, len(choice.candidates) - 1)
            rows = st.lists(index, min_size=choice.k, max_size=choice.k, unique=choice.distinct)
            return rows.map(sorted) if choice.sorted else rows
