"""The matrix of all patches of the library and all models of the zoo: what comes of each pair, and as a page.

No pair is named anywhere: a patch says what it needs, a model what it has, and what happens is found out.
"""

import functools
import math
import re
import traceback
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

import symjax as sj
from symjax import patches
from symjax.patches import library

from .experiments import Result
from .networks import NETWORKS

MARK = {True: "✓", False: "·"}


class Idea(NamedTuple):
    """What a patcher of the library is called with, and what it needs of an experiment.

    Attributes:
        arguments: As in a URI.
        needs: What the experiment must have, any of these; nothing: every experiment will do.
        flax: Whether it can change layers of Flax only, or puts such in their place.
    """

    arguments: str = ""
    needs: tuple[str, ...] = ()
    flax: bool = False


LAYERS = ("convolution", "dense", "embedding", "attention")
WEIGHTS = ("convolution", "dense", "attention")
IDEAS: Mapping[str, Idea] = {
    "accumulate_gradients": Idea("steps=2"),
    "add_dropout": Idea("rate=0.2", ("dense",), flax=True),
    "add_normalization": Idea("", ("convolution",), flax=True),
    "add_skip_connections": Idea("", ("convolution", "dense"), flax=True),
    "apply_remat": Idea("", ("block",), flax=True),
    "apply_sepconv": Idea("", ("convolution",), flax=True),
    "average_parameters": Idea("decay=0.9"),
    "change_batch_size": Idea("batch_size=6"),
    "change_dataset": Idea("name=other&classes=5&vocabulary=7"),
    "change_dtype": Idea("bfloat16", LAYERS, flax=True),
    "change_epochs": Idea("epochs=3", ("epochs",)),
    "change_lr": Idea("learning_rate=0.05"),
    "change_schedule": Idea("schedule=warmup_cosine&steps=10&warmup_steps=2"),
    "change_seed": Idea("seed=1", ("seed",)),
    "change_steps": Idea("steps=3", ("steps",)),
    "change_weight_decay": Idea("weight_decay=0.1"),
    "clip_gradients": Idea("limit=0.01"),
    "compound_scale": Idea("phi=2", ("depth",)),
    "factorize_dense": Idea("rank=1", ("dense",), flax=True),
    "gated_feed_forward": Idea("", ("feed_forward",), flax=True),
    "group_convolutions": Idea("groups=2", ("convolution",), flax=True),
    "grouped_query": Idea("kv_heads=1", ("attention",)),
    "layer_scale": Idea("", ("attention", "feed_forward"), flax=True),
    "linear_attention_bias": Idea("", ("attention",)),
    "lora": Idea("rank=2", ("dense",), flax=True),
    "mixture_of_experts": Idea("experts=2&top=1", ("feed_forward_module",), flax=True),
    "multi_query": Idea("", ("attention",)),
    "mup_attention": Idea("base_depth=2", ("attention",)),
    "mup_initialization": Idea("base_width=4", ("dense",), flax=True),
    "normalize_queries": Idea("", ("attention",)),
    "place_normalization": Idea("where=post", ("prenorm",)),
    "relative_attention_bias": Idea("", ("attention",)),
    "remove_bias": Idea("", WEIGHTS),
    "remove_encoder": Idea("", ("encoder",)),
    "rotary_embedding": Idea("", ("attention",)),
    "scale_depth": Idea("factor=2.0", ("depth",)),
    "scale_width": Idea("factor=2.0"),
    "search_for_width": Idea("flops=1000000", flax=True),
    "set_dropout": Idea("rate=0.3", ("dropout",)),
    "smooth_labels": Idea("alpha=0.1", ("cross_entropy",)),
    "squeeze_excite": Idea("ratio=2", ("convolution",), flax=True),
    "standardize_weights": Idea("", ("convolution",), flax=True),
    "stochastic_depth": Idea("rate=0.5", ("residual",), flax=True),
    "swap_activation": Idea("to=elu", ("activation",)),
    "swap_initializer": Idea("to=orthogonal", WEIGHTS, flax=True),
    "swap_normalization": Idea("to=group&groups=2", ("normalization",)),
    "swap_optimizer": Idea("to=sgd"),
    "tie_weights": Idea("", ("untied",), flax=True),
    "weight_norm": Idea("", ("convolution", "dense"), flax=True),
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
    shown = [getattr(library, name) for name in sorted(library.__all__)]
    classes = [value for value in shown if isinstance(value, type) and issubclass(value, patches.Patch)]
    return {cls.patcher_name: cls for cls in classes if cls.patcher_name}


def uri(name: str) -> str:
    """The patch of a patcher, with its arguments in the matrix."""
    return "?".join(filter(None, [name, IDEAS.get(name, Idea()).arguments]))


def could_apply(patcher: str, model: str) -> bool:
    """Whether a reader of both would expect that the patch has a place in the experiment."""
    idea, offers = IDEAS.get(patcher, Idea()), NETWORKS[model].offers
    return (not idea.needs or not offers.isdisjoint(idea.needs)) and ("Flax" in offers or not idea.flax)


def patched(patcher: str, model: str) -> Any:
    """The experiment with the patch applied.

    Raises:
        ValueError: It does not apply; the text is the reason.
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
    except ValueError as error:
        if not _is_refusal(error):
            raise
        return Outcome(False, _sentence(str(error)))
    if hasattr(experiment, "example_inputs"):
        patches.check(experiment)
    if train:
        result = trained(experiment)
        losses = [float(loss) for loss in result.losses]
        if not all(map(math.isfinite, losses)):
            raise AssertionError(f"{model} with {uri(patcher)} trains to {losses}")
        if not changed(result, experiment, model):
            return Outcome(
                False, "it changes the tree, and nothing that is computed: its places are none here"
            )
    return Outcome(True)


def _is_refusal(error: ValueError) -> bool:
    """Whether a patch says itself that it does not apply.

    Tracebacks leave out the library's own frames; what JAX, Flax or NumPy raise has theirs.
    """
    last = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1]
    return isinstance(error, patches.PatchError) or last.f_code is patched.__code__


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
