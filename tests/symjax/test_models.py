"""Three models written for Flax Linen become symbolic by one import line, and nothing about their numbers changes."""

import importlib.util
import inspect
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import chex
import flax.linen
import flax.serialization
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import symjax as sj
from symjax import optax

from .adopted.laws import bits, classes_known, same_traced
from .models import resnet, sequence_autoencoder, transformer

IMPORT = "from flax import linen as nn"


def adopted(module: types.ModuleType) -> types.ModuleType:
    """The module as its author would have it symbolic: one line of its source is another."""
    name = f"{module.__name__}_symbolic"
    if name not in sys.modules:
        source = inspect.getsource(module)
        assert source.count(IMPORT) == 1
        made = types.ModuleType(name)
        made.__file__ = module.__file__
        sys.modules[name] = made
        code = compile(source.replace(IMPORT, "from symjax import linen as nn"), str(module.__file__), "exec")
        exec(code, vars(made))
    return sys.modules[name]
