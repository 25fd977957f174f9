"""`traced` and `rewrite`: which functions are replaced, by what, and where."""

import functools
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import patches
from symjax.patches.interior.recording import watching

X = jnp.linspace(-2, 2, 6).reshape(2, 3)


def bent(x):
    return jnp.where(x > 0, x, 0.3 * x)


def network(x, act=jax.nn.relu):
    with jax.named_scope("encoder"):
        x = act(x - 1)
        with jax.named_scope("Block_0"):
            x = jnp.tanh(x) + 1
    with jax.named_scope("decoder"):
        return act(x - 1) * jax.nn.sigmoid(x)


def seen_in(function, *args):
    """What is called in a function with patches of functions, and whether they replace it."""
    with watching() as sightings:
        function(*args)
    return {sighting.path: bool(sighting.sources) for sighting in sightings}


def test_a_patch_is_text_and_back():
    patch = patches.traced("relu", "gelu", "encoder/**")
    assert str(patch) == "traced?function=relu&to=gelu&path=encoder/**"
    assert patches.from_uri(str(patch)) == patch
    assert sj.from_json(sj.to_json(patch)) == patch
    assert patches.from_uri("traced?relu&gelu") == patches.traced("relu", "gelu")
    assert sj.from_json(sj.to_json(patches.traced(jax.nn.relu, jax.nn.gelu))).function is jax.nn.relu


def test_an_unknown_activation_is_refused_at_once():
    with pytest.raises(ValueError, match="no activation 'gleu'; did you mean 'gelu'"):
        patches.traced("relu", "gleu")


@pytest.mark.parametrize("rules", [patches.traced(jax.nn.relu, bent), [patches.traced("relu", bent)]])
def test_by_function_and_by_name(rules):
    np.testing.assert_allclose(patches.rewrite(network, rules)(X), network(X, bent), rtol=1e-6)


def test_by_uri_and_by_the_name_of_an_alias():
    np.testing.assert_allclose(patches.rewrite(jax.nn.silu, "traced?swish&tanh")(X), jnp.tanh(X), rtol=1e-6)


def test_a_name_counts_wherever_it_is_defined_a_function_does_not():
    @jax.jit
    def relu(x):
        return 2 * x

    both = lambda x: relu(x) + jax.nn.relu(x)  # noqa: E731
    np.testing.assert_allclose(patches.rewrite(both, patches.traced("relu", "tanh"))(X), 2 * jnp.tanh(X))
    by_function = patches.rewrite(both, patches.traced(jax.nn.relu, "tanh"))
    np.testing.assert_allclose(by_function(X), 2 * X + jnp.tanh(X), rtol=1e-6)


def test_a_role_is_all_its_functions_but_gates_and_what_is_that_already():
    new = patches.rewrite(network, patches.traced("activation", "tanh"))
    assert seen_in(new, X) == {
        "encoder/relu": True,
        "encoder/Block_0/tanh": False,
        "decoder/relu": True,
        "decoder/sigmoid": False,
    }
    np.testing.assert_allclose(new(X), network(X, jnp.tanh), rtol=1e-6)
    gates = patches.rewrite(network, patches.traced("gate", "tanh"))
    assert [path for path, replaced in seen_in(gates, X).items() if replaced] == ["decoder/sigmoid"]
    by_name = patches.rewrite(network, patches.traced("sigmoid", "tanh"))
    np.testing.assert_array_equal(gates(X), by_name(X))


def test_a_function_that_a_user_marks_has_the_role():
    @patches.role("activation")
    def squared(x):
        return jnp.square(jax.nn.relu(x))

    model = lambda x: squared(x) + jax.nn.relu(x)  # noqa: E731
    new = patches.rewrite(model, patches.traced("activation", "tanh"))
    np.testing.assert_allclose(new(X), 2 * jnp.tanh(X), rtol=1e-6)
    # And it can be named, as what is replaced and as what takes its place.
    by_name = patches.rewrite(model, patches.traced("squared", "tanh"))
    np.testing.assert_allclose(by_name(X), jnp.tanh(X) + jax.nn.relu(X), rtol=1e-6)
    back = patches.rewrite(model, patches.traced("relu", "squared"))
    np.testing.assert_allclose(back(X), 2 * squared(X), rtol=1e-6)


def test_what_the_new_function_calls_is_not_replaced_again():
    def shifted(x):
        return jax.nn.relu(x) - 1

    model = lambda x: shifted(x) + jnp.tanh(x)  # noqa: E731
    new = patches.rewrite(model, patches.traced("activation", shifted))
    assert seen_in(new, X) == {"shifted": False, "tanh": True}
    np.testing.assert_allclose(new(X), 2 * shifted(X), rtol=1e-6)


@pytest.mark.parametrize(
    ("path", "replaced"),
    [
        ("encoder", ["encoder/relu"]),
        ("encoder/**", ["encoder/relu", "encoder/Block_0/tanh"]),
        ("**/Block_*", ["encoder/Block_0/tanh"]),
        ("*coder", ["encoder/relu", "decoder/relu"]),
        ("", []),
    ],
)
def test_paths_choose(path, replaced):
    new = patches.rewrite(network, patches.traced("activation", bent, path))
    assert [path for path, is_replaced in seen_in(new, X).items() if is_replaced] == replaced


def test_each_patch_sees_what_the_one_before_it_made():
    chain = [patches.traced("relu", "silu"), patches.traced("silu", "tanh")]
    new = patches.rewrite(lambda x: jax.nn.relu(x) + jax.nn.silu(x), chain)
    np.testing.assert_allclose(new(X), 2 * jnp.tanh(X), rtol=1e-6)
    back = patches.rewrite(lambda x: jax.nn.relu(x) + jax.nn.silu(x), chain[::-1])
    np.testing.assert_allclose(back(X), jax.nn.silu(X) + jnp.tanh(X), rtol=1e-6)
    # At its place, too.
    placed = [patches.traced("relu", "silu"), patches.traced("silu", "tanh", "encoder")]
    assert "encoder/silu" in [
        path for path, hit in seen_in(patches.rewrite(network, placed), X).items() if hit
    ]


def test_numbers_in_the_new_function_are_leaves():
    leaky = sj.symbolize(jax.nn.leaky_relu)

    def loss(patch, x):
        return patches.rewrite(network, patch)(x).sum()

    for slope in (0.1, 0.4):
        patch = patches.traced("relu", leaky.partial(negative_slope=slope))
        expected = network(X, functools.partial(jax.nn.leaky_relu, negative_slope=slope)).sum()
        np.testing.assert_allclose(jax.jit(loss)(patch, X), expected, rtol=1e-6)
    gradient = jax.grad(loss)(patch, X)
    assert float(gradient.to.negative_slope) < 0


@pytest.mark.parametrize("rule", [lambda k, v: v, patches.change_lr(0.1), {"a": 1}])
def test_a_rule_that_replaces_no_functions_is_refused(rule):
    with pytest.raises(TypeError, match=r"expected a patch of functions, such as patches\.traced"):
        patches.rewrite(network, rule)


def test_a_library_patch_rewrites_functions_too():
    new = patches.rewrite(network, "swap_activation?tanh")
    np.testing.assert_allclose(new(X), network(X, jnp.tanh), rtol=1e-6)


def test_it_is_refused_to_have_two_paths():
    patch = patches.traced("relu", "gelu", "a")
    assert patch.at(None) is patch
    assert patches.traced("relu", "gelu").at("a") == patch
    with pytest.raises(TypeError, match=r"has a path already, and cannot be restricted to 'b' too"):
        patch.at("b")


def test_what_it_hits_in_a_function_is_known_without_a_call():
    patch = patches.traced("relu", bent)
    hits = tuple(map(sj.Path.parse, ("encoder.relu", "decoder.relu")))
    assert (
        patch.matched(network, X) == patch.matched(network, jax.ShapeDtypeStruct((2, 3), jnp.float32)) == hits
    )
    assert patch.matched(network, patches.Inputs(X, act=jnp.tanh)) == ()
    assert patch.matched([network], X) == ()  # a function in a tree is a value of it


def test_threads_do_not_see_each_other():
    results = {}

    def run(name):
        new = patches.rewrite(network, patches.traced("relu", name))
        results[name] = [np.asarray(new(X)) for _ in range(3)]

    threads = [threading.Thread(target=run, args=(name,)) for name in ("tanh", "silu", "selu", "elu")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, outputs in results.items():
        for output in outputs:
            np.testing.assert_allclose(output, network(X, getattr(jax.nn, name)), rtol=1e-6)


def test_a_gradient_is_that_of_the_new_function():
    patch = patches.traced("relu", bent)
    gradient = jax.grad(lambda x: patches.rewrite(network, patch)(x).sum())(X)
    np.testing.assert_allclose(gradient, jax.grad(lambda x: network(x, bent).sum())(X), atol=2e-7)
    with pytest.raises(ValueError, match="takes a derivative of relu in encoder"):
        patches.rewrite(jax.grad(lambda x: network(x).sum()), patch)(X)
