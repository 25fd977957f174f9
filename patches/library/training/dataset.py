"""`change_dataset`: other data, and the model's sizes that follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from annotated_types import Gt

from symjax.adoption.symbolize import symbolize
from symjax.core.errors import at, unknown
from symjax.core.paths import Path
from symjax.core.schema import schema_of
from symjax.verbs.tree import is_symbolic

from ...core.errors import nearest_first
from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.marks import arguments, classes_with_role, own_names, updated, with_role
from ...roles.settings import USUAL_NAMES, names_of, settings
from ...uri.grammar import excerpt

_SIZES: Final = ("classes", "vocabulary")


@patcher
def change_dataset(
    tree: Any,
    name: str,
    classes: Annotated[int, Gt(0)] | None = None,
    vocabulary: Annotated[int, Gt(0)] | None = None,
) -> LookingFor:
    """Trains on other data, with a head and embeddings of its size.

    What has the role ``'dataset'``, see `symjax.role`, and an argument ``name`` gets the name; one without
    becomes an instance of the marked class of that name (``cifar100`` is ``Cifar100``), with the arguments
    that both have. A text in a setting called ``dataset`` or ``dataset_name`` is set.

    Where the new data have another number of classes, or another vocabulary, than the old, the model's
    settings that had the old number follow (``num_classes``, ``vocab_size`` and the like); where no setting
    holds the number of classes, the last dense layer of it does (role ``'dense'``). The numbers are
    arguments or attributes of the datasets under their usual names, or what the role calls ``classes`` and
    ``vocabulary``.

    Args:
        tree: The experiment.
        name: The name of the new dataset.
        classes: How many classes it has, where it does not say so itself.
        vocabulary: The size of its vocabulary, likewise.

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
        _updates(tree, name, {"classes": classes, "vocabulary": vocabulary}),
    )


def _updates(tree: Any, name: str, sizes: dict[str, int | None]) -> dict[Path, Any]:
    datasets = {path: old for path, old in with_role(tree, "dataset").items() if is_symbolic(old)}
    updates: dict[Path, Any] = {
        path: name for path, old in settings(tree, "dataset").items() if isinstance(old, str)
    }
    known = {size: new for size, new in sizes.items() if new is not None}
    for path, old in datasets.items():
        updates[path] = updated(_renamed(old, name, path), "dataset", **known)
    if updates:
        for size in _SIZES:
            updates.update(_following(tree, size, datasets, updates, known.get(size)))
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


def _following(
    tree: Any, size: str, datasets: dict[Path, Any], updates: dict[Path, Any], new: int | None
) -> Iterator[tuple[Path, Any]]:
    """What had the old size of the data, and has the new one."""
    inside = {
        path: value
        for path, value in settings(tree, size).items()
        if type(value) is int and not any(map(path.startswith, datasets))
    }
    olds = {_size(old, size) for old in datasets.values()} - {None}
    news = {_size(updates[path], size) for path in datasets} - {None}
    if new is not None:
        news, olds = {new}, olds or set(inside.values())
    if len(olds) != 1 or len(news) != 1 or olds == news:
        return
    (old,), (number,) = olds, news
    followers = [path for path, value in inside.items() if value == old]
    yield from ((path, number) for path in followers)
    if size == "classes" and not followers:
        yield from ((path, updated(head, "dense", features=number)) for path, head in _heads(tree, old))


def _heads(tree: Any, width: int) -> Iterator[tuple[Path, Any]]:
    """The last dense layer, if it has as many features as there are classes."""
    dense = [
        (path, layer)
        for path, layer in with_role(tree, "dense").items()
        if "features" in arguments(layer, "dense")
    ]
    if dense and arguments(dense[-1][1], "dense")["features"].value == width:
        yield dense[-1]


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
