"""Linen models that run with patches inside: under transforms, beside other features of Flax, with each other."""

import functools
import threading

import chex
import flax.linen
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches.interior.recording import watching

KEY = jax.random.key(0)


def shapes(model, *args):
    return jax.tree.map(jnp.shape, model.init(KEY, *args)["params"])


def on(kind, change):
    """A patch of all layers of a class, inside."""
    return patches.inside(lambda k, v: change(v) if isinstance(v, kind) else v)


no_bias = on(nn.Dense, lambda v: v.rebind(use_bias=False))
identity = patches.inside(lambda k, v: v)


def test_a_patch_that_changes_nothing_leaves_the_program_as_it_is(net, x):
    plain, patched = net, sj.patch(net, identity)
    variables = plain.init(KEY, x)
    chex.assert_trees_all_equal(patched.init(KEY, x), variables)
    assert str(jax.make_jaxpr(patched.apply)(variables, x)) == str(jax.make_jaxpr(plain.apply)(variables, x))


def test_the_numbers_are_those_of_the_model_written_so(net, x):
    patched = sj.patch(net, on(nn.Dense, lambda v: v.rebind(kernel_init=nn.initializers.ones)))
    variables = patched.init(KEY, x)
    ones = jax.tree_util.tree_map_with_path(
        lambda k, v: jnp.ones_like(v) if k[-1].key == "kernel" else v, net.init(KEY, x)
    )
    chex.assert_trees_all_equal(variables, ones)

    def loss(model, v):
        return (model.apply(v, x) ** 2).sum()

    for transform in (lambda f: f, jax.jit, jax.grad):
        run = transform(functools.partial(loss, patched))
        expected = transform(functools.partial(loss, net))
        chex.assert_trees_all_close(run(variables), expected(variables), rtol=1e-6)
    rows = jax.vmap(lambda row: patched.apply(variables, row))(x)
    chex.assert_trees_all_close(rows, net.apply(variables, x), rtol=1e-6)


class Cell(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, carry, _):
        return flax.linen.Dense(4)(carry), None


class Lifted(flax.linen.Module):
    """Layers under the lifted transforms of classes and of methods."""

    @flax.linen.compact
    def __call__(self, x):
        scanned = flax.linen.scan(Cell, variable_axes={"params": 0}, split_rngs={"params": True}, length=3)
        x, _ = scanned()(x, None)
        x, _ = flax.linen.remat(Cell)()(x, None)
        x = flax.linen.vmap(flax.linen.Dense, variable_axes={"params": 0}, split_rngs={"params": True})(4)(x)
        return self.tail(x)

    @flax.linen.remat
    @flax.linen.compact
    def tail(self, x):
        return flax.linen.Dense(2)(x)


def test_layers_inside_lifted_transforms(x):
    model = sj.symbolize(Lifted)()
    assert shapes(sj.patch(model, no_bias), x) == {
        "CheckpointCell_0": {"Dense_0": {"kernel": (4, 4)}},
        "ScanCell_0": {"Dense_0": {"kernel": (3, 4, 4)}},
        "VmapDense_0": {"kernel": (2, 4, 4)},
        "Dense_0": {"kernel": (4, 2)},
    }
    patched = sj.patch(model, no_bias)
    gradients = jax.jit(jax.grad(lambda v: patched.apply(v, x).sum()))(patched.init(KEY, x))
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))


def test_a_lifted_layer_is_shown_once(x):
    seen = []
    model = sj.patch(
        sj.symbolize(Lifted)(), patches.inside(lambda k, v: seen.append((str(k), type(v).__name__)) or v)
    )
    jax.eval_shape(model.init, KEY, x)
    layers = {path: name for path, name in seen if name in ("Dense", "Cell")}
    assert layers == {
        "ScanCell_0": "Cell",
        "ScanCell_0.Dense_0": "Dense",
        "CheckpointCell_0": "Cell",
        "CheckpointCell_0.Dense_0": "Dense",
        "VmapDense_0": "Dense",
        "Dense_0": "Dense",
    }


class Recurrent(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.RNN(flax.linen.GRUCell(5))(x)


def test_a_cell_whose_fields_the_layer_around_it_reads():
    x = jnp.ones((2, 3, 4))
    model = sj.patch(sj.symbolize(Recurrent)(), on(nn.GRUCell, lambda v: v.rebind(features=7)))
    variables = model.init(KEY, x)
    assert variables["params"]["GRUCell_0"]["hn"]["kernel"].shape == (7, 7)
    assert model.apply(variables, x).shape == (2, 3, 7)


def test_a_change_deep_in_a_field_leaves_the_names_of_parameters():
    x = jnp.ones((2, 3, 4))
    rule = patches.layers(lambda k, v: nn.relu if v is nn.tanh else v)
    model = sj.patch(sj.symbolize(Recurrent)(), rule)
    variables = Recurrent().init(KEY, x)
    new = model.init(KEY, x)
    assert jax.tree.map(jnp.shape, new) == jax.tree.map(jnp.shape, variables)

    class Written(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x):
            return flax.linen.RNN(flax.linen.GRUCell(5, activation_fn=nn.relu))(x)

    chex.assert_trees_all_close(model.apply(variables, x), Written().apply(variables, x), rtol=1e-6)


class Nested(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        inner = flax.linen.Sequential([flax.linen.Dense(3), flax.linen.tanh])
        return flax.linen.Sequential([inner, flax.linen.Dense(2)])(x)


def test_so_does_one_in_a_layer_that_holds_others(x):
    rule = patches.layers(lambda k, v: nn.relu if v is nn.tanh else v)
    model = sj.patch(sj.symbolize(Nested)(), rule)
    variables = Nested().init(KEY, x)
    assert jax.tree.map(jnp.shape, model.init(KEY, x)) == jax.tree.map(jnp.shape, variables)
    first, last = (variables["params"][f"Dense_{i}"] for i in range(2))
    hidden = nn.relu(x @ first["kernel"] + first["bias"])
    expected = hidden @ last["kernel"] + last["bias"]
    chex.assert_trees_all_close(model.apply(variables, x), expected, rtol=1e-6)


class Shared(flax.linen.Module):
    """One layer that is called twice, one given to a module that is called with it."""

    def setup(self):
        self.dense = flax.linen.Dense(4)
        self.embed = flax.linen.Embed(5, 4)

    def __call__(self, tokens):
        x = self.embed(tokens)
        return self.embed.attend(self.dense(self.dense(x)))


def test_shared_layers_stay_shared_and_other_methods_are_called():
    tokens = jnp.arange(3)[None]
    model = sj.patch(sj.symbolize(Shared)(), [no_bias, on(nn.Embed, lambda v: v.rebind(dtype=jnp.bfloat16))])
    variables = model.init(KEY, tokens)
    assert jax.tree.map(jnp.shape, variables["params"]) == {
        "dense": {"kernel": (4, 4)},
        "embed": {"embedding": (5, 4)},
    }
    assert model.apply(variables, tokens).dtype == jnp.bfloat16


def test_a_new_layer_without_the_method_that_is_called():
    model = sj.patch(sj.symbolize(Shared)(), on(nn.Embed, lambda v: nn.Dense(4)))
    with pytest.raises(TypeError, match="Embed was replaced by Dense, which has no method 'attend'"):
        model.init(KEY, jnp.ones((1, 3)))


class WithSetup(flax.linen.Module):
    """A layer whose `setup` claims parameters."""

    features: int = 3

    def setup(self):
        self.kernel = self.param("kernel", flax.linen.initializers.ones, (4, self.features))

    def __call__(self, x):
        return x @ self.kernel


class UsesSetup(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return WithSetup()(x)


def test_the_setup_of_a_replaced_layer_does_not_run(x):
    model = sj.symbolize(UsesSetup)()
    wide = sj.patch(model, on(WithSetup, lambda v: v.rebind(features=6)))
    assert shapes(wide, x) == {"WithSetup_0": {"kernel": (4, 6)}}
    other = sj.patch(model, on(WithSetup, lambda v: nn.Dense(2)))
    assert shapes(other, x) == {"WithSetup_0": {"kernel": (4, 2), "bias": (2,)}}


class Statistics(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x, train=False):
        x = flax.linen.Dense(3)(x)
        x = flax.linen.BatchNorm(use_running_average=not train)(x)
        self.sow("intermediates", "normed", x)
        return flax.linen.Dropout(0.5, deterministic=not train)(x)


def test_collections_and_keys_arrive_at_new_layers(x):
    model = sj.patch(sj.symbolize(Statistics)(), on(nn.BatchNorm, lambda v: v.rebind(momentum=0.5)))
    variables = model.init(KEY, x)
    y, updates = model.apply(
        variables, x, train=True, rngs={"dropout": KEY}, mutable=["batch_stats", "intermediates"]
    )
    mean = variables["params"]["Dense_0"]["bias"] + x @ variables["params"]["Dense_0"]["kernel"]
    statistics = updates["batch_stats"]["BatchNorm_0"]["mean"]
    chex.assert_trees_all_close(statistics, 0.5 * mean.mean(0), rtol=1e-5)
    assert set(updates["intermediates"]) == {"normed"}
    assert bool((y == 0).any())


def test_numbers_in_patches_are_leaves_of_the_model(x):
    @sj.patcher(name="test_linen.rate")
    def rate(tree, rate: float):
        return patches.layers(lambda k, v: v.rebind(rate=rate) if isinstance(v, nn.Dropout) else v)

    model = sj.patch(sj.symbolize(Statistics)(), rate(0.25))
    assert jax.tree.leaves(model) == [0.25]
    variables = model.init(KEY, x)

    @jax.jit
    @chex.assert_max_traces(1)
    def kept(model):
        y, _ = model.apply(variables, x, train=True, rngs={"dropout": KEY}, mutable=True)
        return (y != 0).mean()

    many = [float(kept(model.rebind({"inside[0].rate": r}))) for r in (0.0, 0.999)]
    assert many == [1.0, 0.0]


def test_a_patch_sees_what_those_before_it_made_and_not_what_came_after(net, x):
    wrapped = on(nn.Dense, lambda v: patches.insert(v, after=[nn.Dense(v.features)]))
    first = shapes(sj.patch(net, [no_bias, wrapped]), x)
    assert first["head"] == {"kernel": (5, 3), "after_0": {"kernel": (3, 3), "bias": (3,)}}
    last = shapes(sj.patch(net, [wrapped, no_bias]), x)
    assert last["head"] == {"kernel": (5, 3), "after_0": {"kernel": (3, 3)}}


def test_earlier_patches_go_along_with_a_layer_that_a_later_one_moves(net, x):
    class Residual(nn.Module):
        layer: nn.Module

        @flax.linen.compact
        def __call__(self, x):
            return x + self.layer(x)

    block = type(net)  # nothing in it is called Block here
    assert block.__name__ == "Net"
    moved = patches.inside(lambda k, v: Residual(v) if k.key == "Block_0" else v)
    by_path = patches.inside(no_bias.rule, path="Block_0/wide")
    params = shapes(sj.patch(net, [by_path, moved]), x)["Block_0"]["layer"]
    assert params["wide"] == {"kernel": (4, 6)}
    assert set(params["narrow"]) == {"kernel", "bias"}


def test_models_with_patches_inside_models_with_patches(net, x):
    class Outer(nn.Module):
        inner: nn.Module

        @flax.linen.compact
        def __call__(self, x):
            return flax.linen.Dense(2)(self.inner(x))

    inner = sj.patch(net, on(nn.Dense, lambda v: v.rebind(kernel_init=nn.initializers.zeros)))
    params = sj.patch(Outer(inner), no_bias).init(KEY, x)["params"]
    assert params["inner"]["head"].keys() == {"kernel"}
    assert not params["inner"]["head"]["kernel"].any()
    assert params["Dense_0"]["kernel"].any()


def test_a_table_and_what_is_seen(net, x):
    patched = sj.patch(net, no_bias)
    assert "Block_0/wide" in flax.linen.tabulate(patched, KEY)(x)
    with watching() as seen:
        jax.eval_shape(patched.init, KEY, x)
    assert [(s.path, s.by(no_bias)) for s in seen] == [
        ("Dense_0", True),
        ("Block_0", False),
        ("Block_0/wide", True),
        ("Block_0/narrow", True),
        ("Sequential_0", False),
        ("Dense_1", True),
        ("head", True),
    ]


def test_bound_modules_reach_the_layers_too(net, x):
    patched = sj.patch(net, no_bias)
    variables = patched.init(KEY, x)
    assert jnp.array_equal(patched.bind(variables)(x), patched.apply(variables, x))


def test_errors_name_the_layer_and_the_patch(net, x):
    broken = sj.patch(net, on(nn.Dense, lambda v: 3))
    with pytest.raises(TypeError, match="expected a Linen module in the place of a layer, got 3") as info:
        broken.init(KEY, x)
    assert any("was shown Dense_0, a Dense" in note for note in info.value.__notes__)
    raising = sj.patch(net, patches.inside(lambda k, v: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        raising.init(KEY, x)
    negative = sj.patch(net, patches.edit_layers({"Block_0/wide": {"features": -1}}))
    with pytest.raises(TypeError) as info:
        negative.init(KEY, x)
    assert any("(path=Block_0.wide)" in note for note in info.value.__notes__)


def test_threads_do_not_see_each_other(net, x):
    expected = {id(model): shapes(model, x) for model in (net, sj.patch(net, no_bias))}
    models = [net, sj.patch(net, no_bias)] * 3
    results = [None] * len(models)

    def run(index):
        results[index] = jax.tree.map(jnp.shape, jax.eval_shape(models[index].init, KEY, x)["params"])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(models))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    patched = [set(r["head"]) == {"kernel"} for r in results]
    assert patched == [False, True] * 3
    assert len(expected) == 2
