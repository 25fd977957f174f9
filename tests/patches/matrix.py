"""The matrix of all patches of the library and all models of the zoo: what comes of each pair, and as a page.

No pair is named anywhere: a patch says what it needs, a model what it has, and what happens is found out.
"""

import functools
import math
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

import symjax as sj
from symjax import patches
from symjax.patches import library

from .experiments import NETWORKS, Result

MARK = {True: "✓", False: "·"}


class Idea(NamedTuple):
    """What a patcher of the library is called with, and what it needs of an experiment.

    Attributes:
        uri: Its arguments, as text.
        needs: What the experiment must have, any of these; nothing: every experiment will do.
    """

    uri: str = ""
    needs: frozenset[str] = frozenset()


def _needs(*names: str) -> frozenset[str]:
    return frozenset(names)


IDEAS: Mapping[str, Idea] = {
    "accumulate_gradients": Idea("steps=2"),
    "apply_sepconv": Idea(needs=_needs("convolution")),
    "average_parameters": Idea("decay=0.9"),
    "change_batch_size": Idea("batch_size=6"),
    "change_dataset": Idea("name=other&classes=5&vocabulary=7"),
    "change_epochs": Idea("epochs=3", _needs("epochs")),
    "change_lr": Idea("learning_rate=0.05"),
    "change_schedule": Idea("schedule=warmup_cosine&steps=10&warmup_steps=2"),
    "change_seed": Idea("seed=1", _needs("seed")),
    "change_steps": Idea("steps=3", _needs("steps")),
    "change_weight_decay": Idea("weight_decay=0.1"),
    "clip_gradients": Idea("limit=0.01"),
    "remove_encoder": Idea(needs=_needs("encoder")),
    "scale_width": Idea("factor=2.0"),
    "smooth_labels": Idea("alpha=0.1", _needs("cross_entropy")),
    "swap_activation": Idea("to=tanh", _needs("activation")),
    "swap_optimizer": Idea("to=sgd"),
}
"""By patcher; those that are not here are called without arguments, and taken to need nothing."""


class Outcome(NamedTuple):
    """What came of a patch on a model.

    Attributes:
        works: Whether it applied.
        reason: What the library said where it did not.
    """

    works: bool
    reason: str = ""


def patchers() -> dict[str, type[patches.Patch]]:
    """The library's patchers by name."""
    shown = [getattr(library, name) for name in library.__all__]
    classes = [value for value in shown if isinstance(value, type) and issubclass(value, patches.Patch)]
    return {cls.patcher_name: cls for cls in sorted(classes, key=lambda cls: cls.patcher_name)}


def uri(name: str) -> str:
    """The patch of a patcher, with its arguments in the matrix."""
    return "?".join(filter(None, [name, IDEAS.get(name, Idea()).uri]))


def could_apply(patcher: str, model: str) -> bool:
    """Whether a reader of both would expect that the patch has a place in the experiment."""
    needs = IDEAS.get(patcher, Idea()).needs
    return not needs or bool(needs & NETWORKS[model].offers)


def patched(patcher: str, model: str) -> Any:
    """The experiment with the patch applied.

    Raises:
        PatchError: It does not apply; the text is the reason.
    """
    experiment = NETWORKS[model].build()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", patches.PatchWarning)  # `strict` raises them
        return sj.patch(experiment, uri(patcher), strict=True)


def trained(experiment: Any) -> Result:
    """What comes of two steps of training."""
    return type(experiment).run(experiment)


@functools.cache
def _unpatched(model: str) -> Result:
    return trained(NETWORKS[model].build())


def changed(result: Result, experiment: Any, model: str) -> bool:
    """Whether a patched experiment computes anything else than the one before."""
    before = _unpatched(model)
    if jax.tree.structure(result) != jax.tree.structure(before) or not all(
        jax.tree.leaves(jax.tree.map(np.array_equal, result, before))
    ):
        return True
    programs = [jax.make_jaxpr(trained)(exp) for exp in (NETWORKS[model].build(), experiment)]
    return str(programs[0]) != str(programs[1])


def outcome(patcher: str, model: str, train: bool = True) -> Outcome:
    """What comes of a patch on a model.

    Args:
        patcher: The name of the patcher.
        model: The name of the model.
        train: Whether to take two steps, or only to trace them.

    Raises:
        Exception: The patch applied, and the experiment does not run: the cell fails.
    """
    try:
        experiment = patched(patcher, model)
    except patches.PatchError as error:
        return Outcome(False, _sentence(str(error)))
    jax.eval_shape(trained, experiment)
    if train:
        result = trained(experiment)
        losses = [float(loss) for loss in result.losses]
        if not all(map(math.isfinite, losses)):
            raise AssertionError(f"{model} with {uri(patcher)} trains to {losses}")
        if not changed(result, experiment, model):
            raise AssertionError(f"{uri(patcher)} changed the tree of {model}, and nothing that it computes")
    return Outcome(True)


def _sentence(message: str) -> str:
    """A message without the name of the patch, which stands beside it, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"^the patch \S+ ", "", message)).strip()


# The page.

HEAD = """# Every patch on every model

The library's patches on models that share no base class, each in a file of its own under
[tests/patches/zoo](../tests/patches/zoo), written in plain Flax or plain JAX without this library, and symbolized from
outside. Each cell was applied, shape-checked, and trained for two steps on tiny data by `tools/matrix.py`, which wrote this
page; `tests/patches/test_network_effect.py` does the same again. No code names a pair.

"""


def page(outcomes: Mapping[tuple[str, str], Outcome]) -> str:
    """The matrix as Markdown.

    Args:
        outcomes: What came of each patcher and model.
    """
    models = list(NETWORKS)
    names = sorted({patcher for patcher, _ in outcomes})
    works = sum(outcome.works for outcome in outcomes.values())
    rows = [
        f"| `{uri(name)}` | " + " | ".join(MARK[outcomes[name, model].works] for model in models) + " |"
        for name in names
    ]
    reasons = [line for name in names for line in _reasons(name, outcomes)]
    return "\n".join(
        [
            f"{HEAD}{len(names)} patches × {len(models)} models: ✓ works, {works} cells; "
            f"· does not apply, {len(outcomes) - works} cells; none fails.",
            "",
            "| | " + " | ".join(models) + " |",
            "|---|" + ":-:|" * len(models),
            *rows,
            "",
            "## Why a patch does not apply",
            "",
            "In the words of the library's own message.",
            "",
            *reasons,
            "",
        ]
    )


def _reasons(name: str, outcomes: Mapping[tuple[str, str], Outcome]) -> Iterable[str]:
    """For each reason that a patch does not apply, the models of which it was said."""
    models: dict[str, list[str]] = {}
    for model in NETWORKS:
        if not outcomes[name, model].works:
            models.setdefault(outcomes[name, model].reason, []).append(model)
    for reason, its_models in models.items():
        yield f"- `{name}` on {', '.join(its_models)}: {_escaped(reason)}"


def _escaped(text: str) -> str:
    return re.sub(r"([<>|*_`\[\]])", r"\\\1", text)


def read(text: str) -> dict[tuple[str, str], bool]:
    """Which cells of a page work, by patcher and model."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"
    ]
    if not rows:
        return {}
    models = rows[0][1:]
    return {
        (row[0].strip("`").partition("?")[0], model): mark == MARK[True]
        for row in rows[2:]
        for model, mark in zip(models, row[1:], strict=True)
    }
