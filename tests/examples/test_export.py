"""What the search of the digits example runs on other platforms, exported on this one."""

import jax
import pytest
from jax import export

from symjax import search

from .running import example

KEY = jax.random.key(0)


@pytest.mark.parametrize("platform", ["tpu", "cuda"])
@pytest.mark.parametrize(
    "how", [{"lanes": "map"}, {"lanes": "vmap", "width": 8}], ids=["mapped", "vectorized"]
)
def test_the_whole_evaluation_is_exported(platform, how):
    digits = example("digits")
    exp = digits.experiment().rebind({"epochs": 2})
    space = digits.search_space(exp)
    dnas = space.sample(KEY, 1)
    plan = search.plan(digits.Experiment.run, space, dnas, KEY, exp.dataset.load(), **how)
    (bucket,) = plan.buckets
    function, arguments = bucket.program.executable.staged()
    exported = export.export(function, platforms=[platform])(*arguments)
    assert exported.platforms == (platform,)
    sizes = [size for aval in (*exported.in_avals, *exported.out_avals) for size in aval.shape]
    assert all(isinstance(size, int) for size in sizes)
    assert len(exported.out_avals) == 3
    text = exported.mlir_module()
    assert "stablehlo.convolution" in text
    assert "callback" not in text
    assert "tensor<?" not in text
