"""What a file may name: what computes, and nothing with effects."""

import json

import flax.linen
import flax.nnx
import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np
import optax
import pytest

import symjax as sj
from symjax.names.lookup import look_up

NAMED = [
    ("jax.nn:relu", jax.nn.relu),
    ("jax.nn.initializers:zeros", jax.nn.initializers.zeros),
    ("jax.numpy:tanh", jnp.tanh),
    ("jax.numpy:abs", jnp.abs),
    ("jax.lax:conv_general_dilated", jax.lax.conv_general_dilated),
    ("jax.lax:Precision", jax.lax.Precision),
    ("jax.random:normal", jax.random.normal),
    ("jax.scipy.special:erf", jax.scipy.special.erf),
    ("jax:checkpoint", jax.checkpoint),
    ("flax.linen:Dense", flax.linen.Dense),
    ("flax.linen:dot_product_attention", flax.linen.dot_product_attention),
    ("flax.nnx:Linear", flax.nnx.Linear),
    ("optax:adam", optax.adam),
    ("optax:ScaleByAdamState", optax.ScaleByAdamState),
    ("optax.losses:l2_loss", optax.losses.l2_loss),
    ("numpy:tanh", np.tanh),
    ("numpy:ndarray", np.ndarray),
    ("builtins:int", int),
    ("builtins:max", max),
]


@pytest.mark.parametrize(("reference", "value"), NAMED)
def test_what_computes_may_be_named(reference, value):
    assert look_up(reference) is value


@pytest.mark.parametrize("names", ["jax.numpy", "jax.lax", "jax.nn", "flax.linen", "flax.nnx", "optax"])
def test_public_functions_are_found_where_they_are_written_too(names):
    """Files name private homes; what is public there may be named."""
    import sys

    tried = 0
    for name, value in list(vars(sys.modules[names]).items()):
        home = getattr(value, "__module__", None)
        if name.startswith("_") or not callable(value) or home not in sys.modules or home == names:
            continue
        if home.partition(".")[0] not in ("jax", "flax", "optax"):
            continue
        if vars(sys.modules[home]).get(name) is not value:
            continue
        try:
            public = look_up(f"{names}:{name}")
        except LookupError:
            with pytest.raises(LookupError):
                look_up(f"{home}:{name}")
            continue
        assert look_up(f"{home}:{name}") is public
        tried += 1
    assert tried or names in ("jax.nn", "jax.numpy")


@pytest.mark.parametrize(
    "reference",
    [
        *(
            "numpy:load",
            "numpy:save",
            "numpy:fromfile",
            "numpy:memmap",
            "numpy:genfromtxt",
            "numpy:vectorize",
        ),
        *("numpy.lib.npyio:load", "numpy.lib._npyio_impl:load"),
        *("jax.numpy:load", "jax.numpy:save", "jax.numpy:savez", "jax.numpy:fromfile"),
        *("jax._src.numpy.lax_numpy:load", "jax.numpy:set_printoptions"),
        *("jax:pure_callback", "jax:device_put", "jax.debug:callback", "jax.experimental:io_callback"),
        *("jax.export:deserialize", "jax.profiler:start_trace"),
        *(
            "flax.linen:tabulate",
            "flax.linen.summary:tabulate",
            "flax.nnx:display",
            "flax.nnx.visualization:display",
        ),
        *("flax.linen:set_logical_axis_rules", "flax.linen.spmd:set_logical_axis_rules"),
        *("flax.io:open_file", "flax.io:rmtree", "flax.serialization:msgpack_restore"),
        *("flax.linen:os.system", "flax.linen.module:functools.partial", "flax.linen.summary:print"),
        *("symjax:load", "symjax:save", "symjax.text.files:load", "symjax.text.storage:replace_file"),
        *("builtins:eval", "builtins:open", "builtins:getattr", "builtins:type", "builtins:print"),
        *("os:system", "subprocess:Popen", "importlib:import_module", "pickle:loads"),
    ],
)
def test_what_has_effects_may_not(reference):
    with pytest.raises(LookupError):
        look_up(reference)


def test_a_loaded_function_reads_no_pickle(tmp_path):
    text = json.dumps({"format": 1, "tree": {"$partial": [{"$ref": "numpy:load"}, [str(tmp_path)], {}]}})
    with pytest.raises(
        sj.LoadError, match=r"'numpy:load' has effects; if you trust it, pass modules=\['numpy'\]"
    ):
        sj.from_json(text)
    assert sj.from_json(text, modules=["numpy"]).func is np.load


def test_a_module_with_a_symbol_gives_its_own_functions_and_no_others(monkeypatch):
    import sys
    import types

    module = types.ModuleType("module_with_a_symbol")
    source = (
        "import symjax as sj, sys\nfrom numpy import load\nfrom os import system\n"
        "class Own(sj.Object):\n    x: int = 1\ndef own(): pass\nwrite = sys.stdout.write\n"
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(source, vars(module))
    assert look_up("module_with_a_symbol:own") is module.own
    assert look_up("module_with_a_symbol:Own") is module.Own
    for name in ("load", "system", "write", "sys", "sj"):
        with pytest.raises(LookupError, match=f"module_with_a_symbol:{name}"):
            look_up(f"module_with_a_symbol:{name}")
