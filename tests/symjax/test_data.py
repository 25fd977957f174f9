"""Parameters, optimizer states and other containers of arrays in an `Object`: data, as JAX and Flax know it."""

import flax.linen
import flax.serialization
import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
import pytest
from flax.core import FrozenDict

import symjax as sj
from symjax import linen as nn
from symjax.core.containers import Map

X = jnp.linspace(-1.0, 1.0, 12).reshape(3, 4)
TX = optax.adam(1e-2)


class Net(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x, train: bool = True):
        x = flax.linen.Dense(4)(x)
        x = flax.linen.BatchNorm(use_running_average=not train)(x)
        return flax.linen.Dense(1)(flax.linen.relu(x))


class State(sj.Object):
    params: dict
    stats: dict
    opt: tuple
    step: int = sj.field(default=0, static=False)


def start(model=None) -> State:
    variables = (model or Net()).init(jax.random.key(0), X)
    return State(variables["params"], variables["batch_stats"], TX.init(variables["params"]))


def loss(params, stats):
    y, updates = Net().apply({"params": params, "batch_stats": stats}, X, mutable=["batch_stats"])
    return jnp.mean(y**2), updates["batch_stats"]


def update(params, stats, opt):
    (value, stats), grads = jax.value_and_grad(loss, has_aux=True)(params, stats)
    updates, opt = TX.update(grads, opt, params)
    return value, (optax.apply_updates(params, updates), stats, opt)


def plain(steps: int):
    variables = Net().init(jax.random.key(0), X)
    carry = variables["params"], variables["batch_stats"], TX.init(variables["params"])
    for _ in range(steps):
        carry = update(*carry)[1]
    return carry


def test_a_state_trains_as_the_same_containers_outside_of_it():
    state = start()
    for _ in range(3):
        _, (params, stats, opt) = update(state.params, state.stats, state.opt)
        state = state.rebind(params=params, stats=stats, opt=opt, step=state.step + 1)
    expected = plain(3)
    assert jax.tree.structure((state.params, state.stats, state.opt)) == jax.tree.structure(expected)
    for ours, theirs in zip(
        jax.tree.leaves((state.params, state.stats, state.opt)), jax.tree.leaves(expected), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_state_is_the_carry_of_a_scan_and_so_is_what_it_holds():
    def step(state, _):
        value, (params, stats, opt) = update(state.params, state.stats, state.opt)
        return state.rebind(params=params, stats=stats, opt=opt, step=state.step + 1), value

    last, values = jax.jit(lambda state: jax.lax.scan(step, state, length=3))(start())
    assert last.step == 3
    assert values[2] < values[0]

    state = start()
    carry = (state.params, state.stats, state.opt)
    inner, _ = jax.lax.scan(lambda carry, _: (update(*carry)[1], None), carry, length=3)
    np.testing.assert_allclose(inner[0]["Dense_0"]["kernel"], last.params["Dense_0"]["kernel"], rtol=1e-6)


def test_a_scan_may_rebuild_parameters_in_any_order():
    def shrink(params):
        return {name: jax.tree.map(lambda x: x * 0.5, params[name]) for name in sorted(params, reverse=True)}

    state = start()
    params, _ = jax.lax.scan(lambda params, _: (shrink(params), None), state.params, length=2)
    again, _ = jax.lax.scan(lambda s, _: (s.rebind(params=shrink(s.params)), None), state, length=2)
    assert jax.tree.structure(again) == jax.tree.structure(state)
    np.testing.assert_array_equal(params["Dense_0"]["bias"], again.params["Dense_0"]["bias"])


def test_data_is_what_holds_leaves_only():
    class Holder(sj.Object):
        value: object

    kinds = {
        dict: ({"a": 0.5}, {"a": {"b": (jnp.ones(2), np.ones(2))}}, {}, {"a": optax.EmptyState(), "b": 1.0}),
        Map: ({"a": 1}, {"a": 0.5, "b": None}, {"a": {"b": "c"}}, {"a": 0.5, 1: 0.5}, {"a": nn.Dense(3)}),
    }
    for kind, values in kinds.items():
        for value in values:
            assert type(Holder(value).value) is kind, value
            assert Holder(value) == sj.from_json(sj.to_json(Holder(value)))
            assert jax.tree.map(lambda x: x, Holder(value)) == Holder(value)
    frozen = FrozenDict({"a": jnp.ones(2)})
    assert Holder(frozen).value is frozen
    assert sj.from_json(sj.to_json(Holder(frozen))) == Holder(frozen)
    assert "FrozenDict({'a'" in sj.to_python(frozen)
    assert Holder({"a": 1}).rebind({"value.a": 0.5}) == Holder({"a": 0.5})
    assert Holder({"a": 0.5}).rebind({"value.a": 1}) == Holder({"a": 1})
    assert jax.tree.structure(Holder({"a": 1}).rebind({"value.a": 0.5})) == jax.tree.structure(
        Holder({"a": 0.5})
    )


def test_the_owner_of_a_dict_cannot_change_the_tree():
    numbers = {"a": {"b": np.zeros(2)}}
    state = State(numbers, {}, ())
    numbers["a"]["c"] = 1.0
    numbers["a"]["b"][0] = 7.0
    assert state == State({"a": {"b": np.zeros(2)}}, {}, ())


def test_a_default_is_no_one_elses_data():
    class Holder(sj.Object):
        value: dict = Map({"a": 0.5})

    Holder().value["a"] = 3.0
    assert Holder().value == {"a": 0.5}
    assert Holder() == Holder({"a": 0.5})


class Experiment(sj.Object):
    """A state as users write it that holds modules and optimizers too, and mixes them in tuples."""

    model: nn.Module
    optimizer: object
    params: dict
    rates: tuple


def experiment() -> Experiment:
    model = nn.Sequential([nn.Dense(4), nn.LayerNorm()])
    return Experiment(model, sj.optax.adam(1e-3), model.init(jax.random.key(0), X), (0.5, "text", {"a": 1}))


@pytest.mark.parametrize("checkpointer", ["standard", "pytree", "manager"])
def test_orbax_saves_and_restores_a_state_that_holds_nodes(checkpointer, tmp_path):
    tree = experiment()
    changed = jax.tree.map(lambda x: x * 2, tree)
    if checkpointer == "manager":
        with ocp.CheckpointManager(tmp_path / "run") as manager:
            manager.save(1, args=ocp.args.StandardSave(changed))
            manager.wait_until_finished()
            restored = manager.restore(1, args=ocp.args.StandardRestore(tree))
    else:
        make = ocp.StandardCheckpointer if checkpointer == "standard" else ocp.PyTreeCheckpointer
        with make() as ckpt:
            ckpt.save(tmp_path / "state", changed)
            if checkpointer == "standard":
                ckpt.wait_until_finished()
                restored = ckpt.restore(tmp_path / "state", tree)
            else:
                arguments = ocp.checkpoint_utils.construct_restore_args(tree)
                restored = ckpt.restore(tmp_path / "state", item=tree, restore_args=arguments)
    assert jax.tree.structure(restored) == jax.tree.structure(tree)
    for ours, theirs in zip(jax.tree.leaves(restored), jax.tree.leaves(changed), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert restored.model == changed.model


def test_flax_bytes_of_structs_that_hold_nodes():
    @flax.struct.dataclass
    class Struct:
        tree: Experiment
        rate: object
        scale: float

    tree = experiment()
    struct = Struct(tree, (Experiment.partial(), 0.5), 0.5)
    changed = jax.tree.map(lambda x: x * 2, struct)
    restored = flax.serialization.from_bytes(struct, flax.serialization.to_bytes(changed))
    assert jax.tree.structure(restored) == jax.tree.structure(struct)
    for ours, theirs in zip(jax.tree.leaves(restored), jax.tree.leaves(changed), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_map_of_nodes_in_bytes():
    box = State.partial({"norm": nn.LayerNorm(epsilon=1e-3), "act": nn.relu, "scale": jnp.ones(2)})
    changed = jax.tree.map(lambda x: x * 2, box)
    restored = flax.serialization.from_bytes(box, flax.serialization.to_bytes(changed))
    assert jax.tree.structure(restored) == jax.tree.structure(box)
    assert restored.params["norm"].epsilon == 2e-3
    np.testing.assert_array_equal(restored.params["scale"], [2.0, 2.0])
