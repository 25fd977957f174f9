"""To the last bit: what a configuration gives hangs on nothing but itself, and what is compiled can be counted."""

from collections import Counter
from contextlib import contextmanager

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn

import symjax as sj
from symjax import search

pytestmark = pytest.mark.exact

KEY = jax.random.key(5)
ONE = jax.devices()[:1]


class Net(nn.Module):
    """A convolution, layer normalization, attention, and a deviation: what differs between programs in the last bits."""

    @nn.compact
    def __call__(self, images):
        x = nn.gelu(nn.Conv(4, (3, 3))(images)).reshape(len(images), -1, 4)
        x = nn.LayerNorm()(x + nn.MultiHeadDotProductAttention(2)(x))
        return nn.Dense(3)(jnp.concatenate([x.mean(1), x.std(1)], -1))


class Training(sj.Object):
    rate: float
    decay: float = 1e-4
    kind: str = "adam"

    def run(self, key, images, labels):
        if self.kind == "broken":
            raise ValueError("broken")
        net, optimizer = Net(), optax.adamw(self.rate, weight_decay=self.decay)
        params = net.init(key, images)

        def loss(params):
            return optax.softmax_cross_entropy_with_integer_labels(net.apply(params, images), labels).mean()

        def step(carry, _):
            params, state = carry
            value, gradients = jax.value_and_grad(loss)(params)
            updates, state = optimizer.update(gradients, state, params)
            return (optax.apply_updates(params, updates), state), value

        (params, _), losses = jax.lax.scan(step, (params, optimizer.init(params)), length=4)
        return {"losses": losses, "logits": net.apply(params, images)}


IMAGES = np.random.default_rng(0).normal(size=(4, 4, 4, 1)).astype(np.float32)
LABELS = np.array([0, 2, 1, 2], np.int32)
SPACE = search.space(
    Training(search.floatv(1e-3, 0.1, "log"), decay=search.oneof([1e-4, 1e-2, float("nan")]))
)
DNAS = search.DNA.from_numbers(SPACE.spec, [[0.001 * 1.7**i, i % 2] for i in range(9)])


def train(dnas=DNAS, space=SPACE, **how):
    return search.evaluate(Training.run, space, dnas, KEY, IMAGES, LABELS, **how)


def assert_same_bits(results, others):
    for column, other in zip(jax.tree.leaves(results), jax.tree.leaves(others), strict=True):
        assert np.asarray(column).tobytes() == np.asarray(other).tobytes()


@pytest.fixture(scope="module")
def mapped():
    return train()


def test_mapped_lanes_have_the_bits_of_the_users_own_loop(mapped):
    run = jax.jit(Training.run)
    for index, dna in enumerate(DNAS):
        alone = run(SPACE.decode(dna), jax.random.fold_in(KEY, index), IMAGES, LABELS)
        assert_same_bits(mapped[index].metrics, alone)


def test_mapped_lanes_have_the_same_bits_on_one_device_and_on_several(mapped):
    assert len(jax.devices()) > 1
    assert_same_bits(train(devices=ONE).metrics, mapped.metrics)


@pytest.mark.parametrize("how", [{}, {"lanes": "vmap", "width": 8}], ids=["mapped", "vectorized"])
def test_permuted_alone_and_beside_a_nan(how, mapped):
    whole = train(**how) if how else mapped
    order = np.random.default_rng(0).permutation(9)
    assert_same_bits(
        train(DNAS[order], ids=order, **how).metrics, jax.tree.map(lambda c: c[order], whole.metrics)
    )
    assert_same_bits(train(DNAS[3:4], ids=[3], **how)[0].metrics, whole[3].metrics)
    diverging = search.DNA.concat([DNAS[:3], search.DNA.from_numbers(SPACE.spec, [[0.05, 2]]), DNAS[3:5]])
    results = train(diverging, ids=[0, 1, 2, 100, 3, 4], **how)
    assert results.states.tolist() == ["ok"] * 3 + ["nan"] + ["ok"] * 2
    for index, trial in enumerate([0, 1, 2, 4, 5]):
        assert_same_bits(results[trial].metrics, whole[index].metrics)


def test_beside_a_structure_that_raises(mapped):
    space = search.space(Training(SPACE.tree.rate, kind=search.oneof(["adam", "broken"])))
    numbers = [[0.001 * 1.7**i, i % 2] for i in range(9)]
    with pytest.warns(RuntimeWarning, match="4 of 9 configurations raised"):
        results = train(search.DNA.from_numbers(space.spec, numbers), space)
    for index in range(0, 9, 2):  # those have the first of the decays above
        assert_same_bits(results[index].metrics, mapped[index].metrics)


@contextmanager
def compilations():
    """Counts what XLA compiles, and what is read from a cache instead."""
    counts = Counter()

    def listen(event, seconds, **_):
        counts.update([event.rpartition("/")[2]])

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield counts
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.parametrize("how", [{}, {"width": 2}, {"lanes": "vmap", "width": 2}], ids=str)
def test_as_many_programs_are_compiled_as_the_plan_says_and_none_by_a_second_batch(how):
    def run(exp, key):
        return jnp.sin(jnp.full(exp["n"], exp["x"])).sum() * (2 if exp["same"] else 2.0)

    space = search.space(
        {
            "x": search.floatv(0, 1),
            "n": search.oneof([3, 4, 5]),
            "same": search.oneof([True, False]),
        }
    )
    dnas = search.DNA.from_numbers(space.spec, [[0.1 * i, i % 3, i % 2] for i in range(11)])
    plan = search.plan(run, space, dnas, KEY, **how)
    with compilations() as counts:
        results = search.evaluate(run, space, dnas, KEY, **how)
    assert (len(plan.buckets), plan.programs) == (6, 3)  # two structures each trace to the same
    assert (counts["backend_compile_duration"], results.compiled) == (3, 3)
    for dna, metric in zip(dnas, results.metrics, strict=True):
        np.testing.assert_allclose(metric, run(space.decode(dna), KEY), rtol=1e-6)
    with compilations() as counts:
        for n in (11, 5, 1):
            again = search.evaluate(run, space, dnas[:n], jax.random.key(n), **how)
    assert (counts["backend_compile_duration"], again.compiled) == (0, 0)


def test_hundreds_of_structures_are_traced_and_compiled_once():
    traces = []

    def run(exp, key):
        traces.append(exp["n"])
        return exp["x"] + exp["n"]

    space = search.space({"x": search.floatv(0, 1), "n": search.intv(0, 299)})
    dnas = search.DNA.from_numbers(space.spec, [[0.5, n] for n in range(300)])
    with pytest.warns(search.PlanWarning, match="300 programs"):
        first = search.plan(run, space, dnas, KEY)
    assert (first.programs, len(traces)) == (300, 300)
    with pytest.warns(search.PlanWarning):
        second = search.plan(run, space, dnas, KEY)
    assert len(traces) == 300
    assert {b.program.executable for b in first.buckets} == {b.program.executable for b in second.buckets}


def test_a_structure_that_raises_is_not_traced_again():
    traces = []

    def run(exp, key):
        traces.append(exp["kind"])
        if exp["kind"] == "bad":
            raise ValueError("bad")
        return exp["x"]

    space = search.space({"x": search.floatv(0, 1), "kind": search.oneof(["good", "bad"])})
    dnas = search.DNA.from_numbers(space.spec, [[0.5, 0], [0.5, 1]])
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="1 of 2 configurations raised"):
            assert list(search.evaluate(run, space, dnas, KEY).errors) == [1]
        assert sorted(traces) == ["bad", "bad", "good"]  # once more, to see whether a leaf is the reason
