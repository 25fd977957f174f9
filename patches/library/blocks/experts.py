"""`mixture_of_experts`: several feed-forwards, of which each position uses a few."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final

import flax.linen
import jax
import jax.numpy as jnp
from annotated_types import Ge, Gt, Lt

from symjax.core.fields import field
from symjax.core.paths import Path

from ...analysis.blocks import Blocks
from ...core.patcher import patcher
from ...interior.layers import layers
from ...interior.wrapping import Wrapping, is_wrapped
from ...outlines.inputs import ExampleInputs
from ...roles.marks import has_role
from .planning import Plan, planned

_COLLECTIONS: Final = ("params", "batch_stats", "intermediates")


class MixtureOfExperts(Wrapping):
    """Several modules like one, the experts; a router chooses which of them a position goes to.

    The router is a dense layer, whose softmax are the probabilities of the experts. Each position goes to the
    `top` most probable ones; their outputs are added, weighted by the probabilities, which for more than one
    expert are divided by their sum. An expert takes up to ``capacity * top * positions / experts`` positions,
    the first ones; what is too much for it adds nothing. One expert alone computes what the module itself
    would.

    Shazeer et al., "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer", 2017,
    section 2, equations 1 to 5; Fedus, Zoph and Shazeer, "Switch Transformers", 2021, sections 2.1 and 2.2.
    The loss that balances the experts, equation 4 there, is sown into the collection ``intermediates``, as
    ``load_balance``.

    Attributes:
        layer: The module, which computes position by position.
        experts: How many there are.
        top: To how many a position goes.
        capacity: By how much an expert may get more than its share.

    Example:
        >>> import jax
        >>> from symjax import linen as nn
        >>> layer = MixtureOfExperts(nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(4)]), experts=3)
        >>> variables = layer.init(jax.random.key(0), jax.numpy.ones((2, 5, 4)))
        >>> jax.tree.map(jax.numpy.shape, variables['params']['expert']['layers_0'])
        {'bias': (3, 8), 'kernel': (3, 4, 8)}
    """

    experts: int = 8
    top: int = 1
    capacity: float = field(default=1.25, static=True)

    @flax.linen.compact
    def __call__(self, x: jax.Array, *args: Any, **kwargs: Any) -> jax.Array:
        """The outputs of the experts.

        Args:
            x: ``[*positions, features]``.
            *args: Further arguments of the module's call, no arrays.
            **kwargs: Likewise.

        Returns:
            ``[*positions, features]``.

        Raises:
            ValueError: There are arrays among the further arguments, which cannot be sent along to the
                experts.
        """
        if any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves((args, kwargs))):
            raise ValueError(
                "positions go to experts one by one, and further arrays cannot go along with them"
            )
        tokens = x.reshape(-1, x.shape[-1])
        limit = min(len(tokens), math.ceil(self.capacity * self.top * len(tokens) / self.experts))
        router = flax.linen.Dense(self.experts, use_bias=False, dtype=jnp.float32, name="router")
        probabilities = jax.nn.softmax(router(tokens))
        combine = combination(probabilities, self.top, limit)
        self.sow("intermediates", "load_balance", balance(probabilities))
        sent = jnp.einsum("tec,td->ecd", (combine > 0).astype(x.dtype), tokens)
        run = flax.linen.vmap(
            lambda expert, inputs: expert(inputs, *args, **kwargs),
            variable_axes=dict.fromkeys(_COLLECTIONS, 0),
            split_rngs={"params": True, "dropout": True},
            axis_size=self.experts,
            metadata_params={flax.linen.PARTITION_NAME: None},
        )
        assert self.scope is not None
        with self.running():
            outputs = run(self.unbound().clone(parent=self.scope.push("expert"), name=None), sent)  # type: ignore[no-untyped-call]
        mixed = jnp.einsum("tec,ecd->td", combine.astype(outputs.dtype), outputs)
        return mixed.reshape(*x.shape[:-1], outputs.shape[-1])


def combination(probabilities: jax.Array, top: int, capacity: int) -> jax.Array:
    """How the outputs of experts are combined.

    Args:
        probabilities: Of experts, ``[tokens, experts]``.
        top: How many experts a token goes to.
        capacity: How many tokens go to an expert, the first ones.

    Returns:
        Weights, ``[tokens, experts, capacity]``: that of a token where it has a place in an expert, and 0
        elsewhere.

    Example:
        >>> import jax.numpy as jnp
        >>> combination(jnp.array([[0.75, 0.25], [0.5, 0.5]]), top=1, capacity=1).tolist()
        [[[0.75], [0.0]], [[0.0], [0.0]]]
    """
    weights, chosen = jax.lax.top_k(probabilities, top)
    if top > 1:
        weights = weights / weights.sum(-1, keepdims=True)
    # [top, tokens, experts]: first choices have places before second ones.
    choices = jax.nn.one_hot(chosen.T, probabilities.shape[-1], dtype=jnp.int32)
    flat = choices.reshape(-1, choices.shape[-1])
    places = (jnp.cumsum(flat, axis=0) - 1).reshape(choices.shape)
    # A place beyond the capacity is none: the row of a one-hot matrix is zero there.
    seats = choices[..., None] * jax.nn.one_hot(places, capacity)
    return jnp.einsum("kt,ktec->tec", weights.T, seats)


def balance(probabilities: jax.Array) -> jax.Array:
    """How unevenly tokens are sent to experts: 1 where each gets as many, their number where one gets all.

    Fedus, Zoph and Shazeer, "Switch Transformers", 2021, section 2.2, equation 4, without its factor.

    Args:
        probabilities: Of experts, ``[tokens, experts]``.

    Example:
        >>> import jax.numpy as jnp
        >>> balance(jnp.array([[1.0, 0.0], [1.0, 0.0]])).item(), balance(jnp.eye(2)).item()
        (2.0, 1.0)
    """
    experts = probabilities.shape[-1]
    sent = jax.nn.one_hot(probabilities.argmax(-1), experts).mean(0)
    return experts * (sent * probabilities.mean(0)).sum()


@patcher(static=["capacity"])
def mixture_of_experts(
    tree: Any,
    experts: Annotated[int, Ge(1)] = 8,
    top: Annotated[int, Ge(1)] = 1,
    capacity: Annotated[float, Gt(0), Lt(math.inf)] = 1.25,
    *,
    inputs: ExampleInputs = None,
) -> Any:
    """Replaces every feed-forward by several, of which each position uses a few, see `MixtureOfExperts`.

    A feed-forward is a module of its own: one that has the role ``'feed_forward'``, see `symjax.role`; or,
    with example inputs, one that is found by a call of the model, has two dense layers, of which the first
    widens and the second narrows again, and no other layers with parameters. Where the two stand among other
    layers, there is no module of which there could be several.

    Shazeer et al., "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer", 2017,
    section 2; Fedus, Zoph and Shazeer, "Switch Transformers", 2021, section 2.

    Args:
        tree: The experiment.
        experts: How many there are.
        top: To how many a position goes, at most all of them.
        capacity: By how much an expert may get more than its share of the positions.
        inputs: Example inputs, see `symjax.patch`.

    Raises:
        ValueError: `top` is greater than `experts`.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> @sj.role('feed_forward')
        ... class FeedForward(nn.Module):
        ...     width: int
        >>> new = sj.patch([FeedForward(8)], 'mixture_of_experts?4')[0]
        >>> type(new).__name__, new.layer, new.experts
        ('MixtureOfExperts', FeedForward(width=8), 4)
    """
    if top > experts:
        raise ValueError(f"positions cannot go to the {top} most probable ones of {experts} experts")
    partial = MixtureOfExperts.partial(experts=experts, top=top, capacity=capacity)

    def rule(k: Path, v: Any, p: Any) -> Any:
        marked = has_role(v, "feed_forward") and not is_wrapped(p, MixtureOfExperts)
        return partial.rebind(layer=v) if marked else v

    if inputs is None:
        return layers(rule)

    def plan(seen: Blocks) -> Plan:
        alone = [block.path for block in seen.feed_forwards() if block.alone]
        marked = [visit.path for visit in seen.with_role("feed_forward")]
        return dict.fromkeys([*alone, *marked], partial)

    return planned(tree, inputs, plan, "feed-forwards in modules of their own")
