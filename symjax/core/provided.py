"""What the classes of the core can do by code that stands on higher floors.

A map compares, a node rebinds and prints, a path leads into a tree: methods of the core, which knows no floor
above itself. The floors put their functions here when they are imported; `symjax/__init__.py` imports all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final


@final
class Provided:
    """The functions by which methods of the core work; each is put here once, by the file that defines it.

    Their types say `Any` for what files above this one define: paths, fields, schemas.

    Attributes:
        validator: Makes the validator of a schema (`types/validation.py`).
        refuse_widening: Raises where a field accepts more than the base class's (`types/narrowing.py`).
        eq: `symjax.eq`.
        hash: `symjax.hash`.
        rebind: `symjax.rebind`.
        missing: `symjax.missing`.
        guard_references: Lets a class resolve the references among the arguments of a node (`verbs/refs.py`).
        jax_path: The JAX key path of a path in a tree (`verbs/tree.py`).
        text: `symjax.format`.
        difference_text: The text of a `Difference` (`text/formatting.py`).
        difference_html: Its HTML (`text/notebooks.py`).
        html: A tree as HTML.
        render: A node or a map for treescope.
        explain: Notes on an error of a node's method which of its floats are traced
            (`adoption/traced_floats.py`).
        adopt: The symbolic version of a class or function that was symbolized with some options
            (`adoption/symbolize.py`).
        run_inside: Runs a method of a bound Linen module whose inside is patched
            (`patches/interior/linen.py`).
        patch_built: Applies the patches inside of a node to the NNX module that is built of it
            (`patches/interior/nnx/standing.py`).
        configuration: The symbolic version of a class that a file names, if it is one of configurations and
            known (`adoption/configurations.py`).
    """

    validator: Callable[[Any], Any]
    refuse_widening: Callable[[type, Any, Any], None]
    eq: Callable[[Any, Any], bool]
    hash: Callable[[Any], int]
    rebind: Callable[..., Any]
    missing: Callable[[Any], Mapping[Any, Any]]
    guard_references: Callable[..., None]
    jax_path: Callable[[Any, Any], tuple[Any, ...]]
    text: Callable[[Any], str]
    difference_text: Callable[[Any], str]
    difference_html: Callable[[Any], str]
    html: Callable[[Any], str]
    render: Callable[[Any, str | None, Any], Any]
    explain: Callable[[Exception, Any], None]
    adopt: Callable[[Any, Any], type]
    run_inside: Callable[..., Any]
    patch_built: Callable[..., Any]
    configuration: Callable[[type], type | None]


provided = Provided()
