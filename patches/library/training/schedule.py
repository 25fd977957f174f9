"""`change_schedule`: how the learning rate goes through training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import jax
import jax.numpy as jnp
from annotated_types import Ge, Gt, Lt

from symjax import optax
from symjax.adoption.symbolize import symbolize
from symjax.core.errors import at
from symjax.core.paths import Path
from symjax.nodes.placeholders import Placeholder

from ...core.patch import LookingFor, RuleFunction
from ...core.patcher import patcher
from ...roles.marks import has_role, role
from ...roles.settings import is_count, names_of, setting_test, settings
from .rates import peak

ScheduleName = Literal[
    "constant", "cosine", "warmup_cosine", "linear", "exponential", "one_cycle", "inverse_sqrt"
]
_WARMUP: Final = 0.05  # of all steps, where nobody says how many
_VASWANI_WARMUP: Final = 4000  # steps


@role("schedule")
@symbolize(factory=True)
def inverse_sqrt_schedule(
    peak_value: float, warmup_steps: Annotated[int, Ge(1)]
) -> Callable[[jax.Array], jax.Array]:
    """A schedule that rises linearly to its peak, then falls with the inverse square root of the step.

    Vaswani et al., "Attention Is All You Need", 2017, section 5.3, equation 3, where the peak is
    ``(d_model · warmup_steps) ** -0.5``.

    Args:
        peak_value: What it reaches at the end of the warm-up.
        warmup_steps: How many steps it rises.

    Returns:
        A function from the step ``int32[]`` to the learning rate ``float32[]``.

    Example:
        >>> schedule = inverse_sqrt_schedule(peak_value=0.5, warmup_steps=100)
        >>> [float(schedule(step)) for step in (0, 50, 100, 400)]
        [0.0, 0.25, 0.5, 0.25]
    """

    def schedule(count: jax.Array) -> jax.Array:
        steps = jnp.asarray(count, jnp.float32)
        falling = jnp.sqrt(warmup_steps / jnp.maximum(steps, 1.0))
        return peak_value * jnp.minimum(steps / warmup_steps, falling)

    return schedule


@patcher(static=["end"])
def change_schedule(
    tree: Any,
    schedule: ScheduleName,
    steps: Annotated[int, Gt(0)] | None = None,
    warmup_steps: Annotated[int, Ge(1)] | None = None,
    end: Annotated[float, Ge(0), Lt(1)] | None = None,
) -> LookingFor:
    """Puts a schedule in place of the learning rate, whose highest value is kept.

    A learning rate is what optimizers call so: whatever has the role ``'optimizer'`` or
    ``'transformation'``, see `symjax.role`, Optax's among them, wherever it stands. A configuration that
    names its schedule (``config.schedule = 'linear'``) gets the name, and `warmup_steps` where it has a
    field for it.

    The schedules: ``constant``; ``cosine``, from the peak to its share `end` (Loshchilov & Hutter,
    "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, section 3, without restarts);
    ``warmup_cosine``, which first rises linearly from 0 (Goyal et al., "Accurate, Large Minibatch SGD",
    2017, section 2.2); ``linear``; ``exponential``; ``one_cycle`` (Smith & Topin, "Super-Convergence", 2018,
    section 3); ``inverse_sqrt`` (Vaswani et al., "Attention Is All You Need", 2017, section 5.3).

    Args:
        tree: The experiment.
        schedule: The name of a schedule.
        steps: The length of training, in steps of the optimizer; where it is not said, the experiment's
            setting (``steps``, ``num_train_steps`` and the like). ``constant`` and ``inverse_sqrt`` need
            none.
        warmup_steps: For ``warmup_cosine`` and ``inverse_sqrt``; where it is not said, the experiment's
            setting, or a twentieth of `steps`, or 4,000 for ``inverse_sqrt``, as in the paper.
        end: The last learning rate as a share of the peak, for ``cosine``, ``warmup_cosine`` and ``linear``
            (0), and for ``exponential`` (0.01), where it must be greater than 0.

    Raises:
        ValueError: The number of steps is needed and not known; the peak of the old schedule cannot be told.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> sj.patch(optax.adam(1e-3), 'change_schedule?cosine&steps=1000').learning_rate
        cosine_decay_schedule(init_value=0.001, decay_steps=1000)
        >>> exp = {'steps': 200, 'optimizer': optax.adam(1e-3)}
        >>> schedule = sj.patch(exp, 'change_schedule?warmup_cosine')['optimizer'].learning_rate
        >>> schedule.peak_value, schedule.warmup_steps, schedule.decay_steps
        (0.001, 10, 200)
    """
    rule = _rule(_Shape(tree, schedule, steps, warmup_steps, end))
    what = (
        "learning rates of optimizers (roles 'optimizer' and 'transformation') that are symbolic, such as "
        f"those of symjax.optax, and settings called {names_of('schedule')}"
    )
    return LookingFor(what, rule)


class _Shape:
    """A schedule without its peak; what it needs to know of the experiment is read where it needs it."""

    def __init__(
        self, tree: Any, name: ScheduleName, steps: int | None, warmup_steps: int | None, end: float | None
    ) -> None:
        self.tree = tree
        self.name = name
        self.warmup_steps = warmup_steps
        self._steps = steps
        self._end = end

    def of(self, rate: Any, path: Path) -> Any:
        """The schedule with a peak; `path` says where it will stand."""
        match self.name:
            case "constant":
                return optax.constant_schedule(value=rate)
            case "cosine":
                return optax.cosine_decay_schedule(rate, self.steps(path), alpha=self._end or 0.0)
            case "warmup_cosine":
                return optax.warmup_cosine_decay_schedule(
                    0.0, rate, self.warmup(path), self.steps(path), self.last(rate, path)
                )
            case "linear":
                return optax.linear_schedule(rate, self.last(rate, path), self.steps(path))
            case "exponential":
                return optax.exponential_decay(rate, self.steps(path), decay_rate=self._end or 0.01)
            case "one_cycle":
                return optax.cosine_onecycle_schedule(self.steps(path), rate)
            case "inverse_sqrt":
                return inverse_sqrt_schedule(rate, self.warmup(path))

    def steps(self, path: Path) -> int:
        """The length of training."""
        known = {v for v in settings(self.tree, "steps").values() if is_count(v) and v > 0}
        steps: int | None = self._steps or (known.pop() if len(known) == 1 else None)
        if steps is None:
            reason = f"the settings differ: {sorted(known)}" if known else "no setting says it"
            raise ValueError(
                f"the schedule {self.name!r} needs the number of steps, and {reason}; say steps=…, "
                f"or call a field {names_of('steps')} {at(path)}"
            )
        return steps

    def warmup(self, path: Path) -> int:
        """The length of the warm-up."""
        known = {v for v in settings(self.tree, "warmup_steps").values() if is_count(v) and v > 0}
        if self.warmup_steps is not None:
            return self.warmup_steps
        if len(known) == 1:
            return int(known.pop())
        return _VASWANI_WARMUP if self.name == "inverse_sqrt" else max(1, round(_WARMUP * self.steps(path)))

    def last(self, rate: Any, path: Path) -> Any:
        """The last learning rate."""
        if not self._end:
            return 0.0
        if isinstance(rate, Placeholder):
            raise ValueError(
                f"the learning rate is an open choice, of which no share can be taken: leave end=… away, or "
                f"change the schedule before it is opened {at(path)}"
            )
        return rate * self._end


def _rule(shape: _Shape) -> RuleFunction:
    is_named = any(isinstance(name, str) for name in settings(shape.tree, "schedule").values())

    is_schedule, is_warmup = setting_test("schedule"), setting_test("warmup_steps")
    is_rate = setting_test("learning_rate")

    def rule(k: Path, v: Any, p: Any) -> Any:
        if isinstance(v, str) and is_schedule(k, p):
            return shape.name
        if is_named and is_count(v) and is_warmup(k, p) and not has_role(p, "schedule"):
            return shape.warmup_steps or v
        if not is_rate(k, p) or not has_role(p, "optimizer", "transformation"):
            return v
        if callable(v) and not has_role(v, "schedule") and peak(v) is None:
            raise ValueError(f"{v!r} is a schedule whose peak cannot be told; set it by its path {at(k)}")
        rate = peak(v)
        return v if rate is None else shape.of(rate, k)

    return rule
