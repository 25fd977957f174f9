"""`rebind`: by location, by rule; sharing, atomicity, lists, follow-ups, and what bad updates get."""

import collections
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import pytest
from annotated_types import Gt
from hypothesis import assume, given
from hypothesis import strategies as st

import symjax as sj
from symjax import Path, optax
from symjax import linen as nn

from .. import trees
from ..trees import Box, Pair, Rate

TREES = st.one_of(trees.objects(), trees.recipes())


class Layer(sj.Object):
    width: Annotated[int, Gt(0)]
    rate: float = 0.5
    names: tuple[str, ...] = sj.field(default_factory=lambda: ("a", "b"))


class Net(sj.Object):
    layers: list[Layer]
    depth: int = 2


NET = Net([Layer(1), Layer(2)])


# Laws, by location.


@given(TREES, st.data())
def test_an_update_changes_its_place_and_shares_the_rest(recipe, data):
    tree = recipe()
    places = trees.open_places(tree)
    assume(places)
    path = data.draw(st.sampled_from(places), label="path")
    new = object()
    marker = Marker(new)
    before = trees.identities(tree)
    changed = sj.rebind(tree, {path: marker})
    after = trees.walked(changed)
    assert after[path] is marker
    assert type(changed) is type(tree)
    for other, value in trees.walked(tree).items():
        if other.startswith(path):
            assert other == path or other not in after
        elif path.startswith(other):
            assert after[other] is not value
            assert type(after[other]) is type(value) or {type(after[other]), type(value)} == {dict, sj.Map}
        else:
            assert after[other] is value or trees.holds_data(value)  # shared, not copied
            assert sj.eq(after[other], value)
    assert trees.identities(tree) == before


class Marker:
    """A hashable value like no other."""

    def __init__(self, content: Any) -> None:
        self.content = content


@given(TREES)
def test_no_updates_give_the_tree_itself(recipe):
    tree = recipe()
    assert sj.rebind(tree, {}) is tree
    assert sj.rebind(tree) is tree
    assert sj.rebind(tree, lambda k, v: v) is tree
    assert sj.rebind(tree, lambda k, v, p: v) is tree


@given(TREES)
def test_the_root_may_be_replaced(recipe):
    tree = recipe()
    new = {"anything": 1}
    assert sj.rebind(tree, {"": new}) is new
    assert sj.rebind(tree, lambda k, v: new if not k else v) is new


@given(TREES, st.data())
def test_updates_are_read_only(recipe, data):
    tree = recipe()
    places = trees.open_places(tree)
    assume(places)
    path = data.draw(st.sampled_from(places))
    updates = {str(path): 7}
    sj.rebind(tree, updates)
    assert updates == {str(path): 7}


@given(TREES, st.data())
def test_an_error_changes_nothing(recipe, data):
    tree = Box((recipe(), Rate(0.1)), recipe())
    places = trees.open_places(tree)
    path = data.draw(st.sampled_from([p for p in places if not p.startswith(Path.parse("content"))]))
    before = trees.identities(tree)
    with pytest.raises(TypeError, match=r"Rate.rate expects float, got 'x'.*\(path=content\[1\]\.rate\)$"):
        sj.rebind(tree, {path: 5, "content[1].rate": "x"})
    with pytest.raises(KeyError, match="nowhere"):
        sj.rebind(tree, {path: 5, "nowhere": 1})
    assert trees.identities(tree) == before


# Laws, by rule.


@given(TREES, st.data())
def test_a_rule_sees_the_original_and_never_enters_what_it_replaced(recipe, data):
    tree = recipe()
    places = trees.open_places(tree)
    assume(places)
    replaced = data.draw(st.sets(st.sampled_from(places), max_size=3), label="replaced")
    seen = []
    before = trees.identities(tree)

    def rule(path, value, parent):
        seen.append((path, id(value), id(parent)))
        return Box(value, "replacement") if path in replaced else value

    changed = sj.rebind(tree, rule)
    outermost = [p for p in replaced if not any(p != q and p.startswith(q) for q in replaced)]
    expected = [
        (path, id(value), id(parent))
        for path, value, parent in sj.walk(tree)
        if not any(path != outer and path.startswith(outer) for outer in outermost)
    ]
    assert seen == expected  # pre-order over the original, and nothing inside what was replaced
    after = trees.walked(changed)
    for path in outermost:
        assert after[path].other == "replacement"
    for path, value in trees.walked(tree).items():
        if not any(path.startswith(outer) or outer.startswith(path) for outer in outermost):
            assert after[path] is value
    assert trees.identities(tree) == before


@given(TREES, st.data())
def test_a_rule_and_updates_agree(recipe, data):
    tree = recipe()
    places = trees.open_places(tree)
    assume(places)
    path = data.draw(st.sampled_from(places))
    by_rule = sj.rebind(tree, lambda k, v: 77 if k == path else v)
    assert sj.eq(by_rule, sj.rebind(tree, {path: 77}))


@given(TREES, st.data())
def test_an_error_in_a_rule_passes_and_changes_nothing(recipe, data):
    tree = recipe()
    stop = data.draw(st.sampled_from([path for path, _, _ in sj.walk(tree)]))
    before = trees.identities(tree)

    def rule(path, value):
        if path == stop:
            raise ZeroDivisionError("mine")
        return value

    with pytest.raises(ZeroDivisionError, match=r"^mine\n"):
        sj.rebind(tree, rule)
    assert trees.identities(tree) == before


# Cases, by location.


def test_fields_and_updates_together():
    changed = NET.rebind({"layers[0].width": 5}, depth=9)
    assert changed == Net([Layer(5), Layer(2)], 9)
    assert Net([Layer(1), Layer(2)]) == NET
    assert changed.layers[1] is NET.layers[1]


def test_paths_may_be_texts_or_paths():
    assert NET.rebind({Path(["layers", 1, "width"]): 5}) == NET.rebind({"layers[1].width": 5})
    assert NET.rebind({"layers[-1].width": 5}) == NET.rebind({"layers[1].width": 5})


def test_several_updates_in_one_node_are_checked_together():
    class Ordered(sj.Object):
        low: float
        high: float

        def __check__(self):
            if self.low > self.high:
                raise ValueError("low must not exceed high")

    moved = Box(Ordered(0.0, 1.0)).rebind({"content.low": 5.0, "content.high": 6.0})
    assert moved.content == Ordered(5.0, 6.0)
    with pytest.raises(
        ValueError, match=r"^low must not exceed high\nwhile checking Ordered \(path=content\)$"
    ):
        Box(Ordered(0.0, 1.0)).rebind({"content.low": 5.0})


def test_ints_become_floats_where_a_float_is_asked_for():
    rate = NET.rebind({"layers[0].rate": 1}).layers[0].rate
    assert type(rate) is float
    assert rate == 1.0


def test_new_values_are_frozen():
    changed = Box().rebind(content=[1, {"a": [2]}])
    assert changed == Box((1, {"a": (2,)}))
    assert type(changed.content) is tuple
    assert type(changed.content[1]) is sj.Map


@pytest.mark.parametrize(
    ("tree", "updates", "expected"),
    [
        ([1, 2], {"[0]": 5}, [5, 2]),
        ((1, 2), {"[1]": 5}, (1, 5)),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({3: 1, "a.b": 1}, {"[3]": 2, "['a.b']": 3}, {3: 2, "a.b": 3}),
        (Pair(1, [2]), {"right[0]": 3}, Pair(1, [3])),
        (collections.OrderedDict(a=1), {"a": 2}, collections.OrderedDict(a=2)),
        (sj.Map({"a": [1]}), {"a[0]": 2}, sj.Map({"a": (2,)})),
        ([1], {"": 7}, 7),
        (3, {"": 4}, 4),
    ],
)
def test_plain_containers(tree, updates, expected):
    changed = sj.rebind(tree, updates)
    assert sj.eq(changed, expected)
    assert type(changed) is type(expected)


def test_a_defaultdict_stays_one():
    changed = sj.rebind(collections.defaultdict(list, a=1), {"a": 2})
    assert changed == {"a": 2}
    assert changed.default_factory is list


def test_the_order_of_a_mapping_is_kept():
    assert list(Box({"b": 1, "a": 2, "c": 3}).rebind({"content.a": 5, "content.d": 1}).content) == list(
        "bacd"
    )


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        ({"[3]": 4}, [1, 2, 3, 4]),
        ({"[3]": 4, "[4]": 5}, [1, 2, 3, 4, 5]),
        ({"[4]": 5, "[3]": 4}, [1, 2, 3, 4, 5]),
        ({"[0]": sj.MISSING}, [2, 3]),
        ({"[-1]": sj.MISSING}, [1, 2]),
        ({"[0]": sj.MISSING, "[1]": sj.MISSING, "[2]": sj.MISSING}, []),
        ({"[0]": sj.Insertion(0)}, [0, 1, 2, 3]),
        ({"[2]": sj.Insertion(0)}, [1, 2, 0, 3]),
        ({"[-1]": sj.Insertion(0)}, [1, 2, 0, 3]),
        ({"[3]": sj.Insertion(0)}, [1, 2, 3, 0]),
        ({"[0]": sj.Insertion(0), "[1]": sj.MISSING, "[2]": 9, "[3]": 8}, [0, 1, 9, 8]),
    ],
)
def test_items_of_a_list_all_meant_in_the_old_list(kind, updates, expected):
    assert sj.rebind(kind([1, 2, 3]), updates) == kind(expected)
    assert Box(kind([1, 2, 3])).rebind({f"content{path}": new for path, new in updates.items()}) == Box(
        expected
    )


@given(st.lists(st.integers(), max_size=4), st.data())
def test_insertions_and_deletions_as_a_list_does_them(items, data):
    index = data.draw(st.integers(0, len(items)))
    grown = items.copy()
    grown.insert(index, 77)
    assert sj.rebind(items, {f"[{index}]": sj.Insertion(77)}) == grown
    assert sj.rebind(grown, {f"[{index}]": sj.MISSING}) == items


def test_missing_puts_a_field_back_to_its_default():
    net = Net([Layer(1, rate=0.9, names=("x",))], depth=7)
    assert net.rebind(depth=sj.MISSING) == Net([Layer(1, 0.9, ("x",))])
    assert net.rebind({"layers[0].rate": sj.MISSING, "layers[0].names": sj.MISSING}) == Net([Layer(1)], 7)


def test_missing_on_a_required_field_makes_a_hole():
    hole = NET.rebind({"layers[0].width": sj.MISSING})
    assert list(sj.missing(hole)) == ["layers[0].width"]
    assert hole.rebind({"layers[0].width": 1}) == NET


def test_missing_deletes_a_key():
    assert sj.rebind({"a": 1, "b": 2}, {"a": sj.MISSING}) == {"b": 2}
    assert Box({"a": 1, "b": 2}).rebind({"content.a": sj.MISSING}) == Box({"b": 2})


def test_modules_and_optimizers():
    model = nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(2)])
    wide = model.rebind({"layers[0].features": 8, "layers[1]": jnp.tanh})
    assert wide == nn.Sequential([nn.Dense(8), jnp.tanh, nn.Dense(2)])
    assert wide.layers[2] is model.layers[2]
    assert isinstance(wide, nn.Module)
    chain = optax.chain(optax.clip(1.0), optax.adam(0.1))
    faster = chain.rebind({"args[1].learning_rate": 0.5})
    assert faster == optax.chain(optax.clip(1.0), optax.adam(0.5))
    assert faster.args[0] is chain.args[0]


# Cases, by rule.


def test_rules_of_both_forms_reach_everything():
    tree = {"a": [1, (2, Box(3))], "m": nn.Dense(4)}
    doubled = sj.rebind(tree, lambda k, v: v * 2 if type(v) is int else v)
    assert sj.eq(doubled, {"a": [2, (4, Box(6))], "m": nn.Dense(8)})
    only_in_tuples = sj.rebind(tree, lambda k, v, p: v * 2 if type(v) is int and isinstance(p, tuple) else v)
    assert sj.eq(only_in_tuples, {"a": [1, (4, Box(3))], "m": nn.Dense(4)})


def test_a_rule_may_delete_and_insert():
    assert sj.rebind([1, 2, 3], lambda k, v: sj.MISSING if v == 2 else v) == [1, 3]
    assert sj.rebind([1, 2], lambda k, v: sj.Insertion(0) if v == 2 else v) == [1, 0, 2]
    assert sj.rebind({"a": 1, "b": 2}, lambda k, v: sj.MISSING if k == "a" else v) == {"b": 2}


def test_a_rule_that_wraps_what_it_sees_does_not_run_away():
    tree = nn.Sequential([nn.Dense(1)])
    wrapped = tree.rebind(lambda k, v: nn.Sequential([v]) if isinstance(v, nn.Dense) else v)
    assert wrapped == nn.Sequential([nn.Sequential([nn.Dense(1)])])


def test_a_rule_sees_parents_of_the_original():
    parents = []

    def rule(k, v, p):
        if k.key == "rate":
            parents.append(p)
        return 9 if k.key == "width" else v

    NET.rebind(rule)
    assert parents[0] is NET.layers[0]
    assert parents[1] is NET.layers[1]


@pytest.mark.parametrize("root", [sj.MISSING, sj.Insertion(1)])
def test_a_root_is_neither_deleted_nor_inserted(root):
    with pytest.raises(ValueError, match=r"root .* \(path=<root>\)$"):
        sj.rebind([1], {"": root})
    with pytest.raises(ValueError, match=r"root .* \(path=<root>\)$"):
        sj.rebind([1], lambda k, v: v if k else root)


def test_a_rule_that_returns_nothing_is_told_so():
    with pytest.raises(TypeError, match=r"the rule returned None for the root.*\(path=<root>\)$"):
        NET.rebind(lambda k, v: None)
    assert sj.rebind([1], lambda k, v: None if k else v) == [None]
    assert sj.rebind(None, lambda k, v: v) is None


@pytest.mark.parametrize("rule", [lambda: 1, lambda k: k, lambda a, b, c, d: a])
def test_a_rule_of_another_form_is_refused(rule):
    with pytest.raises(
        TypeError, match=r"a rule must take \(k, v\) or \(k, v, p\), got a function of \d argu"
    ):
        NET.rebind(rule)


# Validation and sharing.


def test_only_changed_nodes_are_checked_again():
    checked = []

    class Checked(sj.Object):
        name: str
        inner: Any = None

        def __check__(self):
            checked.append(self.name)

    tree = Checked("root", (Checked("left", Checked("deep")), Checked("right")))
    checked.clear()
    tree.rebind({"inner[0].inner.name": "new"})
    assert checked == ["new", "left", "root"]
    checked.clear()
    tree.rebind(lambda k, v: "new" if v == "right" else v)
    assert checked == ["new", "root"]


@pytest.mark.parametrize(
    ("path", "value", "kind", "message"),
    [
        (
            "layers[0].width",
            "8",
            TypeError,
            r"Layer.width expects .*int.*, got '8' of type str \(path=layers\[0\]\.width\)$",
        ),
        ("layers[0].width", 0, ValueError, r"greater than 0, got 0 \(path=layers\[0\]\.width\)$"),
        ("layers[0].width", 2.0, TypeError, r"got 2.0 of type float \(path=layers\[0\]\.width\)$"),
        ("layers[0].width", True, TypeError, r"got True of type bool \(path=layers\[0\]\.width\)$"),
        ("layers[0]", 3, TypeError, r"expects list\[Layer\], got 3 of type int \(path=layers\[0\]\)$"),
        ("depth", None, TypeError, r"Net.depth expects int, got None of type NoneType \(path=depth\)$"),
        ("depth", [], TypeError, r"\(path=depth\)$"),
    ],
)
def test_a_wrong_value_names_its_place(path, value, kind, message):
    with pytest.raises(kind, match=message):
        NET.rebind({path: value})
    with pytest.raises(kind, match=message):
        NET.rebind(lambda k, v: value if k == path else v)


def test_unhashable_structure_names_its_place():
    with pytest.raises(TypeError, match=r"unhashable structure .*\(path=content\.a\[0\]\)$"):
        Box({"a": [1]}).rebind({"content.a": [bytearray(b"x")]})


@pytest.mark.parametrize(
    ("tree", "path", "message"),
    [
        (NET, "dept", r"no field 'dept'; did you mean 'depth'\? valid names: layers, depth \(path=dept\)$"),
        (NET, "layers[0].wdth", r"did you mean 'width'\? .*\(path=layers\[0\]\.wdth\)$"),
        (NET, "layers[5].width", r"a tuple of 2 items; the index 2 appends \(path=layers\[5\]\)$"),
        (NET, "layers[5]", r"a tuple of 2 items; the index 2 appends \(path=layers\[5\]\)$"),
        (NET, "layers[-3]", r"a tuple of 2 items \(path=layers\[-3\]\)$"),
        (NET, "layers.width", r"\(path=layers\.width\)$"),
        (NET, "depth.x", r"which has no parts \(path=depth\.x\)$"),
        (3, "x", r"which has no parts \(path=x\)$"),
        ({"alpha": {"x": 1}}, "alpa.x", r"no key 'alpa'; did you mean 'alpha'\? .*\(path=alpa\)$"),
        ({1: {}}, "['1'].x", r"\(path=\['1'\]\)$"),
        (Pair(1), "rigth", r"did you mean 'right'\? .*\(path=rigth\)$"),
        (nn.Dense(3), "feature", r"did you mean 'features'\? .*\(path=feature\)$"),
        (optax.adam(0.1), "lr", r"valid names: learning_rate, b1.*\(path=lr\)$"),
    ],
)
def test_a_path_that_does_not_exist(tree, path, message):
    with pytest.raises(KeyError, match=message):
        sj.rebind(tree, {path: 1})


@pytest.mark.parametrize(
    ("key", "path"), [(1, "[True]"), (1, "[1.0]"), (True, "[1]"), (0.0, "[-0.0]"), ("1", "[1]")]
)
def test_an_equal_key_of_another_type_is_another_key(key, path):
    for update in ("new", sj.MISSING):
        if key == "1" and update == "new":
            continue  # a new key
        for tree in ({key: "old"}, sj.Map({key: "old"})):
            with pytest.raises(KeyError, match=r"\(path=\["):
                sj.rebind(tree, {path: update})


@pytest.mark.parametrize("path", ["[7]", "a", "['a']", "[3]"])
def test_only_what_is_there_is_deleted(path):
    with pytest.raises(KeyError, match=r"\(path="):
        sj.rebind([1, 2, 3], {path: sj.MISSING})
    with pytest.raises(KeyError, match=r"\(path="):
        sj.rebind({"b": 1}, {path: sj.MISSING})


def test_an_unknown_field_by_keyword():
    with pytest.raises(KeyError, match=r"did you mean 'depth'\?.*\(path=deep\)$"):
        NET.rebind(deep=3)


@pytest.mark.parametrize(
    "updates",
    [
        {"layers": [], "layers[0]": Layer(1)},
        {"layers[0]": Layer(1), "layers": []},
        {"layers[0].width": 3, "layers[0]": Layer(1)},
        {"layers[1]": Layer(3), "layers[-1]": Layer(4)},
        {"": NET, "depth": 3},
    ],
)
def test_overlapping_updates_are_refused(updates):
    with pytest.raises(ValueError, match=r"\(path="):
        NET.rebind(updates)
    assert Net([Layer(1), Layer(2)]) == NET


def test_a_field_given_twice_is_refused():
    with pytest.raises((ValueError, TypeError), match="depth"):
        NET.rebind({Path(["depth"]): 3}, depth=4)


def test_a_syntax_error_in_a_path():
    with pytest.raises(sj.PathError, match=r"'layers\.\.x' is no path"):
        NET.rebind({"layers..x": 1})


@pytest.mark.parametrize("updates", [5, "depth", [("depth", 3)], {3: 1}])
def test_what_are_no_updates(updates):
    with pytest.raises(TypeError, match=r"path"):
        NET.rebind(updates)


# Follow-up updates.


class Wired(sj.Object):
    """The outputs of each layer are the inputs of the next."""

    layers: tuple[Any, ...]

    def on_rebind(self, changes):
        calls.append((self, dict(changes)))
        for path in changes:
            match path.keys:
                case ("layers", i, "right") if i + 1 < len(self.layers):
                    return {f"layers[{i + 1}].left": self.layers[i].right}


class Linked(sj.Object):
    left: int
    right: int


calls: list[Any] = []


@pytest.fixture(autouse=True)
def no_calls():
    calls.clear()


def test_a_follow_up_update_is_applied():
    net = Wired([Linked(1, 2), Linked(2, 3)])
    changed = net.rebind({"layers[0].right": 9})
    assert changed == Wired([Linked(1, 9), Linked(9, 3)])
    assert net == Wired([Linked(1, 2), Linked(2, 3)])


def test_the_hook_sees_the_new_node_and_the_changes_below_it():
    Box(Wired([Linked(1, 2), Linked(2, 3)])).rebind({"content.layers[0].right": 9})
    ((node, changes),) = calls
    assert node.layers[0].right == 9
    assert changes == {"layers[0].right": 9}
    assert all(isinstance(path, Path) for path in changes)


def test_hooks_run_innermost_first_and_once():
    net = Wired([Wired([1]), Wired([2])])
    net.rebind({"layers[0].layers[0]": 5, "layers[1].layers[0]": 6})
    assert [changes for _, changes in calls] == [
        {"layers[0]": 5},
        {"layers[0]": 6},
        {"layers[0].layers[0]": 5, "layers[1].layers[0]": 6},
    ]


def test_rules_have_follow_ups_too():
    net = Wired([Linked(1, 2), Linked(2, 3)])
    assert net.rebind(lambda k, v: 9 if k == "layers[0].right" else v) == Wired([Linked(1, 9), Linked(9, 3)])
    assert len(calls) == 1


def test_a_node_without_changes_is_not_asked():
    net = Box(Wired([Linked(1, 2)]), Linked(1, 1))
    net.rebind({"other.left": 4})
    net.rebind({})
    assert calls == []


def test_a_replaced_node_is_not_asked_but_its_parent_is():
    Wired([Wired([1])]).rebind({"layers[0]": Wired([2])})
    assert [list(changes) for _, changes in calls] == [["layers[0]"]]


class Broken(sj.Object):
    value: int = 0
    answer: Any = sj.field(default=None, static=True)

    def on_rebind(self, changes):
        if self.answer == "raise":
            raise RuntimeError("mine")
        return changes.overriding({self.answer: "x"})


def test_an_error_in_a_follow_up_names_its_place_and_changes_nothing():
    tree = Box(Broken(0, "value"))
    with pytest.raises(TypeError, match=r"Broken.value expects int.*\(path=content\.value\)$"):
        tree.rebind({"content.value": 1})
    with pytest.raises(KeyError, match=r"did you mean 'value'\?.*\(path=content\.valu\)$"):
        Box(Broken(0, "valu")).rebind({"content.value": 1})
    with pytest.raises(RuntimeError, match="mine"):
        Box(Broken(0, "raise")).rebind({"content.value": 1})
    assert tree == Box(Broken(0, "value"))


class Following(sj.Object):
    """The head follows the width, unless it is given."""

    width: int
    head: int
    told: Any = ()

    def on_rebind(self, changes):
        told = tuple(sorted(map(str, changes.explicit)))
        return {"head": 2 * self.width, "told": told} if "width" in changes else None


def test_a_follow_up_leaves_alone_what_was_asked_for():
    a, b = Following(1, 2), Following(3, 7)
    assert a.rebind(width=3) == Following(3, 6, ("width",))
    assert a.rebind(width=3, head=7) == Following(3, 7, ("head", "width"))
    assert a.rebind(sj.diff(a, b).updates()).head == 7
    assert Box(a).rebind({"content.width": 3, "content.head": 7}).content.head == 7
    assert a.rebind(lambda k, v: {1: 3, 2: 7}[v] if type(v) is int else v) == Following(
        3, 7, ("head", "width")
    )


def test_what_on_rebind_must_not_do_is_said():
    class Lists(sj.Object):
        x: int = 0

        def on_rebind(self, changes):
            return ["x"]

    class Recurses(sj.Object):
        x: int = 0

        def on_rebind(self, changes):
            return self.rebind(x=self.x + 1)

    with pytest.raises(
        TypeError, match=r"Lists.on_rebind returns .*\{path: value\}.*got \['x'\].*\(path=content\)$"
    ):
        Box(Lists()).rebind({"content.x": 1})
    with pytest.raises(RecursionError, match=r"Recurses.on_rebind rebinds a Recurses.*return the updates"):
        Recurses().rebind(x=1)


def test_an_insertion_goes_into_lists_only():
    for tree, path in ((Box({"a": 1}), "content.a"), (Box(1), "content"), ({"a": 1}, "a")):
        with pytest.raises(TypeError, match=rf"Insertion goes before an item of a list.*\(path={path}\)$"):
            sj.rebind(tree, {path: sj.Insertion(2)})


def test_the_error_for_an_index_behind_the_end_says_which_one_appends():
    with pytest.raises(KeyError, match=r"the index 2 appends \(path=x\[7\]\)$"):
        sj.rebind({"x": [1, 2]}, {"x[7]": 9})


def test_two_indices_of_one_item():
    tree = {"x": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}
    expected = {"x": [{"a": 1, "b": 2}, {"a": 5, "b": 6}]}
    assert sj.rebind(tree, {"x[1].a": 5, "x[-1].b": 6}) == expected
    with pytest.raises(ValueError, match=r"overlap.*\(path=x\[-1\]\.a\)$"):
        sj.rebind(tree, {"x[1].a": 5, "x[-1].a": 6})
    with pytest.raises(ValueError, match=r"overlap.*\(path=x\[-1\]\)$"):
        sj.rebind(tree, {"x[1].a": 5, "x[-1]": 6})


@pytest.mark.parametrize(
    "verb",
    [
        lambda t: t.rebind(lambda k, v: v),
        lambda t: sj.query(t, where=lambda v: False),
        lambda t: sj.diff(t, chain(1.0)),
        hash,
        jax.tree.leaves,
        repr,
        sj.to_json,
        sj.to_python,
    ],
)
def test_what_limits_the_depth_of_trees_is_said(verb):
    with pytest.raises(RecursionError) as caught:
        verb(chain(0.5))
    assert any("sys.setrecursionlimit" in note for note in caught.value.__notes__)


def chain(leaf):
    tree = Box(leaf)
    for _ in range(5000):
        tree = Box(tree)
    return tree


def test_deep_trees_are_walked_and_changed_by_path():
    tree = chain(0.5)
    deepest = [path for path, value, _ in sj.walk(tree) if value == 0.5][-1]
    assert len(deepest) == 5001


def test_checks_run_after_the_follow_ups():
    class Sum(sj.Object):
        parts: tuple[int, ...]
        total: int

        def __check__(self):
            if sum(self.parts) != self.total:
                raise ValueError("the total is off")

        def on_rebind(self, changes):
            return {"total": sum(self.parts)} if "parts" in str(list(changes)) else None

    assert Sum((1, 2), 3).rebind({"parts[0]": 5}) == Sum((5, 2), 7)
    with pytest.raises(ValueError, match=r"^the total is off\nwhile checking Sum \(path=content\)$"):
        Box(Sum((1, 2), 3)).rebind({"content.total": 5})


def test_an_error_of_a_rule_says_what_it_was_given():
    tree = {"a": [1, {"b": "text"}]}
    for rule in (
        lambda k, v: v / 0 if v == 1 else v,
        lambda k, v, p: v.missing if isinstance(v, dict) and "b" in v else v,
    ):
        with pytest.raises((ZeroDivisionError, AttributeError)) as caught:
            sj.rebind(tree, rule)
        assert caught.value.__notes__[0] in (
            "when a rule was given 1 (path=a[0])",
            "when a rule was given {'b': 'text'} (path=a[1])",
        )
