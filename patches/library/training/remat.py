"""`apply_remat`: blocks whose activations are computed again in the backward pass, in place of being kept."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final, Literal

import flax.linen
import jax

from symjax.core.inside import INSIDE, is_patchable
from symjax.core.leaves import is_array
from symjax.core.paths import Path
from symjax.core.schema import ATTRIBUTE, schema_of

from ...analysis.blocks import Blocks, Names, blocks
from ...core.patch import LookingFor, RuleFunction
from ...core.patcher import patcher
from ...interior.layers import layers
from ...interior.wrapping import Wrapping
from ...outlines.finding import LAYERS, models
from ...outlines.inputs import inputs_for
from ...roles.marks import has_role
from ...roles.settings import names_of, settings

Policy = Literal["nothing", "dots", "dots_without_batch"]
_POLICIES: Final = {
    "nothing": None,
    "dots": "dots_saveable",
    "dots_without_batch": "dots_with_no_batch_dims_saveable",
}
_NUMBERED: Final = re.compile(r".*_\d+")


class Rematerialized(Wrapping):
    """A module whose activations are not kept for the backward pass; see `apply_remat`.

    Arguments that are no arrays (``train=True``) are handed on as they are, so that the module may ask for
    them in Python.

    Attributes:
        policy: What is kept all the same: ``nothing``, the results of all matrix products (``dots``), or
            of those without batch dimensions, which are those with weights.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> model, x = Rematerialized(nn.Dense(3)), jax.numpy.ones((1, 4))
        >>> variables = model.init(jax.random.key(0), x)
        >>> sorted(variables['params'])
        ['bias', 'kernel']
        >>> 'remat' in str(jax.make_jaxpr(model.apply)(variables, x))
        True
    """

    policy: Policy = "nothing"

    @flax.linen.compact
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the module returns."""
        leaves, treedef = jax.tree.flatten((args, kwargs))
        arrays = [leaf for leaf in leaves if is_array(leaf)]

        def run(module: Rematerialized, arrays: list[Any]) -> Any:
            rest = iter(arrays)
            filled = [next(rest) if is_array(leaf) else leaf for leaf in leaves]
            args, kwargs = jax.tree.unflatten(treedef, filled)
            return module.run(*args, **kwargs)

        name = _POLICIES[self.policy]
        policy = None if name is None else getattr(jax.checkpoint_policies, name)
        return flax.linen.remat(run, policy=policy)(self, arrays)


def _rematerialized(layer: Any, policy: Policy) -> Any:
    """A layer of Linen or NNX, as a node, whose activations are computed again."""
    if isinstance(layer, flax.linen.Module):
        return Rematerialized(layer, policy=policy)
    from ...interior.nnx.rematerializing import RematerializedNode  # NNX is slow to import

    return RematerializedNode(layer, _POLICIES[policy])


@patcher
def apply_remat(
    tree: Any, policy: Policy = "nothing", paths: tuple[str, ...] = (), inputs: Any = None
) -> LookingFor:
    """Keeps less in memory for the backward pass: the blocks of a model are computed again there.

    Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016, section 4: with n blocks, the
    activations at their borders and those inside of one are in memory at a time, for one more forward pass.
    The numbers stay.

    The blocks are modules with the role ``'block'``, see `symjax.role`. Where there are none, and inputs
    are known (``inputs=…`` of `symjax.patch`, or ``example_inputs``), they are found by an abstract call:
    the innermost residual blocks and others of their classes, and the bodies of scans; or else the outermost
    modules of classes of which there are several. Without inputs and in NNX, every numbered module of a class
    that is not Flax's own is one (``Block_0``, ``blocks[1]``). A configuration that has a boolean for it
    (``config.remat``) gets it set.

    Args:
        tree: The experiment.
        policy: What is kept all the same: ``nothing``; ``dots``, the results of matrix products; or
            ``dots_without_batch``, of those with weights.
        paths: Which modules inside of a model are the blocks, names joined by slashes; none: they are found.
        inputs: Handed over by `symjax.patch`.

    Example:
        >>> import jax
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> @sj.role('block')
        ... class Block(nn.Module):
        ...     @nn.compact
        ...     def __call__(self, x):
        ...         return x + nn.Dense(x.shape[-1])(nn.relu(nn.Dense(16)(x)))
        >>> model = sj.patch(nn.Sequential([Block(), Block()]), 'apply_remat')
        >>> [type(layer).__name__ for layer in model.layers]
        ['Rematerialized', 'Rematerialized']
    """
    switches = {path: True for path, value in settings(tree, "remat").items() if isinstance(value, bool)}
    if paths:
        edit: Any = layers(_rule_of_paths(frozenset(paths), policy))
    else:
        edit = switches or _plan(tree, policy, inputs) or layers(_rule(policy))
    what = (
        "modules of the role 'block', residual or repeated blocks of Linen models (found by inputs=…), "
        "numbered modules and items of lists of classes that are not Flax's, and booleans called "
        f"{names_of('remat')}"
    )
    return LookingFor(what, edit)


def _rule_of_paths(paths: frozenset[str], policy: Policy) -> RuleFunction:
    def rule(k: Path, v: Any) -> Any:
        return _rematerialized(v, policy) if _is_module(v) and "/".join(map(str, k)) in paths else v

    return rule


def _rule(policy: Policy) -> RuleFunction:
    def rule(k: Path, v: Any) -> Any:
        if has_role(v, "block") and _is_module(v):
            return _rematerialized(v, policy)
        is_numbered = isinstance(k.key, int) or _NUMBERED.fullmatch(str(k.key))
        return _rematerialized(v, policy) if is_numbered and _is_composite(v) else v

    return rule


def _plan(tree: Any, policy: Policy, inputs: Any) -> dict[Path, Any]:
    """What is put into the models of which inputs are known, and which have no modules marked as blocks."""
    known = inputs_for(tree, inputs)
    updates: dict[Path, Any] = {}
    for model in models(tree):
        if model.kind != "linen" or model.path not in known or not is_patchable(model.node):
            continue
        seen = blocks(model, known[model.path])
        if seen.with_role("block"):
            return {}
        paths = tuple("/".join(path) for path in _blocks_of(seen))
        if paths:
            before = vars(model.node).get(INSIDE, ())
            updates[model.path / INSIDE] = (*before, apply_remat(policy, paths))
    return updates


def _blocks_of(seen: Blocks) -> list[Names]:
    """The modules of the classes of residual blocks and of the bodies of scans; or of repeated classes.

    A block with a projection shortcut adds no input, but is of the class of those that do.
    """
    composite = {
        visit.path: type(visit.module) for visit in seen.visits if visit.path and _is_composite(visit.module)
    }
    counts = Counter(composite.values())
    classes = {composite[path] for path in (*seen.residual, *seen.scanned) if path in composite}
    classes = classes or {cls for cls, count in counts.items() if count > 1}
    paths = [path for path, cls in composite.items() if cls in classes]
    return [path for path in paths if not any(path != o and path[: len(o)] == o for o in paths)]


def _is_composite(value: Any) -> bool:
    """Whether a value is a module of a class of the user's, which no role says to be a single layer."""
    if not _is_module(value) or isinstance(value, Wrapping) or has_role(value, *LAYERS):
        return False
    if isinstance(value, flax.linen.RNNCellBase):  # whoever calls one asks that it be one
        return False
    schema = getattr(type(value), ATTRIBUTE, None)
    original = getattr(schema, "original", None) or type(value)
    return original.__module__.partition(".")[0] not in ("flax", "symjax")


def _is_module(value: Any) -> bool:
    """Whether a value is a module of Linen, or a node of one of NNX."""
    if isinstance(value, flax.linen.Module):
        return True
    schema = schema_of(value)
    return schema is not None and schema.kind == "nnx"
