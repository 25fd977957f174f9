"""A ResNet that somebody wrote by hand, untouched, gets five ideas by five URIs.

Run it with ``python examples/adopt.py``. The network (`resnet.py`) is plain Flax: all its layers are made
inside ``@nn.compact``, and it knows nothing of symjax. The patches were written without knowing it. They
are applied one by one and all together; what each costs is counted without allocating anything; and the
network is trained before and after on scikit-learn's handwritten digits.
"""

from __future__ import annotations

import argparse
import functools
import sys
from typing import Annotated, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import resnet
import sklearn.datasets
from annotated_types import Gt

import symjax as sj
from symjax import linen as nn
from symjax import optax, patches

URIS = (
    "apply_sepconv",  # the paper's Figure 2
    "squeeze_excite?ratio=4",
    "swap_normalization?to=group&groups=4",
    "scale_width?0.5",
    "change_dtype?bfloat16",
)

ResNet = sj.symbolize(resnet.ResNet)


class Images(NamedTuple):
    """Images ``float32[n, 8, 8, 1]`` in [0, 1], and their classes ``int32[n]`` in [0, 10)."""

    images: np.ndarray
    labels: np.ndarray


@functools.cache
def digits() -> tuple[Images, Images]:
    """Images to train on, and others to test with."""
    data = sklearn.datasets.load_digits()
    images = Images(np.float32(data.images[..., None] / 16), np.int32(data.target))
    order = np.random.default_rng(0).permutation(len(data.target))
    train, test = np.split(order, [len(order) * 4 // 5])
    return Images(*(array[train] for array in images)), Images(*(array[test] for array in images))


class Experiment(sj.Object):
    """Trains a classifier of digits."""

    model: nn.Module
    optimizer: optax.GradientTransformation = optax.adam(3e-3)
    batch_size: Annotated[int, Gt(0)] = 32
    steps: Annotated[int, Gt(0)] = 50

    def example_inputs(self) -> jax.ShapeDtypeStruct:
        """What the model is called with, as a shape."""
        return jax.ShapeDtypeStruct((self.batch_size, 8, 8, 1), jnp.float32)

    def run(self, key: jax.Array) -> dict[str, jax.Array]:
        """Trains from scratch; the first and the last loss, and the accuracy on other images."""
        train, test = digits()
        images, labels = jnp.asarray(train.images), jnp.asarray(train.labels)
        init_key, train_key = jax.random.split(key)
        variables = sj.init(self.model, init_key, images[:1])

        def step(carry, key):
            variables, state = carry
            batch = jax.random.choice(key, len(labels), (self.batch_size,))

            def loss(params):
                logits, collections = sj.apply(
                    self.model, {**variables, "params": params}, images[batch], key=key, train=True
                )
                losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels[batch])
                return losses.mean(), collections

            (value, collections), gradients = jax.value_and_grad(loss, has_aux=True)(variables["params"])
            updates, state = self.optimizer.update(gradients, state, variables["params"])
            params = optax.apply_updates(variables["params"], updates)
            return ({**collections, "params": params}, state), value

        carry = (variables, self.optimizer.init(variables["params"]))
        (variables, _), losses = jax.lax.scan(step, carry, jax.random.split(train_key, self.steps))
        logits, _ = sj.apply(self.model, variables, test.images)
        return {
            "first loss": losses[0],
            "last loss": losses[-10:].mean(),
            "test accuracy": jnp.mean(logits.argmax(-1) == test.labels),
        }


def experiment(features: int = 16) -> Experiment:
    """Their network, in an experiment."""
    return Experiment(ResNet(stage_sizes=[2, 2, 2], num_classes=10, features=features))


train = jax.jit(Experiment.run)


def show_costs(exp: Experiment, title: str) -> None:
    """Prints what an experiment's model costs, in one line."""
    cost = patches.cost(exp)
    flops = cost.forward.flops / exp.batch_size
    print(f"{title:<48}{cost.parameters:>10,} parameters{flops / 1e6:>9.2f} MFLOPs an image")


def show_training(exp: Experiment, key: jax.Array, title: str) -> dict[str, jax.Array]:
    """Trains, and prints what came of it in one line."""
    metrics = train(exp, key)
    print(f"{title:<12}" + ", ".join(f"{name} {float(value):.3f}" for name, value in metrics.items()))
    return metrics


def main() -> None:
    """Applies the patches one by one, then all of them, and trains before and after."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (0)")
    parser.add_argument("--features", type=int, default=16, help="width of the first stage (16)")
    options = parser.parse_args()
    exp, key = experiment(options.features), jax.random.key(options.seed)

    print(sj.format(exp), end="\n\n")
    show_costs(exp, "as it is")
    for uri in URIS:
        places = patches.from_uri(uri).matched(exp)
        show_costs(sj.patch(exp, uri, strict=True), f"{uri} ({len(places)} places)")
    patched = sj.patch(exp, URIS, strict=True)
    show_costs(patched, "all of them")

    print("\nThe layers that apply_sepconv replaces:")
    for path in patches.from_uri("apply_sepconv").matched(exp):
        print(f"    {path.key}")
    print(f"\n{sj.format(patched)}\n")
    show_training(exp, key, "as it is")
    show_training(patched, key, "all of them")


if __name__ == "__main__":
    sys.exit(main())
