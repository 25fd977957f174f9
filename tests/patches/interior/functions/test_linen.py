"""Linen models in which the functions that their methods call are replaced."""

import functools
import threading

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

import symjax as sj
from symjax import patches
from symjax.patches.interior.functions.linen import FunctionLayer
from symjax.patches.interior.recording import watching

KEYS = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
X = jnp.linspace(-1, 1, 8).reshape(2, 4)


def bent(x):
    return jnp.where(x > 0, x, 0.3 * x)


def models(act):
    """Models as people write them, with an activation that is no field of theirs."""

    class Block(nn.Module):
        @nn.compact
        def __call__(self, x, _=None):
            x = act(nn.Dense(4)(x))
            self.sow("intermediates", "activated", x)
            return x, None

    class Stem(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.BatchNorm(use_running_average=not self.is_mutable_collection("batch_stats"))(x)
            return nn.Dropout(0.5, deterministic=not self.has_rng("dropout"))(act(x))

    class Net(nn.Module):
        """Blocks in lifted transforms, made in `setup`; methods that call each other; flags; a dict of outputs."""

        def setup(self):
            axes = {"params": 0, "intermediates": 0}
            split = {"params": True}
            self.plain = Stem()
            self.remat = nn.remat(Block)()
            self.scan = nn.scan(Block, variable_axes=axes, split_rngs=split, length=2)()
            self.vmap = nn.vmap(Block, variable_axes=axes, split_rngs=split, in_axes=(0, None))()
            self.jit = nn.jit(Block)()

        def encode(self, x, *, train=False):
            assert train in (True, False)
            x = self.plain(x)
            for block in (self.remat, self.scan, self.jit):
                x, _ = block(x, None)
            x, _ = self.vmap(jnp.stack([x, x]), None)
            return act(x.sum(0) - 0.1)

        def __call__(self, x, train=False):
            return {"out": self.encode(x, train=train), "train": train, "names": ["a", None]}

    class Recurrent(nn.Module):
        @nn.compact
        def __call__(self, x):
            return act(nn.RNN(nn.LSTMCell(3))(x))

    return Net, Recurrent, Block


Net, Recurrent, Block = models(nn.relu)
BentNet, BentRecurrent, _ = models(bent)
PATCH = patches.traced("relu", bent)


@pytest.fixture(scope="module")
def patched():
    return sj.patch(sj.symbolize(Net)(), PATCH)


@pytest.fixture(scope="module")
def variables():
    return jax.jit(BentNet().init)(KEYS, X)


def close(a, b):
    chex.assert_trees_all_close(a, b, rtol=2e-6, atol=2e-7)


def test_init_makes_the_variables_of_the_model_written_so(patched, variables):
    close(jax.jit(patched.init)(KEYS, X), variables)


def test_so_does_apply_the_outputs_and_the_collections(patched, variables):
    def run(model):
        mutable = ["batch_stats", "intermediates"]
        outputs, collections = model.apply(variables, X, train=True, rngs=KEYS, mutable=mutable)
        assert (outputs.pop("train"), outputs.pop("names")) == (True, ["a", None])
        return outputs, collections

    ours, theirs, unpatched = jax.jit(lambda: (run(patched), run(BentNet()), run(Net())))()
    close(ours, theirs)
    assert float(jnp.abs(ours[0]["out"] - unpatched[0]["out"]).max()) > 0.01


def test_without_jit_too():
    model, written = (make() for make in (sj.symbolize(Block), models(bent)[2]))
    model = sj.patch(model, PATCH)
    variables = written.init(KEYS, X)
    close(model.init(KEYS, X), variables)
    close(model.apply(variables, X)[0], written.apply(variables, X)[0])


def test_gradients_agree(patched, variables):
    def loss(model, params):
        out = model.apply({**variables, "params": params}, X, rngs=KEYS)
        return jnp.sum(jnp.sin(out["out"]))

    gradients = [jax.grad(functools.partial(loss, model)) for model in (patched, BentNet())]
    ours, theirs = jax.jit(lambda params: [gradient(params) for gradient in gradients])(variables["params"])
    chex.assert_trees_all_close(ours, theirs, atol=2e-7, rtol=2e-6)


def test_a_batch_of_models_under_vmap():
    class Small(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.relu(nn.Dense(3)(x))

    leaky = sj.symbolize(jax.nn.leaky_relu)
    model = sj.patch(sj.symbolize(Small)(), patches.traced("relu", leaky.partial(negative_slope=0.1)))
    variables = model.init(KEYS, X)
    slopes = jnp.array([0.1, 0.7])
    many = sj.rebind(model, {"inside[0].to.negative_slope": slopes})
    outputs = jax.vmap(lambda model: model.apply(variables, X))(many)
    dense = nn.Dense(3).apply({"params": variables["params"]["Dense_0"]}, X)
    for output, slope in zip(outputs, slopes, strict=True):
        close(output, jax.nn.leaky_relu(dense, slope))


def test_methods_and_intermediates(patched, variables):
    def run(model):
        return model.apply(variables, X, method="encode", train=False, capture_intermediates=True)

    ours, theirs = run(patched), run(BentNet())
    chex.assert_trees_all_equal_structs(ours[1], theirs[1])
    close(ours, theirs)


def test_a_function_of_the_model_that_calls_its_methods_and_its_parts(patched, variables):
    def twice(model, x):
        return model.encode(x), model.plain(x)[0], model.encode(x)

    ours = patched.apply(variables, X, method=twice)
    close(ours[0], patched.apply(variables, X)["out"])
    close(ours[2], ours[0])
    # A part that is called from outside is not the model's method.
    close(ours[1], Net().apply(variables, X, method=lambda model, x: model.plain(x)[0]))


def test_a_setup_may_call_methods():
    class Late(nn.Module):
        def setup(self):
            self.dense = nn.Dense(3)
            self.scale = self.twice(1.0)

        def twice(self, x):
            return nn.relu(2 * x)

        def __call__(self, x):
            return nn.relu(self.dense(x)) * self.scale

    model = sj.patch(sj.symbolize(Late)(), PATCH)
    variables = Late().init(KEYS, X)
    expected = bent(nn.Dense(3).apply({"params": variables["params"]["dense"]}, X)) * 2
    close(model.apply(variables, X), expected)
    # Its attributes are read from outside, which is when it is set up.
    assert model.apply(variables, method=lambda model: model.scale) == 2
    close(model.apply(variables, X, method=lambda model, x: (model.scale, model(x))[1]), expected)


def test_a_table_of_the_layers(patched):
    table = patched.tabulate(KEYS, X, console_kwargs={"force_terminal": False, "width": 200})
    written = BentNet().tabulate(KEYS, X, console_kwargs={"force_terminal": False, "width": 200})
    assert table == written


@pytest.mark.parametrize(
    ("path", "hit"),
    [
        ("remat", {"remat/relu"}),
        ("s*", {"scan/relu"}),
        ("", {"relu"}),
        ("**", {"relu", "plain/relu", "remat/relu", "scan/relu", "vmap/relu", "jit/relu"}),
        ("scan/Dense_0", set()),
    ],
)
def test_paths_are_those_of_modules(path, hit):
    model = sj.symbolize(Net)()
    with watching() as sightings:
        model = model.rebind(inside=(patches.traced("relu", bent, path),))
        jax.eval_shape(model.init, KEYS, X)
    assert {sighting.path for sighting in sightings if sighting.sources} == hit


def test_gates_of_cells_are_not_swapped():
    model = sj.symbolize(Recurrent)()
    x = jnp.linspace(-1, 1, 24).reshape(2, 3, 4)
    by_role = sj.patch(model, patches.traced("activation", bent))
    variables = BentRecurrent().init(KEYS, x)
    close(by_role.apply(variables, x), BentRecurrent().apply(variables, x))
    # By name they are.
    by_name = sj.patch(model, patches.traced("sigmoid", bent))
    with pytest.raises(AssertionError):
        close(by_name.apply(variables, x), Recurrent().apply(variables, x))


def test_patches_of_layers_beside_patches_of_functions(variables):
    def rule(k, v):
        return v.rebind(use_bias=False) if patches.has_role(v, "dense") else v

    model = sj.symbolize(Net)()
    both = sj.patch(model, [patches.layers(rule), PATCH])
    params = jax.eval_shape(both.init, KEYS, X)["params"]
    assert list(params["remat"]["Dense_0"]) == ["kernel"]
    without = jax.tree.map_with_path(
        lambda path, leaf: jnp.zeros_like(leaf) if path[-1].key == "bias" and "Dense" in str(path) else leaf,
        variables,
    )
    kept = jax.tree.map_with_path(lambda path, leaf: _at(without, path), {"params": params})
    close(both.apply({**without, **kept}, X)["out"], BentNet().apply(without, X)["out"])


def _at(tree, path):
    for key in path:
        tree = tree[key.key]
    return tree


def test_a_patch_restricted_to_a_path(variables):
    model = sj.patch(sj.symbolize(Net)(), patches.inside(PATCH, path="scan"))
    same = sj.patch(sj.symbolize(Net)(), patches.traced("relu", bent, "scan"))
    close(model.apply(variables, X)["out"], same.apply(variables, X)["out"])


def test_a_model_that_is_part_of_another():
    class Outer(nn.Module):
        inner: nn.Module

        @nn.compact
        def __call__(self, x):
            return nn.relu(self.inner(x)[0])

    inner = sj.patch(sj.symbolize(Block)(), PATCH)
    outer = sj.symbolize(Outer)(inner)
    variables = outer.init(KEYS, X)
    written = Outer(models(bent)[2]())
    close(outer.apply(variables, X), written.apply(variables, X))


def test_a_layer_may_be_replaced_by_a_function():
    class Learned(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.PReLU()(nn.Dense(3)(x))
            return nn.Sequential([nn.Dense(3), nn.PReLU()])(x)

    model = sj.patch(sj.symbolize(Learned)(), "swap_activation?tanh")
    variables = model.init(KEYS, X)
    assert list(variables["params"]) == ["Dense_0", "Dense_1"]
    dense = [nn.Dense(3).bind({"params": variables["params"][f"Dense_{i}"]}) for i in range(2)]
    close(model.apply(variables, X), jnp.tanh(dense[1](jnp.tanh(dense[0](X)))))
    assert FunctionLayer(jnp.sin).apply({}, 0.0) == 0


def test_errors_name_the_layer_and_what_went_wrong(variables):
    model = sj.patch(sj.symbolize(Net)(), patches.traced("relu", lambda x: x[0], "remat"))
    with pytest.raises(ValueError, match=r"shapes \[\(4,\)\] in place of \[\(2, 4\)\]") as caught:
        model.apply(variables, X)
    assert any("in place of relu in Net" in note and "remat" in note for note in caught.value.__notes__)


def test_a_patch_that_hits_nothing_says_what_is_called():
    with pytest.warns(patches.PatchWarning, match=r"traced\?function=elu.*it calls .*relu"):
        sj.patch(sj.symbolize(Recurrent)(), "traced?elu&tanh", inputs=jnp.ones((2, 3, 4)))


def test_threads(variables):
    outputs = {}

    def run(name):
        model = sj.patch(sj.symbolize(Net)(), patches.traced("relu", name))
        outputs[name] = model.apply(variables, X)["out"]

    threads = [threading.Thread(target=run, args=(name,)) for name in ("tanh", "silu")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, output in outputs.items():
        written = models(getattr(jax.nn, name))[0]()
        close(output, written.apply(variables, X)["out"])
