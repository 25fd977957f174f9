"""`smooth_labels`, in numbers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax as raw
import pytest

import symjax as sj
from symjax import optax, patches
from symjax.patches import smooth_labels
from symjax.patches.library.training.loss import smoothed

from .experiments import EXPERIMENTS, Configured, TrainConfig, Trainer, built

LOGITS = jax.random.normal(jax.random.key(1), (5, 3))
LABELS = jnp.array([0, 2, 1, 1, 0])
ONE_HOT = jax.nn.one_hot(LABELS, 3)
TARGETS = raw.smooth_labels(ONE_HOT, 0.3)


def mean_loss(logits, labels, weight=2.0):
    """A loss of one's own, which is reduced."""
    return weight * raw.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


patches.role("loss", "cross_entropy")(mean_loss)


@pytest.mark.parametrize(
    ("loss", "labels"),
    [
        (optax.softmax_cross_entropy, ONE_HOT),
        (raw.softmax_cross_entropy, ONE_HOT),
        (optax.safe_softmax_cross_entropy, ONE_HOT),
        (optax.softmax_cross_entropy_with_integer_labels, LABELS),
        (raw.softmax_cross_entropy_with_integer_labels, LABELS),
        (functools.partial(raw.softmax_cross_entropy_with_integer_labels, axis=-1), LABELS),
    ],
)
def test_it_is_the_loss_of_smoothed_labels(loss, labels):
    new = smooth_labels(0.3)({"loss": loss})["loss"]
    np.testing.assert_allclose(new(LOGITS, labels), raw.softmax_cross_entropy(LOGITS, TARGETS), rtol=1e-5)
    np.testing.assert_allclose(new(logits=LOGITS, labels=labels), new(LOGITS, labels))


def test_options_go_along():
    for make, labels in (
        (raw.softmax_cross_entropy_with_integer_labels, LABELS),
        (raw.softmax_cross_entropy, ONE_HOT.T),
    ):
        (loss,) = smooth_labels(0.3)([make])
        expected = raw.softmax_cross_entropy(LOGITS, TARGETS)
        np.testing.assert_allclose(loss(LOGITS.T, labels, axis=0), expected, rtol=1e-5)


def test_binary_labels():
    logits, labels = LOGITS[:, 0], jnp.array([0.0, 1.0, 1.0, 0.0, 1.0])
    (loss,) = smooth_labels(0.3)([optax.sigmoid_binary_cross_entropy])
    expected = raw.sigmoid_binary_cross_entropy(logits, 0.7 * labels + 0.15)
    np.testing.assert_allclose(loss(logits, labels), expected, rtol=1e-5)


def test_a_marked_loss_that_is_reduced():
    (loss,) = smooth_labels(0.3)([mean_loss])
    expected = 2 * raw.softmax_cross_entropy(LOGITS, TARGETS).mean()
    np.testing.assert_allclose(loss(LOGITS, LABELS), expected, rtol=1e-5)


def test_again_it_is_another_alpha():
    once = smooth_labels(0.1)({"loss": mean_loss})
    assert smooth_labels(0.3)(once) == smooth_labels(0.3)({"loss": mean_loss})


def test_a_loss_with_the_argument_of_its_own():
    @sj.symbolize
    @patches.role("loss", "cross_entropy", label_smoothing="smooth")
    def ours(logits, labels, smooth: float = 0.0):
        return smooth

    assert smooth_labels(0.3)({"loss": ours(smooth=0.1)}) == {"loss": ours(smooth=0.3)}


@pytest.mark.parametrize("kind", EXPERIMENTS)
def test_experiments_train_with_it(kind):
    exp = EXPERIMENTS[kind]()
    losses = sj.patch(exp, "smooth_labels?0.5").run()
    assert losses[0] != exp.run()[0]
    assert losses[-1] < losses[0]


def test_alpha_is_a_leaf():
    loss = smoothed(loss=optax.softmax_cross_entropy, alpha=0.3)
    assert jax.tree.leaves(loss) == [0.3]
    assert sj.from_json(sj.to_json(loss)) == loss
    value = jax.jit(lambda loss: loss(LOGITS, ONE_HOT))(loss)
    np.testing.assert_allclose(value, raw.softmax_cross_entropy(LOGITS, TARGETS), rtol=1e-5)


def test_configurations_and_where_there_is_none():
    assert sj.patch(Trainer(TrainConfig()), "smooth_labels?0.1").config.label_smoothing == 0.1
    for tree in ({"optimizer": built(0.1), "loss": optax.l2_loss}, Configured({"smooth": 0.1})):
        with pytest.warns(
            patches.PatchWarning, match="those that a method calls by their names are not seen"
        ):
            sj.patch(tree, "smooth_labels?0.1")
    with pytest.raises(ValueError, match=r"\(path=alpha\)"):
        smooth_labels(1.0)
