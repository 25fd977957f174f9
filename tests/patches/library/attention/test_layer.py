"""`Attention` is Flax's own attention, and what has been proposed since, as the formulas have it."""

import flax.linen
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import linen as nn
from symjax import patches
from symjax.patches.library.attention.layer import Attention, OwnAttention
from symjax.patches.library.attention.positions import LinearBias, RelativeBias, rotate

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 5, 8))
OTHER = jax.random.normal(jax.random.key(1), (2, 3, 8))
MASK = flax.linen.make_causal_mask(jnp.ones((2, 5)))


def assert_close(a, b):
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, atol=1e-6), a, b)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_bias": False, "qkv_features": 4, "out_features": 6},
        {"normalize_qk": True, "dtype": jnp.bfloat16, "force_fp32_for_softmax": True},
        {"out_kernel_init": nn.initializers.ones_init(), "out_bias_init": nn.initializers.ones_init()},
    ],
)
def test_as_it_is_it_is_that_of_flax(options):
    own, flax_own = Attention(2, **options), flax.linen.MultiHeadDotProductAttention(2, **options)
    variables = flax_own.init(KEY, X)
    assert_close(own.init(KEY, X), variables)
    for args, mask in [((X,), MASK), ((X, OTHER), None), ((X, OTHER, 2 * OTHER), None)]:
        assert_close(own.apply(variables, *args, mask=mask), flax_own.apply(variables, *args, mask=mask))


@pytest.mark.filterwarnings("ignore:SelfAttention will be deprecated")
def test_one_of_a_sequence_to_itself_is_called_as_that_of_flax():
    own, flax_own = OwnAttention(2), flax.linen.SelfAttention(2)
    variables = flax_own.init(KEY, X)
    assert_close(own.apply(variables, X, MASK), flax_own.apply(variables, X, MASK))


def test_dropout_is_that_of_flax_where_it_is_said_and_else_hangs_on_a_key():
    own, flax_own = (
        Attention(2, dropout_rate=0.5),
        flax.linen.MultiHeadDotProductAttention(2, dropout_rate=0.5),
    )
    variables, rngs = own.init(KEY, X), {"dropout": KEY}
    dropped = flax_own.apply(variables, X, deterministic=False, rngs=rngs)
    assert_close(own.apply(variables, X, deterministic=False, rngs=rngs), dropped)
    assert_close(own.apply(variables, X, rngs=rngs), dropped)
    kept = flax_own.apply(variables, X, deterministic=True)
    assert_close(own.apply(variables, X), kept)
    assert_close(own.apply(variables, X, deterministic=True, rngs=rngs), kept)
    assert_close(own.clone(deterministic=True).apply(variables, X, rngs=rngs), kept)


def test_weights_are_sown():
    own = Attention(2)
    _, state = own.apply(own.init(KEY, X), X, sow_weights=True, mutable=["intermediates"])
    assert state["intermediates"]["attention_weights"][0].shape == (2, 2, 5, 5)


def by_hand(params, kv_heads):
    """Grouped attention in a loop over the heads."""
    q, k, v = (
        jnp.einsum("btd,dhe->bthe", X, params[name]["kernel"]) + params[name]["bias"]
        for name in ("query", "key", "value")
    )
    heads = []
    for head in range(q.shape[2]):
        group = head * kv_heads // q.shape[2]
        logits = jnp.einsum("bqe,bke->bqk", q[:, :, head], k[:, :, group]) / jnp.sqrt(q.shape[-1])
        weights = jax.nn.softmax(jnp.where(MASK[:, 0] > 0, logits, -1e30))
        heads.append(jnp.einsum("bqk,bke->bqe", weights, v[:, :, group]))
    return jnp.einsum("hbqe,hed->bqd", jnp.stack(heads), params["out"]["kernel"]) + params["out"]["bias"]


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_heads_share_keys_and_values_in_groups(kv_heads):
    own = Attention(4, kv_heads=kv_heads, bias_init=nn.initializers.normal(1.0))
    variables = own.init(KEY, X)
    assert variables["params"]["key"]["kernel"].shape == (8, kv_heads, 2)
    assert_close(own.apply(variables, X, mask=MASK), by_hand(variables["params"], kv_heads))


def test_shared_heads_are_those_of_flax_with_repeated_parameters():
    own = Attention(4, kv_heads=1)
    variables = own.init(KEY, X)
    params = variables["params"]
    repeated = {
        name: jax.tree.map(lambda w: jnp.repeat(w, 4, axis=-2), params[name]) for name in ("key", "value")
    }
    full = flax.linen.MultiHeadDotProductAttention(4).apply({"params": {**params, **repeated}}, X)
    assert_close(own.apply(variables, X), full)


def test_heads_that_cannot_be_divided_are_refused():
    with pytest.raises(ValueError, match="8 features cannot be divided among 4 heads, or these among 3"):
        Attention(4, kv_heads=3).init(KEY, X)
    with pytest.raises(ValueError, match="8 features cannot be divided among 3 heads"):
        Attention(3).init(KEY, X)


def test_logits_of_rotated_positions_hang_on_their_difference():
    q, k = jax.random.normal(KEY, (2, 6, 1, 4))
    logits = jnp.einsum("qhd,khd->qk", rotate(q, jnp.arange(6)), rotate(k, jnp.arange(6)))
    moved = jnp.einsum("qhd,khd->qk", rotate(q, jnp.arange(6) + 7), rotate(k, jnp.arange(6) + 7))
    np.testing.assert_allclose(logits, moved, atol=1e-5)


def test_rotation_is_of_queries_and_keys_of_one_sequence():
    own = Attention(2, rotary_base=100.0, use_bias=False)
    variables = own.init(KEY, X)
    seen = []

    def spy(query, key, value):
        seen.append((query, key, value))
        return value

    own.clone(attention_fn=spy).apply(variables, X)
    plain = {
        name: jnp.einsum("btd,dhe->bthe", X, w["kernel"])
        for name, w in variables["params"].items()
        if name != "out"
    }
    (query, key, value) = seen[0]
    assert_close(query, rotate(plain["query"], jnp.arange(5), 100.0))
    assert_close(key, rotate(plain["key"], jnp.arange(5), 100.0))
    assert_close(value, plain["value"])
    assert_close(own.apply(variables, X, OTHER), Attention(2, use_bias=False).apply(variables, X, OTHER))


@pytest.mark.parametrize(
    "bias", [RelativeBias(buckets=8, bias_init=nn.initializers.normal(1.0)), LinearBias()]
)
def test_biases_are_added_to_the_logits_of_one_sequence(bias):
    own = Attention(2, position_bias=bias)
    variables = own.init(KEY, X)
    numbers = bias.apply(
        {"params": variables["params"].get("position_bias", {})}, jnp.arange(5), jnp.arange(5), 2
    )
    biased = Attention(
        2, attention_fn=lambda q, k, v, **_: flax.linen.dot_product_attention(q, k, v, bias=numbers)
    )
    assert_close(own.apply(variables, X), biased.apply(variables, X))
    assert_close(own.apply(variables, X, OTHER), Attention(2).apply(variables, X, OTHER))


def test_an_attention_function_without_biases_is_named():
    own = Attention(2, position_bias=LinearBias(), attention_fn=lambda query, key, value: value)
    with pytest.raises(ValueError, match="takes no bias, which position_bias asks for"):
        own.init(KEY, X)


def test_logits_by_the_depth():
    # Half of the logits at four times the base depth: those of queries of half the size.
    own = Attention(1, base_depth=2, use_bias=False)
    variables = own.init(KEY, X)
    params = variables["params"]
    half = {"params": {**params, "query": {"kernel": params["query"]["kernel"] / 2}}}
    assert_close(own.apply(variables, X), Attention(1, use_bias=False).apply(half, X))
    assert_close(Attention(1, base_depth=8).init_with_output(KEY, X), Attention(1).init_with_output(KEY, X))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"kv_heads": 1},
        {"rotary_base": 100.0},
        {"position_bias": RelativeBias(buckets=8)},
        {"position_bias": LinearBias()},
    ],
)
def test_decoding_gives_what_a_causal_mask_gives(options):
    own = Attention(2, **options)
    variables = own.init(KEY, X)
    expected = own.apply(variables, X, mask=MASK)
    decoder = own.clone(decode=True)
    cache = decoder.init(KEY, X)["cache"]
    assert cache["cached_key"].shape == (2, 5, options.get("kv_heads", 2), 4)
    outputs = []
    for position in range(5):
        y, state = decoder.apply(
            {**variables, "cache": cache}, X[:, position : position + 1], mutable=["cache"]
        )
        cache = state["cache"]
        outputs.append(y)
    np.testing.assert_allclose(jnp.concatenate(outputs, axis=1), expected, atol=1e-5)
    with pytest.raises(ValueError, match="one position at a time, not 5"):
        decoder.apply({**variables, "cache": cache}, X, mutable=["cache"])


def test_it_is_an_attention_of_flax_and_a_symbol():
    own = Attention(4, kv_heads=2, position_bias=RelativeBias())
    assert isinstance(own, flax.linen.MultiHeadDotProductAttention)
    assert patches.has_role(own, "attention")
    assert sj.from_json(sj.to_json(own)) == own


def test_a_traced_rate_and_base_are_leaves():
    own = Attention(2, dropout_rate=0.5, rotary_base=100.0)
    variables = own.init(KEY, X)

    def loss(layer, params):
        return (layer.apply({"params": params}, X, rngs={"dropout": KEY}) ** 2).sum()

    value, gradients = jax.jit(jax.value_and_grad(loss, 1))(own, variables["params"])
    np.testing.assert_allclose(value, loss(own, variables["params"]), rtol=1e-5)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
