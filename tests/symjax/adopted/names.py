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
    """A part of a package whose public names are covered.

    Attributes:
        title: As the table shows it.
        view: The module of this library that shows the names.
        modules: The modules by their name in the view; the first is the package itself.
        belongs: Whether a public name is one that the room is there for.
    """

    title: str
    view: str
    modules: dict[str, ModuleType]
    belongs: Callable[[Any], bool]


def _is_class(value: Any) -> bool:
    return isinstance(value, type)


def _is_function(value: Any) -> bool:
    is_hint = typing.get_origin(value) is not None or isinstance(value, typing.TypeVar)
    return callable(value) and not isinstance(value, type) and not is_hint


LINEN = Room("Linen", "symjax.linen", {"": flax.linen}, _is_class)
LINEN_FUNCTIONS = Room("Linen functions", "symjax.linen", {"": flax.linen}, _is_function)
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
    lambda value: _is_class(value) or _is_function(value),
)
ROOMS = (LINEN, LINEN_FUNCTIONS, INITIALIZERS, OPTAX)


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
            if room.belongs(value) and not any(value is other for other in seen):
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
    """Why a name is not symbolized."""

    ABSTRACT = "a base class: it is subclassed, never made"
    ARRAYS = "a function of arrays, done when it returns: the function itself is the value"
    BODY = "for the body of a module's method: no argument of an experiment"
    DATA = "data: a state, parameters, their metadata; a pytree of JAX's own"
    HINT = "a type for annotations"
    INITIALIZER = "an initializer already, no factory of one: the function itself is the value"
    LIFT = "a lift: what it makes of a symbolic class is a symbolic class (test_lifts.py)"
    MADE = "returns a named function, jax.nn.initializers.zeros or ones: that is the value"
    MESH = "translates axis names: no part of an experiment"
    OPTION = "an option of a lift, compared by value"
    RUN = "runs a module, or shows it"


# Functions that are values as they are, by the packages in which they are defined.
VALUES = ("jax.", "flax.linen.pooling", "flax.linen.attention")

EXCEPTIONS: dict[str, dict[Why, tuple[str, ...]]] = {
    LINEN.title: {
        Why.ABSTRACT: ("Module", "RNNCellBase"),
        Why.BODY: ("BatchApply",),
        Why.DATA: ("FrozenDict", "LogicallyPartitioned", "Partitioned", "Variable"),
        Why.OPTION: ("DenyList",),
    },
    LINEN_FUNCTIONS.title: {
        Why.BODY: (
            "compact",
            "compact_name_scope",
            "cond",
            "custom_vjp",
            "fold_rngs",
            "grad",
            "jvp",
            "merge_param",
            "named_call",
            "nowrap",
            "share_scope",
            "switch",
            "value_and_grad",
            "vjp",
            "while_loop",
            "with_logical_constraint",
        ),
        Why.INITIALIZER: ("ones", "zeros"),
        Why.LIFT: ("add_metadata_axis", "checkpoint", "jit", "map_variables", "remat_scan", "scan", "vmap"),
        Why.MADE: ("ones_init", "zeros_init"),
        Why.MESH: (
            "get_logical_axis_rules",
            "get_partition_spec",
            "get_sharding",
            "logical_axis_rules",
            "logical_to_mesh",
            "logical_to_mesh_axes",
            "logical_to_mesh_sharding",
            "set_logical_axis_rules",
            "unbox",
        ),
        Why.RUN: (
            "apply",
            "disable_named_call",
            "enable_named_call",
            "init",
            "init_with_output",
            "intercept_methods",
            "override_named_call",
            "tabulate",
        ),
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


def exceptions(room: Room) -> dict[str, Why]:
    """The names of a room that are not symbolized, with their reasons."""
    found = {name: why for why, left_out in EXCEPTIONS[room.title].items() for name in left_out}
    for name, value in members(room).items():
        if isinstance(value, type) and issubclass(value, tuple):
            found[name] = Why.DATA
        elif getattr(value, "_is_protocol", False):
            found[name] = Why.HINT
    return found


def is_value(room: Room, value: Any) -> bool:
    """Whether what a room shows is a value as it is: an activation, pooling, attention."""
    return room is LINEN_FUNCTIONS and getattr(value, "__module__", "").startswith(VALUES)
