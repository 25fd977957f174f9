"""`lineage`: how a tree came about, which is no part of what it is."""

import pickle

import jax
import pytest

import symjax as sj
from symjax import lineage, optax

from ..trees import Box


@sj.patcher(name="tests.lineage.deepen")
def deepen(tree, by: int = 1):
    return {"other": by}


def patched():
    return sj.patch(Box(optax.adam(0.1)), ["change_lr?0.3", "tests.lineage.deepen?by=2"])


def test_it_lists_the_patches_oldest_first():
    assert lineage(Box()) == ()
    assert len(lineage(patched())) == 2
    assert "change_lr" in lineage(patched())[0]
    assert "deepen" in lineage(patched())[1]
    assert lineage(sj.patch(patched(), "change_lr?0.5"))[:2] == lineage(patched())


def test_it_is_outside_of_equality_hash_and_structure():
    plain = Box(optax.adam(0.3), 2)
    assert patched() == plain
    assert hash(patched()) == hash(plain)
    assert jax.tree.structure(patched()) == jax.tree.structure(plain)
    assert not sj.diff(patched(), plain)
    assert repr(patched()) == repr(plain)


def test_it_is_kept_by_rebind_json_and_files(tmp_path):
    tree = patched()
    assert lineage(tree.rebind(other=5)) == lineage(tree)
    assert lineage(tree.rebind(lambda k, v: 7 if k == "other" else v)) == lineage(tree)
    assert lineage(sj.from_json(sj.to_json(tree))) == lineage(tree)
    sj.save(tree, tmp_path / "tree.json")
    assert lineage(sj.load(tmp_path / "tree.json")) == lineage(tree)


def test_a_pickle_keeps_the_tree():
    assert pickle.loads(pickle.dumps(patched())) == patched()


@pytest.mark.parametrize("tree", [[1], {"a": 1}, 3])
def test_plain_containers_have_none(tree):
    assert lineage(tree) == ()
