"""`change_dataset`: other data, and the model's sizes that follow from it."""

from __future__ import annotations

import warnings
from typing import Annotated, Any, Final, NamedTuple

from annotated_types import Gt

from symjax.adoption.symbolize import symbolize
from symjax.core.errors import at, excerpt, nearest_first, unknown
from symjax.core.inside import INSIDE, is_patchable
from symjax.core.paths import Path
from symjax.core.schema import schema_of
from symjax.core.tracebacks import caller_level
from symjax.verbs.rebind import rebind
from symjax.verbs.tree import is_symbolic, items, replace

from ...core.errors import PatchWarning
from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...interior.layers import edit_layers, layers
from ...interior.matching import sightings
from ...outlines.finding import models
from ...outlines.inputs import inputs_for
from ...roles.editing import updated
from ...roles.marks import arguments, classes_with_role, own_names, with_role
from ...roles.settings import USUAL_NAMES, names_of, setting_test, settings

_SIZES: Final = ("classes", "vocabulary")


@patcher
def change_dataset(
    tree: Any,
    name: str,
    classes: Annotated[int, Gt(0)] | None = None,
    vocabulary: Annotated[int, Gt(0)] | None = None,
    inputs: Any = None,
) -> LookingFor:
    """Trains on other data, with a head and embeddings of its size.

    What has the role ``'dataset'``, see `symjax.role`, and an argument ``name`` gets the name; one without
    becomes an instance of the marked class of that name (``cifar100`` is ``Cifar100``), with the arguments
    that both have. A text in a setting called ``dataset`` or ``dataset_name`` is set.

    Where the new data have another number of classes, or another vocabulary, than the old, the model's
    settings that had the old number follow (``num_classes``, ``vocab_size`` and the like); where no setting
    holds the number of classes, the last dense layer does (role ``'dense'``), if it has that size: that of
    the tree, or the last one that a model calls, where its inputs are known. The numbers are arguments or
    attributes of the datasets under their usual names, or what the role calls ``classes`` and
    ``vocabulary``.

    Args:
        tree: The experiment.
        name: The name of the new dataset.
        classes: How many classes it has, where it does not say so itself.
        vocabulary: The size of its vocabulary, likewise.
        inputs: Handed over by `symjax.patch`.

    Raises:
        ValueError: There is no marked dataset of that name; the message lists them, the nearest first.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> @sj.role('dataset')
        ... class Digits(sj.Object):
        ...     split: float = 0.2
        ...     num_classes = 10
        >>> @sj.role('dataset')
        ... class Letters(sj.Object):
        ...     split: float = 0.1
        ...     num_classes = 26
        >>> exp = {'data': Digits(0.3), 'model': nn.Sequential([nn.Dense(32), nn.relu, nn.Dense(10)])}
        >>> sj.patch(exp, 'change_dataset?letters')
        {'data': Letters(split=0.3), 'model': Sequential(layers=(Dense(features=32), relu, \
Dense(features=26)))}
    """
    return LookingFor(
        f"values of the role 'dataset', and texts called {names_of('dataset')}",
        _updates(tree, name, {"classes": classes, "vocabulary": vocabulary}, inputs),
    )


def _updates(tree: Any, name: str, sizes: dict[str, int | None], inputs: Any) -> dict[Path, Any]:
    datasets = {path: old for path, old in with_role(tree, "dataset").items() if is_symbolic(old)}
    updates: dict[Path, Any] = {
        path: name for path, old in settings(tree, "dataset").items() if isinstance(old, str)
    }
    known = {size: new for size, new in sizes.items() if new is not None}
    for path, old in datasets.items():
        updates[path] = _sized(_renamed(old, name, path), known)
    if updates:
        for size in _SIZES:
            change = _change(tree, size, datasets, updates, known.get(size))
            if change is not None:
                updates.update(_following(tree, size, datasets, change, inputs))
    return updates


def _renamed(old: Any, name: str, path: Path) -> Any:
    """The dataset of another name, with what is left of the arguments of the old one."""
    by_name = {_plain(cls.__name__): cls for cls in classes_with_role("dataset")}
    cls = by_name.get(_plain(name))
    own = arguments(old, "dataset")
    if cls is None:
        if "name" in own:
            return updated(old, "dataset", name=name)
        listed = nearest_first(name, [other.__name__ for other in by_name.values()])
        message = unknown("dataset", excerpt(name), listed, "classes of the role 'dataset'")
        raise ValueError(f"{message} {at(path)}")
    if isinstance(old, cls):
        return old
    new: Any = symbolize(cls)
    fields = new.__symjax_schema__.fields
    defaults = getattr(schema_of(old), "defaults", {})
    return new(
        **{
            argument.name: argument.value
            for argument in own.values()
            if argument.name in fields and argument.value is not defaults.get(argument.name)
        }
    )


def _sized(dataset: Any, sizes: dict[str, int]) -> Any:
    """The dataset with its sizes, where they are arguments of it."""
    tests = {size: setting_test(size) for size in sizes}
    changes = {
        key: sizes[size]
        for key, _ in items(dataset) or ()
        for size, is_size in tests.items()
        if is_size(Path((key,)), dataset)
    }
    return replace(dataset, changes) if changes else dataset


class _Change(NamedTuple):
    """A size of the data, before and after."""

    old: int
    new: int


def _change(
    tree: Any, size: str, datasets: dict[Path, Any], updates: dict[Path, Any], new: int | None
) -> _Change | None:
    """How a size of the data changes; None if it does not, or if that is not known."""
    olds = {_size(old, size) for old in datasets.values()} - {None}
    news = {_size(updates[path], size) for path in datasets} - {None}
    if new is not None:
        news = {new}
        olds = olds or {value for value in settings(tree, size).values() if type(value) is int}
    if len(olds) != 1 or len(news) != 1 or olds == news:
        return None
    (before,), (after,) = olds, news
    assert before is not None
    assert after is not None
    return _Change(before, after)


def _following(
    tree: Any, size: str, datasets: dict[Path, Any], change: _Change, inputs: Any
) -> dict[Path, Any]:
    """What had the old size of the data, and has the new one."""
    updates = {
        path: change.new
        for path, value in settings(tree, size).items()
        if type(value) is int and value == change.old and not any(map(path.startswith, datasets))
    }
    if not updates and size == "classes":
        updates = _heads(tree, change) or _inner_heads(tree, change, inputs)
        if not updates:
            warnings.warn(
                f"the new data have {change.new} classes, the old {change.old}, and no setting or last dense "
                f"layer of the model has that size; layers inside are found with inputs=…, others are set by "
                "their paths",
                PatchWarning,
                stacklevel=caller_level(),
            )
    return updates


def _heads(tree: Any, change: _Change) -> dict[Path, Any]:
    """The last dense layer of the tree, if it has as many features as there are classes."""
    dense = [
        (path, layer)
        for path, layer in with_role(tree, "dense").items()
        if "features" in arguments(layer, "dense")
    ]
    for path, head in dense[-1:]:
        if arguments(head, "dense")["features"].value == change.old:
            return {path: updated(head, "dense", features=change.new)}
    return {}


def _inner_heads(tree: Any, change: _Change, inputs: Any) -> dict[Path, Any]:
    """The last dense layer that each model calls, likewise."""
    known = inputs_for(tree, inputs)
    updates: dict[Path, Any] = {}
    for model in models(tree):
        if model.path not in known or not is_patchable(model.node):
            continue
        before = vars(model.node).get(INSIDE, ())
        watched = model._replace(node=rebind(model.node, {INSIDE: (*before, layers(_unchanged))}))
        calls = sightings(watched, known[model.path])
        dense = [call for call in calls if "features" in arguments(call.layer, "dense")]
        for head in dense[-1:]:
            features = arguments(head.layer, "dense")["features"]
            if features.value == change.old:
                edit = edit_layers({head.path: {features.name: change.new}})
                updates[model.path / INSIDE] = (*before, edit)
    return updates


def _unchanged(k: Path, v: Any) -> Any:
    """A rule that changes nothing, under which layers are seen."""
    return v


def _size(dataset: Any, size: str) -> int | None:
    names = own_names(dataset, size) or USUAL_NAMES[size]
    for name in names:
        value = getattr(dataset, name, None)
        if type(value) is int:
            return value
    return None


def _plain(name: str) -> str:
    """A name without what is written differently in text and in classes."""
    return name.replace("_", "").replace("-", "").lower()
