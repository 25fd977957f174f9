import jax
import jax.numpy as jnp

import symjax as sj
from symjax.search.proposing.functions import activations


def test_equal_activations_are_one_decision():
    named = [("a", jax.nn.relu), ("b", jax.nn.tanh), ("c", jax.nn.relu), ("d", jnp.sum)]
    first, second = activations([(sj.Path([name]), function) for name, function in named])
    assert (str(first.path), first.ties) == ("a", (sj.Path(["c"]),))
    assert first.choice.labels == ("relu", "gelu", "silu", "tanh")
    assert second.choice.labels == ("tanh", "relu", "gelu", "silu")


def test_an_activation_of_ones_own_is_a_candidate():
    @sj.role("activation")
    def softer(x):
        return x

    (suggestion,) = activations([(sj.Path(["act"]), softer)])
    assert suggestion.choice.candidates[0] is softer
    assert suggestion.choice.labels[0] == "softer"


def test_gates_stay():
    found = activations([(sj.Path(["act"]), jax.nn.sigmoid), (sj.Path(["gate_fn"]), jax.nn.tanh)])
    assert [suggestion.choice for suggestion in found] == [None, None]
