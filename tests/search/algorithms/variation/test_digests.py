"""Digests: one for each tree."""

import jax
import numpy as np

from symjax import search
from symjax.search.algorithms.variation.digests import digest
from symjax.search.spaces.dna import DNA
from symjax.search.spaces.points import Spec

from .laws import DNAS, SPACE


def test_equal_trees_have_one_digest_and_different_ones_have_others():
    space = search.space(
        [search.oneof([search.oneof([1, 2, 3]), search.manyof(2, [4, 5, search.oneof([6, 7])]), 8])] * 2
    )
    dnas = DNA.concat([*space.enumerate(), space.sample(jax.random.key(0), 2048)])
    trees = [str(tree) for tree in space.decode(dnas)]
    digests = [tuple(each) for each in digest(dnas).tolist()]
    assert len(set(trees)) == space.size
    assert len({(tree, own) for tree, own in zip(trees, digests, strict=True)}) == len(set(trees))
    assert len(set(digests)) == len(set(trees))


def test_the_host_and_a_compiled_program_agree():
    host = digest(DNAS)
    assert isinstance(host, np.ndarray)
    assert host.dtype == np.uint32
    np.testing.assert_array_equal(jax.jit(digest)(DNAS), host)
    np.testing.assert_array_equal(digest(DNAS[3]), host[3])


def test_digests_stand_in_files_so_they_stay():
    space = search.space({"x": search.oneof([1, 2]), "y": search.floatv(0.0, 1.0)})
    assert digest(DNA.from_numbers(space.spec, [1, 0.25])).tolist() == [2904116935, 2954358976]


def test_minus_zero_is_zero():
    space = search.space({"x": search.floatv(-1.0, 1.0), "y": search.floatv(-1.0, 1.0)})
    zeros = DNA(space.spec, np.zeros((2, 0), np.int32), np.array([[0.0, 1.0], [-0.0, 1.0]], np.float32))
    one, other = digest(zeros).tolist()
    assert one == other
    assert jax.jit(digest)(zeros).tolist() == [one, other]


def test_a_quarter_of_a_million_different_points_have_no_digest_in_common():
    """Also of genes that hardly differ; and each bit is set in half of them."""
    spec = search.space([search.oneof([0, 1]) for _ in range(18)]).spec
    bits = (np.arange(2**18)[:, None] >> np.arange(18)) & 1
    digests = digest(DNA(spec, bits.astype(np.int32), np.zeros((2**18, 0), np.float32)))
    whole = digests[:, 0].astype(np.uint64) << np.uint64(32) | digests[:, 1]
    assert len(np.unique(whole)) == 2**18
    bits = (digests[:, :, None] >> np.arange(32, dtype=np.uint32)) & 1
    np.testing.assert_allclose(bits.mean(0), 0.5, atol=0.01)


def test_spaces_of_nothing_and_of_all_kinds():
    nothing = DNA(Spec(()), np.zeros((3, 0), np.int32), np.zeros((3, 0), np.float32))
    assert digest(nothing).shape == (3, 2)
    assert len(np.unique(digest(DNAS), axis=0)) == len(np.unique([str(t) for t in SPACE.decode(DNAS)]))
