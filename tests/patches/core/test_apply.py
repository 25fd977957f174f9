"""`patch`: what is a rule, in which order rules apply, and what is said when nothing matches."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import patches
from symjax.patches import patch


class Layer(sj.Object):
    width: int
    rate: float = 0.5


class Net(sj.Object):
    layers: tuple[Layer, ...] = (Layer(1), Layer(2))
    depth: int = 2


@patches.patcher(name="test_apply.widen")
def widen(net, by: int = 1):
    return lambda k, v: v + by if k.key == "width" else v


@patches.patcher(name="test_apply.returning")
def returning(net, outcome=None, validator=None):
    """Returns what it was given: every kind of thing that a patch may return."""
    return outcome if validator is None else (outcome, validator)


@patches.patcher(name="test_apply.rebuilt")
def rebuilt(net):
    """Returns a whole new tree."""
    return Net((Layer(7), net.layers[1]), depth=9)


@patches.patcher(name="test_apply.failing")
def failing(net):
    return {"layers[0].width": "wide"}


def widths(net):
    return [layer.width for layer in net.layers]


@pytest.mark.parametrize(
    "rules",
    [
        {"layers[0].width": 2, "layers[1].width": 3},
        {sj.Path.parse("layers[0].width"): 2, "layers[1].width": 3},
        lambda k, v: v + 1 if k.key == "width" else v,
        lambda k, v, p: v + 1 if isinstance(p, Layer) and k.key == "width" else v,
        lambda k, v: v.rebind(width=v.width + 1) if isinstance(v, Layer) else v,
        widen(),
        widen(1).expects(2),
        "test_apply.widen",
        "test_apply.widen?1#2",
        "test_apply.widen?-1|test_apply.widen?by=2",
        [widen(2), "test_apply.widen?-1"],
        ["test_apply.widen", [[], [widen(2) | widen(-2)]]],
        (widen(3), ({"layers[0].width": 2}, {"layers[1].width": 3})),
        returning({"layers[0].width": 2, "layers[1].width": 3}),
        returning("test_apply.widen"),
        returning(widen()),
        returning([widen(), "test_apply.widen?2", widen(-2)]),
        returning(Net((Layer(2), Layer(3)))),
        returning([{"layers[0].width": 2}], lambda net: None) | {"layers[1].width": 3},
    ],
)
def test_every_kind_of_rule(rules):
    net = Net()
    patched = patch(net, rules)
    assert widths(patched) == [2, 3]
    assert net == Net()
    assert widths(net) == [1, 2]


def test_no_rules_change_nothing():
    net = Net()
    assert patch(net, []) is net


def test_rules_apply_in_order():
    assert patch({"a": 1}, [{"a": 2}, lambda k, v: v * 10 if v == 2 else v]) == {"a": 20}


def test_untouched_subtrees_are_shared():
    net = Net()
    assert patch(net, {"layers[0].width": 5}).layers[1] is net.layers[1]


@given(st.lists(st.integers(-3, 3).filter(bool), min_size=1, max_size=4))
def test_a_list_is_the_composition_of_its_rules(steps):
    one_by_one = Net()
    for by in steps:
        one_by_one = patch(one_by_one, widen(by))
    at_once = patch(Net(), [widen(by) for by in steps])
    assert at_once == one_by_one
    assert sj.lineage(at_once) == sj.lineage(one_by_one)


def test_a_patcher_sees_the_result_of_the_rule_before():
    visits = []

    @patches.patcher(name="test_apply.spy")
    def spy(net):
        visits.append(widths(net))
        return (None, lambda net: None)

    patch(Net(), [spy(), widen(), spy()])
    assert visits == [[1, 2], [2, 3]]


def test_all_uris_are_resolved_before_anything_is_applied():
    applied = []

    def record(k, v):
        applied.append(k)
        return v

    with pytest.raises(ValueError, match="no patcher 'nobody'"):
        patch(Net(), [record, "nobody"])
    with pytest.raises(TypeError, match="faktor"):
        patch(Net(), [record, ["scale_width?faktor=2"]])
    assert applied == []


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (3, "3 of type int is no rule"),
        (None, "None of type NoneType is no rule"),
        ([None], "is no rule"),
        (Net(), "of type Net is no rule"),
        (widen, "widen is a patcher, and no rule yet: call it with its arguments"),
        (Layer, "Layer is a class, and no rule yet"),
        (lambda x: x, "a rule must take"),
    ],
)
def test_what_is_no_rule_is_refused(rules, why):
    with pytest.raises(TypeError, match=why):
        patch(Net(), rules)


def test_errors_inside_a_patch_name_the_place_and_the_patch():
    with pytest.raises(TypeError, match=r"\(path=layers\[0\]\.width\)") as caught:
        patch(Net(), [widen(), failing()])
    assert caught.value.__notes__ == ["while applying the patch test_apply.failing (rule 2 of 2)"]


class Refused(Exception):
    """One whose constructor takes two arguments, so that no text makes it again."""

    def __init__(self, code, reason):
        super().__init__(code, reason)
        self.code = code


def refusing_rule(k, v):
    if k.key == "width":
        raise Refused(7, "no widths")
    return v


def test_what_a_rule_raises_comes_out_as_itself_with_patch_position_and_path():
    with pytest.raises(Refused) as caught:
        patch(Net(), [widen(), returning([{"depth": 3}, refusing_rule])])
    assert caught.value.code == 7
    assert caught.value.args == (7, "no widths")
    path, inner, outer = caught.value.__notes__
    assert path.endswith("(path=layers[0].width)")
    assert inner == f"while applying the patch <{__name__}.refusing_rule> (rule 2 of 2)"
    assert outer.startswith("while applying the patch test_apply.returning?outcome=<")
    assert outer.endswith("(rule 2 of 2)")


def test_a_rule_outside_of_patches_is_named_too():
    with pytest.raises(Refused) as caught:
        patch(Net(), refusing_rule)
    assert caught.value.__notes__[-1] == f"while applying the patch <{__name__}.refusing_rule>"


def test_what_a_validator_raises_comes_out_as_itself_with_patch_position_and_path():
    def validator(net):
        raise Refused(8, "too wide")

    with pytest.raises(Refused) as caught:
        patch(Net(), [widen(), returning({"depth": 3}, validator).expects(1)])
    assert caught.value.code == 8
    (note,) = caught.value.__notes__
    assert note.startswith("the validator of the patch test_apply.returning?")
    assert note.endswith("(rule 2 of 2) refused the patched tree (path=<root>)")


@dataclasses.dataclass(frozen=True)
class FrozenError(Exception):
    code: int


def test_an_error_that_cannot_be_changed_comes_out_as_itself_too():
    def validator(net):
        raise FrozenError(9)

    with pytest.raises(FrozenError) as caught:
        patch(Net(), returning({"depth": 3}, validator))
    assert caught.value.code == 9
    assert "the validator of the patch" in caught.value.__notes__[0]


def test_a_path_that_does_not_exist():
    with pytest.raises(KeyError, match=r"did you mean 'width'\?.*\(path=layers\[0\]\.widht\)"):
        patch(Net(), {"layers[0].widht": 3})


# Nothing matched.


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (patches.on_key("nothing", 1), r"on_key\?regex=nothing&value=1"),
        ("test_apply.widen?0", r"test_apply.widen\?by=0"),
        ({"depth": 2}, "<{'depth': 2}>"),
        (lambda k, v: v, f"<{__name__}.<lambda>>"),
        (returning(), "test_apply.returning"),
        (returning(Net()), "test_apply.returning"),
    ],
)
def test_a_rule_that_changes_nothing_is_named(rule, name):
    net = Net()
    with pytest.warns(patches.PatchWarning, match=f"the patch {name}.* changed nothing") as caught:
        assert patch(net, rule) is net
    assert caught[0].filename == __file__
    with pytest.raises(patches.PatchError, match=f"the patch {name}.* changed nothing"):
        patch(net, rule, strict=True)


def test_each_rule_of_a_chain_is_asked():
    with pytest.warns(patches.PatchWarning, match="on_key") as caught:
        patched = patch(Net(), widen() | patches.on_key("nothing", 1))
    assert len(caught) == 1
    assert sj.lineage(patched) == ("test_apply.widen",)


def test_strict_passes_what_changes_something():
    assert widths(patch(Net(), [widen()], strict=True)) == [2, 3]


def test_an_equal_value_is_no_change():
    with pytest.warns(patches.PatchWarning):
        patch({"a": 0.1}, lambda k, v: float(str(v)) if isinstance(v, float) else v)


def test_deletions_and_insertions_are_changes():
    assert patch([1, 2], {"[0]": sj.MISSING}) == [2]
    assert patch([1, 2], {"[0]": sj.Insertion(1)}) == [1, 1, 2]
    assert patch([1, 2], {"[2]": 3}) == [1, 2, 3]
    assert patch({"a": 1}, {"b": 1}) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("updates", "changed"),
    [
        ({"depth": 2, "layers[0].width": 5}, ["layers[0].width"]),
        ({"layers[0].width": 5, "depth": 2, "layers[1].width": 2}, ["layers[0].width"]),
        ({"layers[0].width": 5, "depth": sj.MISSING}, ["layers[0].width"]),  # it has its default already
        ({"layers[0]": sj.MISSING, "layers[1].width": 2}, ["layers[0]"]),  # which is the first afterwards
        ({"layers[0]": sj.Insertion(Layer(0)), "layers[1].width": 2}, ["layers[0]"]),
        ({"layers[0]": sj.MISSING, "layers[1].width": 5}, ["layers[0]", "layers[1].width"]),
        ({"layers[2]": Layer(3), "layers[0]": sj.MISSING, "layers[1].rate": 0.5}, ["layers[2]", "layers[0]"]),
    ],
)
def test_an_update_without_effect_among_several_is_no_place(updates, changed):
    """The others have an effect, so nothing warns; but the update does not count, and is not listed."""
    patched = patch(Net(), returning(updates).expects(len(changed)))
    assert patched == patch(Net(), updates, strict=True) == sj.rebind(Net(), updates)
    with pytest.raises(patches.PatchError) as caught:
        patch(Net(), returning(updates).expects(len(updates) + 1))
    assert str(caught.value).endswith(f"and changed {len(changed)}: {', '.join(changed)}")


def test_the_places_of_all_rules_of_a_patch_count():
    rules = [widen(), {"depth": 3}, widen(0)]
    assert patch(Net(), returning(rules).expects(3)) == patch(Net(), rules[:2])


def test_updates_that_hold_only_together_count_each():
    class Pair(sj.Object):
        items: tuple[int, ...] = (1, 2)
        size: int = 2

        def __check__(self):
            if len(self.items) != self.size:
                raise ValueError("wrong size")

    updates = {"items[0]": sj.MISSING, "size": 1}
    assert patch(Pair(), returning(updates).expects(2)) == Pair((2,), 1)


def test_a_rule_without_effect_among_several_warns():
    with pytest.warns(patches.PatchWarning) as caught:
        patched = patch(Net(), [widen(), {"depth": 2}, {"layers[0].rate": 0.1}])
    (warning,) = caught
    assert "the patch <{'depth': 2}> (rule 2 of 3) changed nothing" in str(warning.message)
    assert sj.lineage(patched) == ("test_apply.widen", "<{'layers[0].rate': 0.1}>")
    with pytest.raises(patches.PatchError, match=r"<{'depth': 2}> \(rule 2 of 3\) changed nothing"):
        patch(Net(), [widen(), {"depth": 2}, {"layers[0].rate": 0.1}], strict=True)


# Validators.


def test_validators_run_on_the_final_tree():
    visits = []

    def validator(net):
        visits.append(widths(net))

    patch(Net(), [returning({"depth": 3}, validator), widen(), returning(None, validator), widen()])
    assert visits == [[3, 4], [3, 4]]


def test_a_patch_that_only_validates_neither_warns_nor_counts():
    net = Net()
    assert patch(net, returning(None, lambda net: True), strict=True) is net


def test_a_validator_may_raise():
    def shallow(net):
        raise ValueError("too deep")

    with pytest.raises(ValueError, match="too deep") as caught:
        patch(Net(), returning({"depth": 3}, shallow))
    assert "the validator of the patch test_apply.returning?" in caught.value.__notes__[0]


@pytest.mark.parametrize("no", [False, np.bool_(False), jnp.array(False)])
def test_a_validator_may_return_false(no):
    with pytest.raises(patches.PatchError, match="the validator of the patch test_apply"):
        patch(Net(), returning({"depth": 3}, lambda net: no))


@pytest.mark.parametrize("yes", [True, None, np.bool_(True), jnp.array(True), 0, ""])
def test_anything_else_is_no_refusal(yes):
    assert patch(Net(), returning({"depth": 3}, lambda net: yes)) == Net(depth=3)


def test_validators_of_inner_patches_run_too():
    with pytest.raises(patches.PatchError):
        patch(Net(), returning([widen(), returning({"depth": 3}, lambda net: False)]))


@pytest.mark.parametrize("outcome", [(widen(), widen(2)), [widen(), widen(2)], (widen(3),)])
def test_a_tuple_without_a_validator_is_a_list(outcome):
    @patches.patcher(name="test_apply.pair")
    def pair(net):
        return outcome

    assert widths(patch(Net(), pair())) == [4, 5]


@pytest.mark.parametrize("outcome", [(None, 3), (widen(), lambda k, v, p, more: v), 3, Net])
def test_an_outcome_that_is_no_edit_is_refused(outcome):
    @patches.patcher(name="test_apply.wrong")
    def wrong(net):
        return outcome

    with pytest.raises(TypeError) as caught:
        patch(Net(), wrong())
    assert "while applying the patch test_apply.wrong" in caught.value.__notes__


# A whole new tree.


def test_a_patcher_may_return_a_whole_new_tree():
    patched = patch(Net(), rebuilt())
    assert (widths(patched), patched.depth) == ([7, 2], 9)
    assert patch(Net(), rebuilt().expects(2)) == patched


# Lineage.


def test_the_lineage_is_the_chain_of_patches():
    def halve(k, v):
        return v // 2 if k.key == "depth" else v

    patched = patch(Net(), [widen(2), "test_apply.widen", {"depth": 8}, halve, rebuilt()])
    assert sj.lineage(patched) == (
        "test_apply.widen?by=2",
        "test_apply.widen",
        "<{'depth': 8}>",
        f"<{__name__}.test_the_lineage_is_the_chain_of_patches.<locals>.halve>",
        "test_apply.rebuilt",
    )
    assert sj.lineage(patch(patched, widen())) == (*sj.lineage(patched), "test_apply.widen")


def test_the_lineage_of_uris_makes_the_tree_again():
    patched = patch(Net(), [widen(2), rebuilt() | widen(3)])
    assert patch(Net(), sj.lineage(patched)) == patched


def test_a_patcher_that_patches_inside_leaves_one_step():
    @patches.patcher(name="test_apply.inside")
    def inside(net):
        return patch(net, [widen(), widen()])

    assert sj.lineage(patch(Net(), inside())) == ("test_apply.inside",)


def test_the_lineage_is_no_part_of_equality_nor_of_the_structure():
    patched = patch(Net(), [widen(), widen(-1), {"depth": 3}])
    assert patched == Net(depth=3)
    assert jax.tree.structure(patched) == jax.tree.structure(Net(depth=3))


# JAX.


def test_a_patch_can_be_applied_under_jit():
    @jax.jit
    def rates(net, rate):
        return [layer.rate for layer in patch(net, {"layers[0].rate": rate}).layers]

    assert [float(rate) for rate in rates(Net(), 0.25)] == [0.25, 0.5]


def test_a_patched_tree_compiles_once_for_all_rates():
    traces = []

    @jax.jit
    def total(net):
        traces.append(net)
        return sum(jnp.asarray(layer.rate) for layer in net.layers)

    for rate in (0.1, 0.2, 0.3):
        total(patch(Net(), patches.on_key("rate", rate)))
    assert len(traces) == 1


# Where the warning points, and what it says.


@pytest.mark.parametrize(
    "apply", [lambda: widen(0)(Net()), lambda: (widen(0) | [])(Net()), lambda: patch(Net(), [widen(0)])]
)
def test_a_warning_points_at_the_line_that_applies_the_patch(apply):
    with pytest.warns(patches.PatchWarning) as caught:
        apply()
    assert (caught[0].filename, caught[0].lineno) == (__file__, apply.__code__.co_firstlineno)


def test_a_patcher_that_patches_inside_is_warned_at_its_own_line():
    @patches.patcher(name="test_apply.warned")
    def warned(net):
        patch(net, widen(0))
        return widen(1)

    with pytest.warns(patches.PatchWarning) as caught:
        patch(Net(), warned())
    assert caught[0].filename == __file__
    assert (
        caught[0].lineno
        < test_a_patcher_that_patches_inside_is_warned_at_its_own_line.__code__.co_firstlineno + 4
    )


@patches.patcher(name="test_apply.seeking")
def seeking(net):
    return lambda k, v: None if patches.has_role(v, "convolution", "dense") else v


def test_what_matched_nothing_says_which_roles_it_looked_for():
    with pytest.warns(
        patches.PatchWarning, match="already; it looked for the roles convolution, dense; strict"
    ):
        patch(Net(), seeking())
    with pytest.raises(patches.PatchError, match="already; it looked for the roles convolution, dense"):
        patch(Net(), [seeking()], strict=True)
    with pytest.warns(patches.PatchWarning) as caught:
        patch(Net(), [widen(0), seeking()])
    assert "roles" not in str(caught[0].message)  # of the rule before


# What bad input gets: the patch, its position and the path, and a tree that is as it was.


class Guarded(sj.Object):
    """An object of several kinds of fields, with an invariant."""

    low: int = 1
    high: int = 2
    name: str = "x"
    items: tuple[int, ...] = (1, 2)
    net: Net = Net()

    def __check__(self):
        if self.low > self.high:
            raise ValueError("low is above high")


@pytest.mark.parametrize(
    ("rule", "kind", "message", "path"),
    [
        (lambda k, v: None, TypeError, "the rule returned None for the root", "<root>"),
        (lambda k, v: None if k.key == "low" else v, TypeError, "Guarded.low expects int", "low"),
        (lambda k, v: object() if k.key == "low" else v, TypeError, "Guarded.low expects int", "low"),
        (
            lambda k, v: "wide" if k.key == "width" else v,
            TypeError,
            "Layer.width expects int",
            "net.layers[0].width",
        ),
        (lambda k, v: {1} if k.key == "items" else v, TypeError, "Guarded.items", "items"),
        (lambda k, v: v / 0 if k.key == "low" else v, ZeroDivisionError, "", "low"),
        (lambda k, v: sj.MISSING if not k else v, ValueError, "the root of a tree can be replaced", "<root>"),
        (
            lambda k, v: sj.Insertion(3) if k.key == "low" else v,
            TypeError,
            "an Insertion goes before an item",
            "low",
        ),
        (lambda k, v: 5 if k.key == "low" else v, ValueError, "low is above high", "<root>"),
        ({"lwo": 1}, KeyError, "did you mean 'low'?", "lwo"),
        ({"net": Net(), "net.depth": 3}, ValueError, "overlap", "net.depth"),
        ({"items[0]": 1, "items[-2]": 2}, ValueError, "overlap", "items[-2]"),
        ({"a b": 1}, ValueError, "'a b' is no path", ""),
        ({3: 1}, TypeError, "expected a Path", ""),
        ("lwo=1", KeyError, "did you mean 'low'?", "lwo"),
        ("low=5", ValueError, "low is above high", "<root>"),
        ("net.layers[0].width=wide", TypeError, "Layer.width expects int", "net.layers[0].width"),
        (returning([lambda k, v: v, {"lwo": 1}]), KeyError, "did you mean 'low'?", "lwo"),
        (returning(None, lambda tree: False), patches.PatchError, "refused the patched tree", "<root>"),
        (returning({"low": 0}, lambda tree: 1 / 0), ZeroDivisionError, "refused the patched tree", "<root>"),
        (patches.on_key("low", 5), ValueError, "low is above high", "<root>"),
        (patches.on_path("(", 5), Exception, "", ""),
        (widen().expects(3), patches.PatchError, "was to change 3 places, and changed 2", ""),
    ],
)
def test_bad_input_names_the_patch_its_position_and_the_path(rule, kind, message, path):
    tree = Guarded()
    first = {"high": 3}
    with pytest.raises(kind) as caught:
        patch(tree, [first, rule, "name=y"])
    said = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert message in said
    assert f"(path={path})" in said or not path
    assert "the patch " in said
    assert "(rule 2 of 3)" in said
    assert tree == Guarded()
    assert sj.lineage(tree) == ()


def test_two_patches_that_disagree_are_applied_in_turn_and_one_that_disagrees_with_itself_is_refused():
    assert patch(Guarded(), ["low=0", "low=2"]).low == 2
    with pytest.raises(ValueError, match="'low' is set twice"):
        patch(Guarded(), "low=0, low=2")
