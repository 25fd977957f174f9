"""The work of traced programs, against XLA's own count where it is right, and by hand where it is not."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from symjax.patches.analysis.work import Meter, Work, total_work

X = jax.ShapeDtypeStruct((4, 8), jnp.float32)
W = jax.ShapeDtypeStruct((8, 8), jnp.float32)


def counted(function, *shapes):
    meter = Meter()
    return sum((work for _, work in meter.entries(jax.make_jaxpr(function)(*shapes))), Work()), meter.notes


def by_xla(function, *shapes):
    analysis = jax.jit(function).lower(*shapes).cost_analysis()
    return Work(analysis["flops"], analysis["bytes accessed"])


def layer(x, w):
    return jax.nn.relu(x @ w + 1.0)


def network(x, w):
    x = jax.jit(layer)(x, w)
    x = jax.checkpoint(layer)(x, w)
    return jax.nn.softmax(x).sum(-1, keepdims=True) * x


def convolution(x):
    kernel = jnp.ones((3, 3, 1, 2))
    return lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (layer, (X, W)),
        (network, (X, W)),
        (jax.grad(lambda x, w: network(x, w).sum(), argnums=1), (X, W)),
        (convolution, (jax.ShapeDtypeStruct((2, 8, 8, 1), jnp.float32),)),
        (lambda x: jnp.sort(x, -1)[:, ::2].cumsum(0), (X,)),
    ],
)
def test_the_sum_over_a_program_without_loops_is_xlas_count(function, shapes):
    work, notes = counted(function, *shapes)
    exact = by_xla(function, *shapes)
    assert work.flops == pytest.approx(exact.flops, rel=0.02)  # JAX adds gradients of zero in one of them
    assert work.bytes == pytest.approx(exact.bytes, rel=0.1)
    assert not notes


def scanned(x, w, length=5):
    return lax.scan(lambda x, _: (layer(x, w), None), x, length=length)[0]


def test_a_scan_counts_as_often_as_it_turns():
    once, _ = counted(layer, X, W)
    work, _ = counted(scanned, X, W)
    assert work == 5 * once
    assert by_xla(scanned, X, W).flops < 2 * once.flops  # what is to be corrected

    def nested(x, w):
        return lax.scan(lambda x, _: (scanned(x, w, 3), None), x, length=2)[0]

    assert counted(nested, X, W)[0] == 6 * once


def test_the_gradient_of_a_scan_is_that_of_the_loop_unrolled():
    def unrolled(x, w):
        for _ in range(5):
            x = layer(x, w)
        return x

    by_scan, by_hand = (
        counted(jax.grad(lambda x, w, f=f: f(x, w).sum(), argnums=1), X, W)[0] for f in (scanned, unrolled)
    )
    assert by_scan.flops == pytest.approx(by_hand.flops, rel=0.1)  # sums of gradients, from zero on


def test_of_a_conditional_the_dearest_branch_counts():
    def conditional(x, w):
        return lax.cond(x[0, 0] > 0, lambda x: scanned(x, w), lambda x: x, x)

    assert counted(conditional, X, W)[0].flops == pytest.approx(5 * counted(layer, X, W)[0].flops, rel=0.01)


def test_a_loop_that_turns_as_often_as_it_likes_is_noted():
    def loop(x, w):
        with jax.named_scope("search"):
            return lax.while_loop(lambda x: x.sum() < 9, lambda x: layer(x, w), x)

    work, notes = counted(loop, X, W)
    assert work.flops == pytest.approx(counted(layer, X, W)[0].flops, rel=0.1)
    assert list(notes) == ["a while loop whose number of turns is not known, counted as one turn: in search"]


def test_what_xla_does_not_see_into_is_noted():
    def called(x):
        return jax.pure_callback(lambda x: x, X, x) + 1

    work, notes = counted(called, X)
    assert work.flops == 32
    assert ["pure_callback" in note for note in notes] == [True]


def test_what_no_output_depends_on_is_left_out():
    work, _ = counted(lambda x, w: (x @ w, x + 1)[1], X, W)
    assert work.flops == 32


def test_the_scopes_are_those_of_the_name_stack_without_transformations():
    def named(x, w):
        with jax.named_scope("outer"):
            return jax.checkpoint(jax.named_call(layer, name="inner"))(x, w).sum()

    entries = Meter().entries(jax.make_jaxpr(jax.grad(named, argnums=1))(X, W))
    matmuls = [scope for scope, work in entries if work.flops > 2 * 4 * 8 * 7]
    assert len(matmuls) == 2
    assert all(scope[0] == "outer" and scope[-1] == "inner" for scope in matmuls)


def by_whole(function, *shapes):
    return total_work(jax.make_jaxpr(function)(*shapes))


@pytest.mark.parametrize(
    "function",
    [
        network,
        scanned,
        lambda x, w: lax.scan(lambda x, _: (scanned(x, w, 3), None), x, length=2)[0],
        jax.grad(lambda x, w: scanned(x, w).sum(), argnums=1),
        lambda x, w: lax.cond(x[0, 0] > 0, scanned, layer, x, w),
        lambda x, w: (scanned(x, w, 0), scanned(x, w, 1)),
    ],
)
def test_the_total_is_the_sum_over_the_equations(function):
    work, notes = by_whole(function, X, W)
    assert work.flops == pytest.approx(counted(function, X, W)[0].flops, rel=0.05)  # turns are counted, too
    assert not notes


def test_the_total_notes_what_it_cannot_count():
    def callback(x, w):
        return lax.while_loop(lambda x: x[0, 0] < 3, lambda x: layer(x, w), x)

    (note,) = by_whole(callback, X, W)[1]
    assert "a while loop" in note


def test_the_total_leaves_out_what_no_output_depends_on():
    def wasteful(x, w):
        x @ w @ w
        return layer(x, w)

    assert by_whole(wasteful, X, W) == by_whole(layer, X, W)
