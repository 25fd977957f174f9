"""Patches whose arguments or presence are decisions: a search over ideas."""

import pickle

import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import nnx, optax, search
from symjax.patches import Inputs, PatchError, add_dropout, change_lr, scale_width, swap_activation
from symjax.search import DNA
from symjax.search.spaces.patched import plain_inputs, read_inputs


class Experiment(sj.Object):
    model: nn.Module
    optimizer: optax.GradientTransformation = optax.adam(1e-3)


class Compact(flax.linen.Module):
    """A model whose layers are made as it runs."""

    width: int = 8

    @flax.linen.compact
    def __call__(self, x, train: bool = False):
        x = flax.linen.relu(flax.linen.Dense(self.width)(x))
        x = flax.linen.Dropout(0.0, deterministic=not train)(x)
        return flax.linen.Dense(3)(x)


INPUTS = jnp.ones((1, 4))
SHAPE = jax.ShapeDtypeStruct((1, 4), "float32")
FIELDS = Experiment(nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(3)]))
INSIDE = Experiment(sj.symbolize(Compact)())
IDEAS = [
    scale_width(factor=sj.oneof([1.0, 0.5, 2.0])),
    sj.maybe(add_dropout(rate=sj.floatv(0.0, 0.5))),
]
SPACE = search.space(FIELDS, patches=IDEAS)


def test_an_idea_and_its_strength_are_decisions():
    trees = SPACE.decode(SPACE.grid(2))
    assert [tree.model.layers[0].features for tree in trees[::3]] == [8, 4, 16]
    assert [sj.lineage(tree)[1:] for tree in trees[:3]] == [
        (),
        ("add_dropout?rate=0.0",),
        ("add_dropout?rate=0.5",),
    ]


@pytest.mark.parametrize(
    "space",
    [
        SPACE,
        search.space(INSIDE, patches=IDEAS, inputs=INPUTS),
        search.space(INSIDE.rebind({"model.width": sj.oneof([4, 8])}), patches=IDEAS, inputs=INPUTS),
        search.space(
            FIELDS.rebind({"optimizer.learning_rate": sj.floatv(1e-4, 0.1, "log")}),
            patches=[sj.oneof([change_lr(sj.floatv(0.2, 0.5)), swap_activation("gelu")]), IDEAS[1]],
        ),
        search.space({"model": sj.oneof([FIELDS, INSIDE])}["model"], patches=[IDEAS[1]]),
    ],
    ids=["fields", "inside", "scaled choice", "oneof patches", "two models"],
)
def test_what_is_decoded_is_encoded_again(space):
    for dna in space.grid(3)[::2]:
        tree = space.decode(dna)
        again = space.encode(tree)
        assert sj.eq(space.decode(again), tree)
        assert again == dna or not _is_lossless(space)
        assert space.from_values(space.values(dna)) == dna


def _is_lossless(space):
    return space.tree == FIELDS or space.tree == INSIDE


def test_a_value_that_changes_nothing_is_a_point_like_any_other():
    dna = SPACE.from_values({"scale_width.factor": 1.0, "add_dropout": "off"})
    tree = SPACE.decode(dna)
    assert tree == FIELDS
    assert sj.lineage(tree) == ("scale_width?factor=1.0",)
    assert SPACE.encode(tree) == dna


def test_decisions_go_by_the_name_of_the_patch():
    assert SPACE.spec.names == ("scale_width.factor", "add_dropout", "add_dropout.rate")
    assert [point.id for point in SPACE.spec.points] == [
        "patches[0].factor",
        "patches[1]",
        "patches[1][=1/2].rate",
    ]
    dna = DNA.from_dict(SPACE.spec, {"scale_width.factor": 2, "add_dropout": "on", "add_dropout.rate": 0.25})
    assert SPACE.values(dna) == {"scale_width.factor": 2.0, "add_dropout": "on", "add_dropout.rate": 0.25}
    assert "  scale_width.factor: oneof([1.0, 0.5, 2.0])" in repr(SPACE).splitlines()


def test_two_patches_of_a_name_go_by_their_places():
    rates = [change_lr(sj.floatv(0.1, 0.2)), change_lr(sj.floatv(0.3, 0.4))]
    assert search.space(FIELDS, patches=[sj.oneof(rates)]).spec.names == (
        "patches[0]",
        "patches[0][=0/2].learning_rate",
        "patches[0][=1/2].learning_rate",
    )
    one = search.space(FIELDS, patches=[change_lr(sj.floatv(0.1, 0.2, name="lr"))])
    assert one.spec.names == ("lr",)


def test_patches_by_uri_and_by_updates_need_no_decisions():
    space = search.space(
        FIELDS.rebind({"optimizer.b1": sj.oneof([0.8, 0.9])}),
        patches=["change_lr?0.5", sj.oneof([{"optimizer.b2": 0.5}, {"optimizer.b2": 0.25}])],
    )
    trees = space.decode(space.grid(1))
    assert [(t.optimizer.b1, t.optimizer.b2, t.optimizer.learning_rate) for t in trees] == [
        (0.8, 0.5, 0.5),
        (0.8, 0.25, 0.5),
        (0.9, 0.5, 0.5),
        (0.9, 0.25, 0.5),
    ]
    assert [space.decode(space.encode(tree)) for tree in trees] == trees


def test_several_patches_are_one_candidate():
    both = [change_lr(0.5), swap_activation("gelu")]
    space = search.space(FIELDS, patches=[sj.oneof({"none": None, "both": both})])
    tree = space.decode(space.from_values({"patches[0]": "both"}))
    assert sj.lineage(tree) == ("change_lr?learning_rate=0.5|swap_activation?to=gelu",)
    assert space.values(space.encode(tree)) == {"patches[0]": "both"}


def test_several_of_the_patches_are_taken_in_order():
    ideas = [change_lr(0.5), swap_activation("gelu"), change_lr(0.25)]
    space = search.space(
        FIELDS, patches=[sj.manyof(2, ideas), sj.manyof(1, ["optimizer.b1=0.5", "optimizer.b2=0.5"])]
    )
    assert space.size == 6 * 2
    trees = space.decode(space.grid(1))
    assert [tree.optimizer.learning_rate for tree in trees[::2]] == [0.5, 0.25, 0.5, 0.25, 0.5, 0.25]
    assert [space.encode(tree) for tree in trees] == list(space.grid(1))


def test_nnx_models_are_patched():
    model = nnx.Sequential(nnx.Linear(4, 8), nnx.Linear(8, 3))
    space = search.space({"model": model}, patches=[sj.maybe(add_dropout(0.25))])
    off, on = space.decode(space.grid(1))
    assert off == {"model": model}
    assert "Dropout" in repr(on)


def test_a_patch_that_never_changes_anything_is_refused():
    with pytest.raises(PatchError, match=r"scale_width\?factor=.*example inputs show") as caught:
        search.space(INSIDE, patches=[scale_width(factor=sj.oneof([0.5, 2.0]))])
    assert caught.value.__notes__[-1].startswith("the patch at patches[0] of the space changes nothing")
    with pytest.raises(PatchError, match="swap_activation"):
        search.space(
            FIELDS, patches=[sj.oneof([change_lr(0.5), swap_activation("relu")])]
        )  # the second of two


def test_a_patch_that_fits_some_trees_only_is_taken():
    model = sj.oneof([nn.Dense(3), FIELDS.model])
    assert len(search.space({"model": model}, patches=[swap_activation("gelu")])) == 1


def test_what_a_patch_refuses_is_raised_where_the_space_is_made():
    with pytest.raises(ValueError, match="open choice"):
        search.space(
            FIELDS.rebind({"model.layers[0].features": sj.oneof([4, 8])}),
            where=lambda k, v, p: k.startswith("patches"),
            patches=[scale_width(factor=sj.oneof([0.5, 2.0]))],
        )


def test_a_tree_without_a_lineage_cannot_be_read():
    with pytest.raises(ValueError, match="lineage"):
        SPACE.encode(FIELDS)
    with pytest.raises(ValueError, match="are none that the space applies"):
        SPACE.encode(sj.patch(FIELDS, "change_lr?0.5"))


@pytest.mark.parametrize(
    "inputs",
    [
        None,
        SHAPE,
        (SHAPE, 3),
        Inputs(SHAPE, train=True, method="encode"),
        {"model": (SHAPE,), "other": Inputs(SHAPE)},
    ],
)
def test_inputs_are_data(inputs):
    record = sj.from_json(sj.to_json(pickle.loads(pickle.dumps(plain_inputs(inputs)))))
    assert read_inputs(record) == inputs


def test_a_space_of_patches_pickles_and_is_the_same():
    space = search.space(INSIDE, patches=IDEAS, inputs=INPUTS)
    again = pickle.loads(pickle.dumps(space))
    dna = space.sample(jax.random.key(0))
    assert again == space
    assert sj.eq(again.decode(dna), space.decode(dna))


def test_a_patch_that_is_written_as_a_uri_goes_by_its_name():
    space = search.space(FIELDS, patches=[sj.maybe("scale_width?2"), sj.maybe("add_dropout?0.1")])
    assert space.spec.names == ("scale_width", "add_dropout")
