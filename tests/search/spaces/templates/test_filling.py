"""Templates that are filled in: what a rebind gives, with all that can be shared shared."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import symjax as sj
from symjax import linen as nn
from symjax import optax, search
from symjax.search import DNA

from .. import generated


class Block(sj.Object):
    dense: nn.Dense
    rate: float = 0.1
    sizes: tuple[float, ...] = (1.0,)


class Model(sj.Object):
    blocks: tuple[Block, ...]
    fixed: Block = Block(nn.Dense(3))
    optimizer: optax.GradientTransformation = optax.adam(0.1)


def opened():
    blocks = [
        Block(nn.Dense(sj.oneof([4, 8])), sizes=(sj.oneof([1, 2.5]), 3)),
        Block(nn.Dense(3), sj.floatv(0.0, 1.0)),
    ]
    return Model(blocks, optimizer=optax.sgd(sj.oneof([0.1, sj.floatv(0.2, 0.3)])))


SPACE = search.space(opened())


def of(space, *numbers):
    return DNA.from_numbers(space.spec, numbers)


def rebound(space, dna, template=None):
    """A decoded tree by a rebind of each template: slow, and known to be right."""
    template = template or space.root

    def decided(index):
        choice = space.choices[index]
        genes = getattr(dna, choice.array)[space.spec.columns[index]]
        return choice.decide(genes, lambda slot, i: rebound(space, dna, space.branches[index][slot][i]))

    return sj.rebind(template.value, {path: decided(index) for path, index in template.slots})


@given(generated.points())
def test_a_decoded_tree_is_what_a_rebind_gives(point):
    space, dna = point
    for _ in range(2):  # the second time, parts are there already
        tree = space.decode(dna)
        assert sj.eq(tree, rebound(space, dna))
        assert jax.tree.structure(tree) == jax.tree.structure(rebound(space, dna))


def test_a_batch_is_decoded_like_its_rows():
    dnas = SPACE.sample(jax.random.key(1), 16)
    trees = SPACE.decode(dnas)
    assert all(sj.eq(tree, SPACE.decode(dna)) for tree, dna in zip(trees, dnas, strict=True))
    assert all(sj.eq(tree, rebound(SPACE, dna)) for tree, dna in zip(trees, dnas, strict=True))
    assert all(
        SPACE.encode(tree) == SPACE.encode(rebound(SPACE, dna)) for tree, dna in zip(trees, dnas, strict=True)
    )


def test_what_is_fixed_and_what_holds_no_float_is_shared():
    first, second = (SPACE.decode(of(SPACE, 1, 0, rate, 0, 0.25)) for rate in (0.5, 0.75))
    assert first.fixed is second.fixed is SPACE.tree.fixed
    assert first.blocks[0] is second.blocks[0]
    assert first.blocks[0].sizes == (1.0, 3.0)  # as the field has them
    assert (first.blocks[1].rate, second.blocks[1].rate) == (0.5, 0.75)
    assert first.optimizer is second.optimizer is not SPACE.decode(of(SPACE, 1, 0, 0.5, 1, 0.25)).optimizer


def test_what_its_owner_may_change_is_not_shared():
    space = search.space({"a": [sj.oneof([1, 2])], "b": {"c": sj.oneof([3, 4])}})
    first, second = space.decode(of(space, 0, 0)), space.decode(of(space, 0, 0))
    first["a"].append(5)
    first["b"]["d"] = 6
    assert second == space.decode(of(space, 0, 0)) == {"a": [1], "b": {"c": 3}}


def test_only_so_many_parts_are_kept():
    space = search.space(Block(nn.Dense(sj.intv(1, 3000))))
    dnas = space.sample(jax.random.key(0), 2048)
    assert [tree.dense.features for tree in space.decode(dnas)] == (dnas.host().choices[:, 0] + 1).tolist()
    assert len(space._fillings[0]._known) <= 1024


def test_nodes_are_checked_and_follow_up_as_in_a_rebind():
    class Even(sj.Object):
        width: int
        half: int = 0

        def __check__(self):
            if self.width % 2:
                raise ValueError("odd")

        def on_rebind(self, changes):
            return {"half": self.width // 2}

    space = search.space(
        [Even(sj.oneof([2, 3, 4]), sj.oneof([7, 8])), Even(2).rebind(width=sj.oneof([4, 5]))]
    )
    tree = space.decode(of(space, 2, 1, 0))
    assert sj.eq(tree, [Even(4, 8), Even(4, 2)])
    assert space.encode(tree) == of(space, 2, 1, 0)
    for numbers in ((1, 0, 0), (0, 0, 1)):
        with pytest.raises(ValueError, match="odd"):
            space.decode(of(space, *numbers))


def test_a_candidate_may_delete_an_item():
    space = search.space([1, sj.oneof([sj.MISSING, 2]), 3])
    assert [space.decode(dna) for dna in space.enumerate()] == [[1, 3], [1, 2, 3]]


def test_the_lineage_is_that_of_a_rebind():
    space = search.space(
        sj.patch(Block(nn.Dense(4)), "rate=0.3").rebind({"dense.features": sj.oneof([4, 8])})
    )
    tree = space.decode(of(space, 1))
    assert sj.lineage(tree) == ("rate=0.3",)
    assert sj.why(tree, "dense.features") == sj.why(rebound(space, of(space, 1)), "dense.features")
    assert sj.why(tree, "rate").rule == "rate=0.3"


def test_text_shows_what_was_chosen_also_where_it_is_a_default():
    space = search.space(
        Model([Block(nn.Dense(4, use_bias=sj.oneof([True, False])), sj.oneof([0.1, 0.2]))]).rebind(
            {"fixed": sj.oneof([Block(nn.Dense(3)), Block(nn.Dense(sj.oneof([3, 4])))])}
        )
    )
    tree = space.decode(of(space, 0, 0, 0, 0))
    assert "use_bias=True), rate=0.1" in repr(tree)
    assert "fixed=Block" in repr(tree)
    assert "optimizer" not in repr(tree)
    plain = Model([Block(nn.Dense(4))])
    assert tree == plain
    assert hash(tree) == hash(plain)
    assert jax.tree.structure(tree) == jax.tree.structure(plain)
    assert (
        repr(plain)
        == repr(pickle.loads(pickle.dumps(plain)))
        == "Model(blocks=(Block(dense=Dense(features=4)),))"
    )
    hooked = search.space([1, Block(nn.Dense(4), sj.oneof([0.1, 0.2])), sj.oneof([sj.MISSING, 2])])
    assert "rate=0.1" in repr(hooked.decode(of(hooked, 0, 1)))


def test_a_value_that_was_converted_by_its_class_is_encoded_too():
    class Doubling(nn.Module):
        width: int
        depth: int | None = None

        def __post_init__(self):
            self.depth = self.depth or 2 * self.width
            super().__post_init__()

    space = search.space(Doubling(sj.oneof([1, 2])))
    for dna in space.enumerate():
        tree = space.decode(dna)
        assert tree.depth == 2 * tree.width
        assert space.encode(tree) == dna


@pytest.mark.parametrize(
    "tree",
    [
        Model([]),
        opened(),
        SPACE.decode(of(SPACE, 0, 0, 0.5, 0, 0.25)).rebind({"blocks[1].dense.features": 4}),
        SPACE.decode(of(SPACE, 0, 0, 0.5, 0, 0.25)).rebind({"blocks[0].dense.features": 5}),
        SPACE.decode(of(SPACE, 0, 0, 0.5, 0, 0.25)).rebind({"blocks[2]": Block(nn.Dense(3))}),
    ],
)
def test_what_is_not_in_the_space_is_refused(tree):
    with pytest.raises(ValueError, match="not in the space"):
        SPACE.encode(tree)


# Under `jit`, floats are traced.

ADOPTED = search.space(
    {
        "model": nn.Sequential([nn.Dense(sj.oneof([2, 3])), nn.Dropout(sj.floatv(0.0, 0.5))]),
        "optimizer": optax.chain(
            optax.clip(sj.floatv(0.1, 1.0)),
            optax.adamw(
                sj.oneof(
                    [
                        sj.floatv(1e-4, 0.1, "log"),
                        optax.cosine_decay_schedule(sj.floatv(0.1, 1.0, "rlog"), 10),
                    ]
                ),
                weight_decay=sj.oneof([0.0, sj.floatv(0.01, 0.1)]),
            ),
        ),
        "others": (1, [sj.floatv(-1.0, 1.0)]),
    }
)


def assert_traced_alike(space, dna):
    outside = space.decode(dna)
    trees = []

    def fill(dna_):
        trees.append(space.decode(dna_, like=dna))
        return [leaf for leaf in jax.tree.leaves(trees[0]) if isinstance(leaf, jax.core.Tracer)]

    filled = jax.jit(fill)(dna)
    leaves, structure = jax.tree.flatten(outside)
    assert jax.tree.structure(trees[0]) == structure
    pairs = zip(jax.tree.leaves(trees[0]), leaves, strict=True)
    open_leaves = [leaf for traced, leaf in pairs if isinstance(traced, jax.core.Tracer)]
    for inside, leaf in zip(filled, map(jnp.asarray, open_leaves), strict=True):
        assert (inside.dtype, inside.weak_type) == (leaf.dtype, leaf.weak_type)
        assert np.asarray(inside).tobytes() == np.asarray(leaf).tobytes()


@pytest.mark.exact
@settings(max_examples=15)
@given(generated.points())
def test_lanes_are_bitwise_what_is_decoded_outside(point):
    assert_traced_alike(*point)


@pytest.mark.parametrize("wide", [False, True])
def test_lanes_of_adopted_code_likewise(wide):
    with jax.enable_x64(wide):
        for dna in ADOPTED.sample(jax.random.key(2), 6):
            assert_traced_alike(ADOPTED, dna)
        edge = search.space([sj.floatv(-0.1, 0.1)])
        for gene in (-0.1, 0.1):
            dna = of(edge, gene)
            assert -0.1 <= edge.decode(dna)[0] <= 0.1
            assert_traced_alike(edge, dna)


def test_a_tree_that_nobody_has_decoded_is_encoded_too():
    blocks = [Block(nn.Dense(8), sizes=(2.5, 3)), Block(nn.Dense(3), 0.5)]
    tree = Model(blocks, optimizer=optax.sgd(0.25))
    for _ in range(2):  # the second time, equal parts have been decoded
        assert SPACE.encode(tree) == of(SPACE, 1, 1, 0.5, 1, 0.25)
        assert sj.eq(SPACE.decode(SPACE.encode(tree)), tree)
