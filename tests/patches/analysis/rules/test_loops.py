"""What the operands of a scan are, in each version of JAX."""

import jax
import jax.numpy as jnp
import pytest

from symjax.patches.analysis.rules.loops import scan_counts


@pytest.mark.parametrize(("constants", "carried", "sliced"), [(0, 1, 0), (2, 1, 1), (1, 3, 2), (0, 0, 1)])
def test_constants_are_told_from_what_is_carried(constants, carried, sliced):
    def program(constants, carry, slices):
        def body(carry, slices):
            total = sum(constants, jnp.float32(0)) + sum(slices, jnp.float32(0))
            return [item + total for item in carry], total

        return jax.lax.scan(body, carry, slices, length=4)

    operands = ([jnp.ones(())] * constants, [jnp.ones(())] * carried, [jnp.ones(4)] * sliced)
    (equation,) = [e for e in jax.make_jaxpr(program)(*operands).eqns if e.primitive.name == "scan"]
    assert scan_counts(equation.params) == (constants, carried)
