"""`minimal`: known patches where some lead there, a diff for the rest."""

from typing import Annotated, Literal

import flax.linen
import jax
import jax.numpy as jnp
import pytest
from annotated_types import Gt
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches import minimal


class Run(sj.Object):
    rate: float = 0.1
    steps: int = 100
    sizes: tuple[int, ...] = (8, 16, 10)
    mode: str = "same"
    act: object = nn.relu
    on: bool = False
    layer: nn.Module | None = None


@patches.patcher(name="test_minimal.scale_sizes")
def scale_sizes(run, factor: Annotated[float, Gt(0)], last: bool = True):
    sizes = [int(size * factor) for size in run.sizes]
    return {"sizes": tuple(sizes if last else [*sizes[:-1], run.sizes[-1]])}


@patches.patcher(name="test_minimal.set_rate")
def set_rate(run, rate: float):
    return {"rate": rate}


@patches.patcher(name="test_minimal.more_steps")
def more_steps(run, by: int, times: int = 1):
    return {"steps": run.steps * times + by}


@patches.patcher(name="test_minimal.set_mode")
def set_mode(run, mode: Literal["same", "valid", "full"], on: bool = True):
    return {"mode": mode, "on": on}


@patches.patcher(name="test_minimal.set_act")
def set_act(run, to: str):
    return {"act": getattr(jax.nn, to)}


@patches.patcher(name="test_minimal.add_layer")
def add_layer(run, kind: str, features: int):
    return {"layer": getattr(nn, kind)(features)}


@patches.patcher(name="test_minimal.refusing")
def refusing(run, rate: float):
    raise RuntimeError("never")


KNOWN = (scale_sizes, set_rate, more_steps, set_mode, set_act, add_layer, refusing)


@pytest.mark.parametrize(
    "rules",
    [
        ["test_minimal.set_rate?rate=0.25"],
        ["test_minimal.scale_sizes?factor=2.0"],
        ["test_minimal.scale_sizes?factor=1.5&last=False"],
        ["test_minimal.more_steps?by=20"],
        ["test_minimal.set_mode?mode=full"],
        ["test_minimal.set_mode?mode=valid&on=False"],
        ["test_minimal.set_act?to=gelu"],
        ["test_minimal.add_layer?kind=Dense&features=12"],
        ["test_minimal.scale_sizes?factor=2.0", "test_minimal.set_rate?rate=0.25"],
        ["test_minimal.set_act?to=gelu", "test_minimal.set_mode?mode=full"],
    ],
)
def test_known_patches_are_found(rules):
    goal = sj.patch(Run(), rules)
    assert sorted(map(str, minimal(Run(), goal, patchers=KNOWN))) == sorted(rules)


def test_equal_trees_need_none():
    assert minimal(Run(), Run()) == []


def test_what_no_patch_does_a_diff_does():
    goal = Run(sizes=(8, 16, 12), act=len)
    (patch,) = minimal(Run(), goal, patchers=KNOWN)
    assert patch == patches.from_diff(sj.diff(Run(), goal))


def test_a_diff_fills_up_what_patches_leave():
    goal = sj.patch(Run(), ["test_minimal.scale_sizes?2", {"sizes[1]": 5, "layer": nn.Dense(3)}])
    first, rest = minimal(Run(), goal, patchers=KNOWN[:1])
    assert str(first) == "test_minimal.scale_sizes?factor=2.0"
    assert rest == patches.from_diff(sj.diff(first(Run()), goal))


def test_a_patch_that_explains_less_than_it_costs_is_left_out():
    goal = Run(rate=0.5)
    assert [str(patch) for patch in minimal(Run(), goal, patchers=[set_rate])] == [
        "test_minimal.set_rate?rate=0.5"
    ]
    (patch,) = minimal(Run(), Run(mode="valid"), patchers=[set_mode])
    assert str(patch) == "test_minimal.set_mode?mode=valid&on=False"


def test_patches_that_stand_in_the_goal_are_tried_themselves():
    carried = {"inside": (set_rate(0.7),), "rate": 0.7}
    first, rest = minimal({"inside": (), "rate": 0.1}, carried, patchers=[])
    assert first == set_rate(0.7)
    assert rest == patches.from_diff(sj.diff({"inside": (), "rate": 0.7}, carried))


def test_the_library_is_known_and_rules_without_a_function_are_not_tried():
    model = nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(10)])
    for uri in ("swap_activation?to=gelu", "scale_width?factor=3.0"):
        assert [str(patch) for patch in minimal(model, sj.patch(model, uri))] == [uri]


@sj.symbolize
class Net(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(2)(flax.linen.relu(flax.linen.Conv(4, (3, 3))(x)).ravel())


@pytest.mark.parametrize(
    "rules",
    [
        ["apply_sepconv", "swap_activation?to=gelu"],
        ["swap_activation?to=gelu", "test_minimal.set_rate?rate=0.25"],
    ],
)
def test_patches_of_a_model_with_its_layers_inside_are_found(rules):
    start = Run(act=Net())
    goal = sj.patch(start, rules)
    known = [patches.apply_sepconv, patches.swap_activation, patches.remove_bias, set_rate, scale_sizes]
    assert sorted(map(str, minimal(start, goal, patchers=known))) == sorted(rules)


class Fed(sj.Object):
    """An experiment that knows the inputs of its model."""

    model: nn.Module
    steps: int = 1

    def example_inputs(self):
        return jnp.ones((1, 4, 4, 3))


called = []


@sj.symbolize
class Counting(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        called.append(x.shape)
        return flax.linen.Dense(2)(flax.linen.relu(flax.linen.Conv(4, (3, 3))(x)))


def test_models_are_not_called_for_patches_that_lead_no_nearer():
    start = Fed(Counting())
    called.clear()
    known = [patches.apply_sepconv, patches.swap_activation, patches.remove_bias]
    goal = Fed(Counting(), steps=2)
    assert minimal(start, goal, patchers=known) == [patches.from_diff(sj.diff(start, goal))]
    assert called == []


def test_patches_that_a_model_carries_are_tried_together_and_first():
    start = Fed(Counting())
    goal = sj.patch(start, ["apply_sepconv", "swap_activation?to=gelu", "remove_bias"])
    applied = []

    @patches.patcher(name="test_minimal.never")
    def never(run):
        applied.append(run)

    found_patches = minimal(start, goal, patchers=[never])
    assert [str(patch) for patch in found_patches] == [
        "apply_sepconv",
        "swap_activation?to=gelu",
        "remove_bias",
    ]
    assert applied == []


def test_patches_that_call_models_are_tried_once_each_and_last():
    applied = []

    @patches.patcher(name="test_minimal.a_plan")
    def plan(run, n: int, inputs=None):
        applied.append("plan")

    @patches.patcher(name="test_minimal.b_step")
    def step(run, n: int):
        applied.append("step")

    start = Fed(Counting())
    minimal(start, Fed(Counting(), steps=2), patchers=[plan, step])
    assert applied[:2] == ["step", "plan"]
    assert applied.count("plan") == 1 < applied.count("step")


@pytest.mark.parametrize("wide", [False, True])
def test_no_dtype_is_tried_that_jax_would_warn_of(wide):
    applied = []

    @patches.patcher(name=f"test_minimal.typed_{wide}")
    def typed(run, dtype: Literal["float64", "float32", "int64"]):
        applied.append(dtype)

    with jax.enable_x64(wide):
        minimal(Run(), Run(steps=7), patchers=[typed])
    assert set(applied) == ({"float64", "float32", "int64"} if wide else {"float32"})


def test_the_budget_bounds_what_is_tried():
    applied = []

    @patches.patcher(name="test_minimal.counted")
    def counted(run, n: int, m: int):
        applied.append((n, m))
        return {"steps": n}

    goal = Run(steps=7, sizes=(1, 2, 3), mode="x", rate=0.9)
    minimal(Run(), goal, patchers=[counted], budget=6)
    assert 0 < len(applied) <= 6
    assert minimal(Run(), goal, patchers=[counted], budget=0) == [patches.from_diff(sj.diff(Run(), goal))]


changes = st.fixed_dictionaries(
    {},
    optional={
        "rate": st.sampled_from([0.2, 0.5]),
        "steps": st.sampled_from([50, 200]),
        "sizes": st.lists(st.integers(1, 40), max_size=4).map(tuple),
        "mode": st.sampled_from(["valid", "odd"]),
        "act": st.sampled_from([nn.gelu, nn.tanh]),
        "layer": st.sampled_from([nn.Dense(3), nn.Conv(3, (1, 1))]),
    },
)


@given(changes, changes)
def test_it_always_leads_there_and_is_the_same_each_time(left, right):
    a, b = Run(**left), Run(**right)
    found_patches = minimal(a, b, patchers=KNOWN, budget=60)
    assert len(found_patches) <= 3
    assert found_patches == minimal(a, b, patchers=reversed(KNOWN), budget=60)
    for patch in found_patches:
        a = patch(a)
    assert a == b
