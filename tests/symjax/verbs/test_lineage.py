"""`lineage`: how a tree came about, which is no part of what it is."""

import copy
import json
import pickle
import tempfile
from pathlib import Path

import jax
import pytest
import treescope

import symjax as sj
from symjax import lineage, optax, why
from symjax.core.paths import Path as Place
from symjax.verbs.lineage import remember_decided, steps_of, with_lineage

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


# Why a value is what it is.


class Net(sj.Object):
    rate: float = 0.5
    layers: tuple[int, ...] = (1, 2, 3)
    count: int = 3

    def on_rebind(self, changes):
        return {"count": len(self.layers)} if any(path.startswith("layers") for path in changes) else {}


def rules(tree, *paths):
    return [getattr(why(tree, path), "rule", None) for path in paths]


def test_the_last_step_that_set_a_value_is_named():
    net = sj.patch(Net(), ["rate=0.1", "layers[0]=7", "rate=0.2, layers[2]=9"])
    assert rules(net, "rate", "layers[0]", "layers[1]", "layers[2]", "count") == [
        "rate=0.2,layers[2]=9",
        "layers[0]=7",
        None,
        "rate=0.2,layers[2]=9",
        None,
    ]
    assert why(net, "layers[0]").places == ("layers[0]",)


def test_a_step_around_or_inside_a_value_counts():
    net = sj.patch(Net(), ["layers[0]=7", {"layers": (4, 5)}, "rate=0.1"])
    assert why(net, "layers[0]").rule == "<{'layers': (4, 5)}>"
    assert why(net, "layers").rule == "<{'layers': (4, 5)}>"
    assert why(net, "").rule == "rate=0.1"


class Scaled(sj.Object):
    width: int = 2
    doubled: int = 4
    other: int = 1

    def on_rebind(self, changes):
        return {"doubled": 2 * self.width, "other": 1}


def test_follow_up_updates_are_places_of_the_step_where_they_change_something():
    scaled = sj.patch(Scaled(), [{"width": 3}, {"other": 5}])
    assert why(scaled, "doubled").rule == "<{'width': 3}>"
    assert why(scaled, "doubled").places == ("width", "doubled")
    by_rule = sj.patch(Scaled(), lambda k, v: 3 if k.key == "width" else v)
    assert why(by_rule, "doubled").places == ("width", "doubled")


def test_follow_up_updates_belong_to_the_step_that_caused_them():
    net = sj.patch(Net(), ["layers[0]=7", {"layers[0]": sj.MISSING}, "layers[0]=8"])
    assert why(net, "count").rule == "<{'layers[0]': MISSING}>"


def test_moved_items_are_due_to_the_step_that_moved_them():
    net = sj.patch(Net(), ["layers[1]=7", {"layers[0]": sj.Insertion(0)}])
    assert rules(net, "layers[0]", "layers[2]", "rate") == ["<{'layers[0]': Insertion(0)}>"] * 2 + [None]


def test_a_value_that_a_step_leaves_as_it_is_is_not_due_to_it():
    net = sj.patch(Net(), ["rate=0.1", "rate=0.1, layers[0]=7"])
    assert rules(net, "rate", "layers[0]") == ["rate=0.1", "rate=0.1,layers[0]=7"]


def test_a_whole_new_tree_is_compared():
    @sj.patcher(name="tests.lineage.rebuilt")
    def rebuilt(tree):
        return Net(rate=tree.rate, layers=(1, 2, 4))

    assert rules(sj.patch(Net(), rebuilt()), "rate", "layers[1]", "layers[2]") == [
        None,
        None,
        "tests.lineage.rebuilt",
    ]


def test_a_patch_of_several_rules_is_one_step():
    @sj.patcher(name="tests.lineage.several")
    def several(tree):
        return ["rate=0.1", {"layers[0]": 7}]

    net = sj.patch(Net(), several())
    assert lineage(net) == ("tests.lineage.several",)
    assert rules(net, "rate", "layers[0]", "layers[1]") == ["tests.lineage.several"] * 2 + [None]


def test_a_rebind_since_then_is_said_and_is_no_step_of_the_lineage():
    net = sj.patch(Net(), "rate=0.1, layers[0]=7").rebind(rate=0.3).rebind({"layers[1]": 5})
    assert rules(net, "rate", "layers[0]", "layers[1]") == ["<rebind>", "rate=0.1,layers[0]=7", "<rebind>"]
    assert lineage(net) == ("rate=0.1,layers[0]=7",)
    assert lineage(sj.patch(net, "rate=0.9")) == ("rate=0.1,layers[0]=7", "rate=0.9")
    assert rules(sj.patch(net, "rate=0.9"), "rate", "layers[1]") == ["rate=0.9", "<rebind>"]
    assert rules(net.rebind(lambda k, v: 0.7 if k == "rate" else v), "rate") == ["<rebind>"]
    assert rules(net.rebind({"layers[0]": sj.MISSING}), "layers[0]", "rate") == ["<rebind>", "<rebind>"]


def test_a_rebind_leaves_the_tree_that_it_changed_alone():
    net = sj.patch(Net(), "rate=0.1")
    net.rebind(rate=0.3)
    assert rules(net, "rate") == ["rate=0.1"]
    assert why(Net().rebind(rate=0.3), "rate") is None


def through_a_file(tree):
    with tempfile.TemporaryDirectory() as folder:
        sj.save(tree, Path(folder) / "tree.json")
        return sj.load(Path(folder) / "tree.json")


@pytest.mark.parametrize(
    "kept_by",
    [
        through_a_file,
        lambda tree: sj.from_json(sj.to_json(tree)),
        lambda tree: pickle.loads(pickle.dumps(tree)),
        copy.deepcopy,
        lambda tree: tree.rebind({}),
    ],
)
def test_the_places_are_kept(kept_by):
    net = sj.patch(Net(), ["rate=0.1", "layers[0]=7"]).rebind(rate=0.3)
    assert [why(kept_by(net), path) for path in ("rate", "layers[0]", "layers[1]")] == [
        why(net, path) for path in ("rate", "layers[0]", "layers[1]")
    ]
    assert lineage(kept_by(net)) == lineage(net)


def test_a_file_without_places_has_its_lineage():
    text = json.loads(sj.to_json(sj.patch(Net(), "rate=0.1")))
    del text["places"]
    assert lineage(sj.from_json(json.dumps(text))) == ("rate=0.1",)
    assert why(sj.from_json(json.dumps(text)), "rate") is None


@pytest.mark.parametrize("places", [3, ["rate"], [[3]], [["a b"]]])
def test_bad_places_are_a_load_error(places):
    text = json.loads(sj.to_json(sj.patch(Net(), "rate=0.1")))
    text["places"] = places
    with pytest.raises(sj.LoadError, match="places of the lineage"):
        sj.from_json(json.dumps(text))


def test_a_path_must_exist():
    with pytest.raises(KeyError, match="did you mean 'rate'"):
        why(Net(), "raet")
    assert why([1], "[0]") is None


def test_what_was_decided_shows_where_it_is_a_default_and_counts_nowhere():
    tree = Box([Net(), Net().rebind(rate=0.2)])
    decided = tree.rebind({"content[0].layers[0]": 1})
    assert "rate" not in repr(decided.content[0])
    remember_decided(decided, [Place.parse("content[0].rate"), Place.parse("content[0].gone.far")])
    net = decided.content[0]
    assert repr(net) == f"Net(rate={net.rate})"
    assert "rate" in treescope.render_to_text(net)
    for kept in (
        net.rebind(layers=[5]),
        copy.deepcopy(net),
        with_lineage(net, steps_of(sj.patch(Net(), "rate=1.0"))),
    ):
        assert "rate=" in repr(kept)
    assert sj.eq(decided, tree.rebind({"content[0].layers[0]": 1}))
    assert sj.hash(net) == sj.hash(Net())
    assert jax.tree.structure(net) == jax.tree.structure(Net())
    assert jax.tree.structure(net.rebind(rate=0.3)) == jax.tree.structure(Net().rebind(rate=0.3))
    assert repr(pickle.loads(pickle.dumps(net))) == repr(jax.tree.map(lambda x: x, net)) == "Net()"
    assert sj.to_json(net) == sj.to_json(Net())
