"""Handwritten digits, end to end: an experiment as a symbolic tree, patched, searched in batches, saved.

Run it with ``python examples/digits.py``. It trains a small convolutional network on scikit-learn's
handwritten digits (1,797 images of 8×8 pixels, from the UCI repository, which ship inside that package),
patches it, searches over its learning rate, weight decay, width and activation, and saves the best.

``python examples/digits.py --study digits.db --trials 64`` does the search alone, and keeps it in a file:
killed at any moment, the same command goes on where it was; with more trials it goes on from its end.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
import sklearn.datasets
from annotated_types import Gt, Interval

import symjax as sj
from symjax import linen as nn
from symjax import optax, search

Metrics = dict[str, jax.Array]


# The experiment.


class Split(NamedTuple):
    """Images ``float32[n, 8, 8, 1]`` in [0, 1], and their classes ``int32[n]`` in [0, 10)."""

    images: np.ndarray
    labels: np.ndarray


class Data(NamedTuple):
    """What to train on, what to choose by, and what to report."""

    train: Split
    validation: Split
    test: Split


class Digits(sj.Object):
    """scikit-learn's handwritten digits, split at random into training, validation and test images."""

    validation: Annotated[float, Interval(gt=0, lt=1)] = sj.field(default=0.2, static=True)
    test: Annotated[float, Interval(gt=0, lt=1)] = sj.field(default=0.2, static=True)
    seed: int = 0

    def load(self) -> Data:
        """The images as arrays: what `Experiment.run` is handed, beside the experiment."""
        digits = sklearn.datasets.load_digits()
        images, labels = np.float32(digits.images[..., None] / 16), np.int32(digits.target)
        order = np.random.default_rng(self.seed).permutation(len(labels))
        sizes = [round(len(order) * share) for share in (self.validation, self.test)]
        validation, test, train = np.split(order, np.cumsum(sizes))
        return Data(*(Split(images[rows], labels[rows]) for rows in (train, validation, test)))


class ConvNet(nn.Module):
    """Convolutions with an activation behind each, then a linear classifier."""

    convolutions: Sequence[nn.Module]
    head: nn.Module
    activation: Callable[[jax.Array], jax.Array] = nn.relu

    def __call__(self, images: jax.Array) -> jax.Array:
        """Maps images ``[n, h, w, c]`` to the classes' logits ``[n, classes]``."""
        x = images
        for convolution in self.convolutions:
            x = self.activation(convolution(x))
        return self.head(x.reshape(x.shape[0], -1))


class Experiment(sj.Object):
    """Trains a classifier, and says how well it does on images that it has not seen."""

    model: nn.Module
    dataset: Digits
    optimizer: optax.GradientTransformation
    epochs: Annotated[int, Gt(0)] = 25
    batch_size: Annotated[int, Gt(0)] = 64

    def run(self, key: jax.Array, data: Data) -> Metrics:
        """Trains from scratch; pure, so that it can be compiled and run for many experiments at once.

        The data are an argument: loaded in here, they would be a constant of each compiled program.
        """
        images, labels = data.train
        init_key, order_key = jax.random.split(key)
        state = sj.init(self.model, init_key, images[:1])
        params = state.pop("params")
        batches = len(labels) // self.batch_size

        def step(carry, batch):
            params, state, optimizer = carry
            rows, key = batch
            gradients, state = jax.grad(self.loss, has_aux=True)(
                params, state, images[rows], labels[rows], key=key, train=True
            )
            updates, optimizer = self.optimizer.update(gradients, optimizer, params)
            return (optax.apply_updates(params, updates), state, optimizer), None

        def epoch(carry, key):
            shuffle_key, step_key = jax.random.split(key)
            order = jax.random.permutation(shuffle_key, len(labels))[: batches * self.batch_size]
            rows = order.reshape(batches, self.batch_size)
            return jax.lax.scan(step, carry, (rows, jax.random.split(step_key, batches)))

        carry = (params, state, self.optimizer.init(params))
        (params, state, _), _ = jax.lax.scan(epoch, carry, jax.random.split(order_key, self.epochs))
        loss, accuracy = self.measure(params, state, data.validation)
        _, test_accuracy = self.measure(params, state, data.test)
        return {"validation_loss": loss, "validation_accuracy": accuracy, "test_accuracy": test_accuracy}

    def loss(self, params, state, images, labels, **how) -> tuple[jax.Array, dict]:
        """The mean cross entropy, and the model's collections beside its parameters."""
        logits, state = sj.apply(self.model, {"params": params, **state}, images, **how)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean(), state

    def measure(self, params, state, split: Split) -> tuple[jax.Array, jax.Array]:
        """The mean cross entropy, and the share of images whose class is found, in [0, 1]."""
        logits, _ = sj.apply(self.model, {"params": params, **state}, split.images)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, split.labels)
        return losses.mean(), jnp.mean(logits.argmax(-1) == split.labels)


def experiment() -> Experiment:
    """The experiment that everything below starts from."""
    return Experiment(
        model=ConvNet(
            convolutions=[nn.Conv(16, (3, 3), strides=2), nn.Conv(32, (3, 3), strides=2)],
            head=nn.Dense(10),
        ),
        dataset=Digits(),
        optimizer=optax.adamw(2e-3, weight_decay=1e-4),
    )


# What is done with it.

train = jax.jit(Experiment.run)


def show(metrics: Metrics) -> str:
    """Metrics in one line."""
    return ", ".join(f"{name} {float(value):.4f}" for name, value in metrics.items())


def train_once(exp: Experiment, key: jax.Array, data: Data) -> None:
    """Step 1: an experiment is a program, a symbol and a pytree."""
    print(sj.format(exp))
    print(show(train(exp, key, data)))


def patch(exp: Experiment, key: jax.Array, data: Data) -> None:
    """Step 2: ideas are patches, written for models that they have not seen."""
    patched = sj.patch(
        exp, ["change_lr?0.003", "scale_width?factor=2.0", "swap_activation?gelu", "apply_sepconv"]
    )
    print(sj.diff(exp, patched))
    print(show(train(patched, key, data)))


def search_space(exp: Experiment) -> search.Space:
    """Step 3: a tree with open choices is a search space."""
    return search.space(
        exp.rebind(
            {
                "optimizer.learning_rate": sj.floatv(1e-4, 1e-1, "log", name="learning rate"),
                "optimizer.weight_decay": sj.floatv(1e-5, 1e-1, "log", name="weight decay"),
                "model.convolutions[0].features": sj.oneof([8, 16, 24], name="width"),
                "model.activation": sj.oneof([nn.relu, nn.gelu], name="activation"),
            }
        )
    )


def run_search(space: search.Space, dnas: search.DNA, key: jax.Array, data: Data) -> search.Results:
    """Evaluates configurations, in as few compiled programs as their structure allows."""
    print(search.plan(Experiment.run, space, dnas, key, data))
    results = search.evaluate(
        Experiment.run, space, dnas, key, data, objective="validation_accuracy", progress=True
    )
    print(results.table(k=5))  # the test images have no say in the order
    return results


def resume_study(
    path: pathlib.Path, space: search.Space, trials: int, key: jax.Array, data: Data, out: pathlib.Path
) -> None:
    """The search as a study: it begins, goes on or is finished already, by what the file says."""
    with search.Study(path, space, objective="validation_accuracy") as study:
        print(study)

        def tell(results: search.Results) -> None:
            print(f"{path}: {len(study)} of {trials} trials are finished", flush=True)

        study.run(Experiment.run, trials, key, data, batch=8, on_result=tell)
        print(study.table(k=5))
        print({name: round(share, 2) for name, share in study.importance().items()})
        for kind in ("history", "parallel", "importance"):
            study.plot(kind).savefig(out / f"{kind}.png", dpi=120)
            print(f"plot: {out / f'{kind}.png'}")


def plot(results: search.Results, path: pathlib.Path) -> None:
    """Draws every trial: accuracy over learning rate; the width by colour, the activation by shape."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in results.records():
        groups.setdefault((row["width"], row["activation"]), []).append(row)
    colors = {8: "tab:blue", 16: "tab:orange", 24: "tab:green"}
    markers = {"relu": "o", "gelu": "^"}
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for (width, activation), rows in sorted(groups.items()):
        axes.scatter(
            [row["learning rate"] for row in rows],
            [row["validation_accuracy"] for row in rows],
            c=colors[width],
            marker=markers[activation],
            label=f"width {width}, {activation}",
            alpha=0.8,
        )
    axes.set(xscale="log", xlabel="learning rate", ylabel="validation accuracy")
    axes.set_title(f"{len(results)} configurations of a convolutional network on 8×8 digits")
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)


def save_and_repeat(results: search.Results, key: jax.Array, data: Data, out: pathlib.Path) -> None:
    """Step 4: what was found can be saved, loaded, compared, and trained again to the same numbers."""
    best = results.best()
    search.save_results(results, out / "results.json")
    sj.save(best.experiment, out / "best.json")
    loaded = sj.load(out / "best.json")
    print(f"loaded from {out / 'best.json'}; equal: {loaded == best.experiment}")
    again = search.evaluate(Experiment.run, results.space, [loaded], key, data, ids=[best.id])
    print(show(best.metrics), "the best", sep="  ← ")
    print(show(again[0].metrics), f"the loaded one; {again.compiled} programs compiled", sep="  ← ")
    if loaded != best.experiment or again[0].metrics != best.metrics:
        raise SystemExit("the loaded experiment does not repeat the saved one")


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announces a step, and says how long it took."""
    print(f"\n── {title} " + "─" * max(0, 88 - len(title)))
    start = time.perf_counter()
    yield
    print(f"[{title}: {time.perf_counter() - start:.1f} s]")


def main() -> None:
    """Runs the four steps, or the search alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (0)")
    parser.add_argument("--trials", type=int, default=64, help="configurations to evaluate (64)")
    parser.add_argument("--epochs", type=int, default=25, help="for which each trains (25)")
    parser.add_argument("--study", type=pathlib.Path, help="file of a search that is to be begun or resumed")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out"), help="folder (out)")
    options = parser.parse_args()
    if options.trials < 1 or options.epochs < 1:
        parser.error("--trials and --epochs must be at least 1")
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"{jax.device_count()} {jax.devices()[0].device_kind} device(s)")
    key, sample_key, search_key = jax.random.split(jax.random.key(options.seed), 3)
    exp = experiment().rebind({"epochs": options.epochs})
    data = exp.dataset.load()
    if options.study is not None:
        return resume_study(options.study, search_space(exp), options.trials, search_key, data, options.out)

    start = time.perf_counter()
    with step("1. Train"):
        train_once(exp, key, data)
    with step("2. Patch"):
        patch(exp, key, data)
    with step("3. Search"):
        space = search_space(exp)
        results = run_search(space, space.sample(sample_key, options.trials), search_key, data)
        plot(results, options.out / "digits.png")
        print(f"plot: {options.out / 'digits.png'}")
    with step("4. Save, load, repeat"):
        save_and_repeat(results, search_key, data, options.out)
    print(f"\nall: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    # On a CPU each core is a device of its own: the lanes of the search are spread over them.
    jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
    sys.exit(main())
