"""The public names of the installed Flax Linen, JAX initializers and Optax, and what each of them is.

Discovered, not listed: a name that a new version brings is either an example of `*_examples.py`, or an
exception below with its reason, or the suite fails and says what to add.
"""

import enum
import inspect
import typing
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import flax.linen
import jax
import jax.nn.initializers
import optax


class Room(NamedTuple):
    """A package whose public names are covered.

    Attributes:
        title: As the table shows it.
        view: The module of this library that shows the package's names.
        modules: The package's modules by their name in the view; the first is the package itself.
        covers: Whether a name of the package is one that the room is there for.
    """

    title: str
    view: str
    modules: dict[str, ModuleType]
    covers: Callable[[str, Any], bool]


def _is_layer(name: str, value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, flax.linen.Module)


def _is_function(name: str, value: Any) -> bool:
    return callable(value) and not isinstance(value, type) and not _is_hint(value)


def _is_hint(value: Any) -> bool:
    return typing.get_origin(value) is not None or isinstance(value, typing.TypeVar)


LINEN = Room("Linen layers", "symjax.linen", {"": flax.linen}, _is_layer)
INITIALIZERS = Room(
    "Initializers",
    "symjax.linen.initializers",
    {"": flax.linen.initializers, "jax": jax.nn.initializers},
    _is_function,
)
OPTAX = Room(
    "Optax",
    "symjax.optax",
    {
        "": optax,
        "contrib": optax.contrib,
        "losses": optax.losses,
        "projections": optax.projections,
        "schedules": optax.schedules,
        "transforms": optax.transforms,
    },
    _is_function,
)
ROOMS = (LINEN, INITIALIZERS, OPTAX)


def public(module: ModuleType) -> dict[str, Any]:
    """The public names of a module that are no modules themselves."""
    found = {name: getattr(module, name) for name in sorted(dir(module)) if not name.startswith("_")}
    return {name: value for name, value in found.items() if not inspect.ismodule(value)}


def members(room: Room) -> dict[str, Any]:
    """What a room covers, each object once, under the name that comes first."""
    found: dict[str, Any] = {}
    seen: list[Any] = []
    for prefix, module in room.modules.items():
        for name, value in public(module).items():
            if room.covers(name, value) and not any(value is other for other in seen):
                seen.append(value)
                found[f"{prefix}.{name}".lstrip(".")] = value
    return found


def aliases(room: Room) -> Iterator[tuple[str, str]]:
    """Pairs of names of a room for the same object: the one that comes first, and another."""
    for first, value in members(room).items():
        for prefix, module in room.modules.items():
            for name, other in public(module).items():
                full = f"{prefix}.{name}".lstrip(".")
                if other is value and full != first:
                    yield first, full


class Why(enum.Enum):
    """Why a name is not symbolized: it is a value, or no one's argument."""

    ABSTRACT = "a base class: it is subclassed, never made"
    ARRAYS = "a function of arrays, done when it returns: the function is the value"
    DEVICE = "its dtypes exist on other accelerators only"
    HINT = "a type alias"
    INITIALIZER = "an initializer already, no factory: the function is the value"
    LIFT = "a lift of modules or functions: what it returns is symbolic where a class goes in"
    MADE = "makes what has a name of its own: jax.nn.initializers.zeros and ones"
    MARK = "a decorator or switch for the body of a class"


EXCEPTIONS: dict[str, dict[Why, tuple[str, ...]]] = {
    LINEN.title: {
        Why.ABSTRACT: ("Module", "RNNCellBase"),
        Why.DEVICE: ("NANOOFp8DotGeneralOp",),
    },
    INITIALIZERS.title: {
        Why.INITIALIZER: ("ones", "zeros"),
        Why.MADE: ("ones_init", "zeros_init"),
    },
    OPTAX.title: {
        Why.ARRAYS: (
            "apply_updates",
            "bias_correction",
            "contrib.schedule_free_eval_params",
            "global_norm",
            "incremental_update",
            "init_empty_state",
            "matrix_inverse_pth_root",
            "multi_normal",
            "nnls",
            "per_example_global_norm_clip",
            "per_example_layer_norm_clip",
            "periodic_update",
            "power_iteration",
            "projections.projection_box",
            "projections.projection_halfspace",
            "projections.projection_hypercube",
            "projections.projection_hyperplane",
            "projections.projection_l1_ball",
            "projections.projection_l1_sphere",
            "projections.projection_l2_ball",
            "projections.projection_l2_sphere",
            "projections.projection_linf_ball",
            "projections.projection_non_negative",
            "projections.projection_simplex",
            "projections.projection_vector",
            "safe_increment",
            "safe_norm",
            "safe_root_mean_squares",
            "scale_gradient",
            "skip_large_updates",
            "skip_not_finite",
            "transforms.unitwise_clip",
            "transforms.unitwise_norm",
            "tree_map_params",
            "update_infinity_moment",
            "update_moment",
            "update_moment_per_elem_norm",
        ),
    },
}


def exceptions(room: Room) -> dict[str, str]:
    """The names of a room that are not covered, with their reasons."""
    return {name: why.value for why, names in EXCEPTIONS[room.title].items() for name in names}
