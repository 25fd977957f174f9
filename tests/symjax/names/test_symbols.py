"""The registry of symbols: one class for one original, for all threads, and no longer than needed."""

import dataclasses
import functools
import gc
import subprocess
import sys
import weakref

import flax.linen as raw
import jax
import pytest

import symjax as sj
from symjax import linen as nn


def plain():
    class Plain:
        def __init__(self, rate=1.0):
            self.rate = rate

    return Plain


def data():
    @dataclasses.dataclass
    class Data:
        rate: float = 1.0

    return Data


def module():
    class Dense(raw.Module):
        width: int = 3

        @raw.compact
        def __call__(self, x):
            return raw.Dense(self.width)(x)

    return Dense


def ours():
    class Dense(nn.Module):
        width: int = 3

    return Dense


def function():
    def add(a, b=2):
        return a + b

    return add


def builder():
    def build(width, depth=2) -> raw.Module:
        return raw.Dense(width)

    return build


ORIGINALS = [
    plain,
    data,
    module,
    ours,
    function,
    builder,
    lambda: functools.partial(plain(), rate=2.0),
    lambda: functools.partial(module(), width=4),
    lambda: functools.partial(function(), b=3),
]


@pytest.mark.parametrize("make", ORIGINALS)
def test_symbolizing_in_a_loop_frees_the_classes(make):
    alive = []
    for _ in range(3):
        original = make()
        symbolic = sj.symbolize(original)
        alive += [weakref.ref(original), weakref.ref(symbolic)]
    del original, symbolic
    gc.collect()
    assert [reference() for reference in alive] == [None] * 6


@pytest.mark.parametrize("make", ORIGINALS)
def test_the_same_arguments_give_the_same_class(make):
    original = make()
    symbolic = sj.symbolize(original)
    assert sj.symbolize(original) is symbolic
    assert sj.symbolize(symbolic) is symbolic
    gc.collect()
    assert sj.symbolize(original, aliases=["tests.alias"]) is symbolic
    named = sj.symbolize(original, name="tests.named")
    assert named is not symbolic
    assert sj.symbolize(original, name="tests.named") is named


def test_an_original_keeps_its_symbolic_version_so_that_files_find_it():
    original = plain()
    text = sj.to_json(sj.symbolize(original)(2.0))
    gc.collect()
    assert sj.from_json(text) == sj.symbolize(original)(2.0)


def test_what_wraps_an_original_has_versions_of_its_own():
    original = function()
    symbolic = sj.symbolize(original, name="tests.original")

    @functools.wraps(original)
    def wrapper(*args, **kwargs):
        return -original(*args, **kwargs)

    assert sj.symbolize(wrapper, name="tests.original.wrapper")(1)() == -3
    assert symbolic(1)() == 3


@pytest.mark.parametrize("make", [plain, data, module, ours, function, builder])
def test_a_cell_that_is_run_again_gives_a_new_class_that_takes_the_name(make):
    old, new = sj.symbolize(make()), sj.symbolize(make())
    before, after = old.partial(), new.partial()
    assert old is not new
    assert before != after
    assert jax.tree.structure(before) != jax.tree.structure(after)
    assert type(sj.from_json(sj.to_json(before))) is new


# Every first use is by sixteen threads at once, at names that nobody has used.
THREADS = """
import sys, threading
import jax
import symjax as sj
from symjax import linen, nnx, optax

sys.setswitchinterval(1e-6)

def at_once(use, threads=16):
    barrier, seen, errors = threading.Barrier(threads), [], []
    def run():
        barrier.wait()
        try:
            seen.append(use())
        except BaseException as error:
            errors.append(error)
    workers = [threading.Thread(target=run) for _ in range(threads)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    assert not errors, errors
    return seen

def one(use):
    seen = at_once(use)
    assert all(other is seen[0] for other in seen), seen

for view, names in [
    (linen, ['Dense', 'Conv', 'Embed', 'LayerNorm', 'GroupNorm', 'Dropout', 'Sequential', 'Einsum', 'PReLU', 'remat']),
    (linen.initializers, ['normal', 'uniform', 'zeros_init', 'lecun_normal']),
    (optax, ['adam', 'sgd', 'chain', 'lion', 'cosine_decay_schedule', 'huber_loss', 'MultiSteps']),
    (nnx, ['Linear', 'Conv', 'Embed']),
]:
    for name in names:
        one(lambda: getattr(view, name))
for i in range(20):
    class Plain:
        def __init__(self, rate, name='x'):
            self.rate = rate
    class Module(linen.Module):
        rate: float = 1.0
    def function(a, b=2): ...
    one(lambda: sj.symbolize(Plain))
    one(lambda: sj.symbolize(function))
    one(lambda: sj.symbolize(Module, static=['rate'], name=f'tests.Module{i}'))
    one(lambda: linen.remat(Module))
    flat = at_once(lambda: jax.tree.flatten((Module(), sj.symbolize(Plain)(1.0), sj.symbolize(function)(0.5))))
    assert all(leaves == [1.0, 1.0, 0.5] and treedef == flat[0][1] for leaves, treedef in flat), flat
    one(lambda: type(linen.Dense(2).bind({}, rngs={})))
"""


def test_a_first_use_by_many_threads_gives_one_class():
    done = subprocess.run([sys.executable, "-P", "-c", THREADS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
