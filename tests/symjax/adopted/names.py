"""The public names of the installed Flax Linen, Flax NNX, JAX initializers and Optax, and what each is.

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
import flax.nnx
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
NNX = Room("NNX", "symjax.nnx", {"": flax.nnx}, _is_class)
NNX_FUNCTIONS = Room("NNX functions", "symjax.nnx", {"": flax.nnx}, _is_function)
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
ROOMS = (LINEN, LINEN_FUNCTIONS, NNX, NNX_FUNCTIONS, INITIALIZERS, OPTAX)


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
    BODY = "for the body of a module's class or method: no argument of an experiment"
    DATA = "data: a state, parameters, their metadata; a pytree of JAX's own"
    FILTER = "selects among a module's variables; a value"
    HINT = "a type for annotations"
    INITIALIZER = "an initializer already, no factory of one: the function itself is the value"
    LIFT = "a lift: what it makes of a symbolic class is a symbolic class (test_lifts.py)"
    MADE = "returns a named function, jax.nn.initializers.zeros or ones: that is the value"
    MESH = "translates axis names: no part of an experiment"
    OPTION = "an option of a lift, compared by value"
    RUN = "runs a module, shows it, or takes it apart"
    TRANSFORM = "transforms functions of modules that are built (test_in_nnx.py)"
    TRAINING = "holds what changes in training; made of a module that is built"


# Functions that are values as they are, by the packages in which they are defined.
VALUES = ("jax.", "flax.linen.pooling", "flax.linen.attention", "flax.nnx.nn.attention")

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
    NNX.title: {
        Why.ABSTRACT: ("Module", "Object", "Pytree", "RNNCellBase"),
        Why.DATA: (
            "BatchStat",
            "Cache",
            "Dict",
            "FlatState",
            "GraphDef",
            "GraphState",
            "Intermediate",
            "List",
            "LoRAParam",
            "NodeStates",
            "OptArray",
            "OptState",
            "OptVariable",
            "Param",
            "Perturbation",
            "RngCount",
            "RngKey",
            "RngState",
            "RngStream",
            "Rngs",
            "State",
            "Variable",
            "VariableMetadata",
        ),
        Why.FILTER: ("All", "Any", "Everything", "Not", "Nothing", "OfType", "PathContains", "WithTag"),
        Why.OPTION: ("Carry", "DiffState", "StateAxes", "StateSharding"),
        Why.RUN: (
            "MergeContext",
            "SplitContext",
            "UpdateContext",
            "set_graph_mode",
            "set_graph_updates",
            "use_eager_sharding",
        ),
        Why.TRAINING: ("EMA", "Metric", "ModelAndOptimizer", "MultiMetric", "Optimizer", "TrainState"),
    },
    NNX_FUNCTIONS.title: {
        Why.MESH: (
            "abstract_with_sharding",
            "as_abstract",
            "get_abstract_model",
            "get_named_sharding",
            "get_partition_spec",
            "logical_axis_rules",
        ),
        Why.BODY: (
            "data",
            "dataclass",
            "register_data_type",
            "register_variable_name",
            "static",
            "variable_name_from_type",
            "variable_type_from_name",
        ),
        Why.RUN: (
            "as_pure",
            "cached_partial",
            "call",
            "capture",
            "check_pytree",
            "clone",
            "current_update_context",
            "display",
            "eval_shape",
            "filter_state",
            "find_duplicates",
            "flatten",
            "fork_rngs",
            "from_flat_state",
            "from_tree",
            "graphdef",
            "has_data",
            "is_data",
            "iter_children",
            "iter_graph",
            "iter_module_children",
            "iter_modules",
            "make_jaxpr",
            "map",
            "map_state",
            "merge",
            "merge_context",
            "merge_state",
            "pop",
            "prefix",
            "pure",
            "recursive_map",
            "replace_by_pure_dict",
            "reseed",
            "restore_int_paths",
            "restore_rngs",
            "set_metadata",
            "split",
            "split_context",
            "split_rngs",
            "split_state",
            "state",
            "tabulate",
            "to_flat_state",
            "to_pure_dict",
            "to_tree",
            "unflatten",
            "unpack",
            "update",
            "update_context",
            "using_eager_sharding",
            "var_defaults",
            "vars_as",
            "view",
            "view_info",
            "with_attributes",
            "with_rngs",
            "with_vars",
        ),
        Why.TRANSFORM: (
            "checkify",
            "cond",
            "custom_vjp",
            "fori_loop",
            "grad",
            "jit",
            "jit_partial",
            "jvp",
            "pmap",
            "remat",
            "scan",
            "shard_map",
            "switch",
            "transform_metadata",
            "value_and_grad",
            "vjp",
            "vmap",
            "while_loop",
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
    return room in (LINEN_FUNCTIONS, NNX_FUNCTIONS) and getattr(value, "__module__", "").startswith(VALUES)
