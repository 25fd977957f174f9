"""`change_steps`, `change_epochs` and `change_seed`: how long training goes, and by which random numbers."""

from __future__ import annotations

from typing import Annotated, Any, Final

from annotated_types import Ge, Gt

from symjax.core.paths import Path

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.marks import has_role
from ...roles.settings import is_count, is_number, names_of, setting_test, settings

_LENGTHS: Final = ("decay_steps", "transition_steps", "warmup_steps")


@patcher
def change_steps(tree: Any, steps: Annotated[int, Gt(0)]) -> LookingFor:
    """Sets the number of training steps, and makes the schedules longer or shorter in proportion.

    The number is a setting called ``steps``, ``num_train_steps`` or the like, see `symjax.role` for others.
    The lengths of schedules (role ``'schedule'``: ``decay_steps``, ``transition_steps``, ``warmup_steps``,
    boundaries of joined ones) are multiplied as it is, since a cosine that ends early, or is cut off, is
    another schedule: Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022, section 3.1
    and appendix B.

    Args:
        tree: The experiment.
        steps: The new number, greater than 0.

    Raises:
        ValueError: Several settings give different numbers, of which none is the training's for sure.

    Example:
        >>> import symjax as sj
        >>> from symjax import optax
        >>> exp = {'steps': 100, 'optimizer': optax.sgd(optax.cosine_decay_schedule(0.1, decay_steps=100))}
        >>> sj.patch(exp, 'change_steps?250')['optimizer'].learning_rate.decay_steps
        250
    """
    old = {path: value for path, value in settings(tree, "steps").items() if is_count(value)}
    numbers = {value for value in old.values() if isinstance(value, int) and value > 0}
    if len(numbers) > 1:
        places = ", ".join(f"{path}={value}" for path, value in old.items())
        raise ValueError(f"which of these is the length of training? {places}: set it by its path")
    factor = steps / numbers.pop() if numbers else 1.0

    is_steps = setting_test("steps")

    def rule(k: Path, v: Any, p: Any) -> Any:
        if is_count(v) and is_steps(k, p):
            return steps
        if not old or not has_role(p, "schedule"):
            return v
        if k.key in _LENGTHS and is_number(v):
            return max(1, round(v * factor))
        if k.key == "boundaries" and isinstance(v, tuple | list):
            return tuple(round(boundary * factor) for boundary in v)
        return v

    return LookingFor(f"settings called {names_of('steps')}", rule)


@patcher
def change_epochs(tree: Any, epochs: Annotated[int, Gt(0)]) -> LookingFor:
    """Sets the number of epochs: every number that is called ``epochs``, ``num_epochs`` or the like.

    Whether a longer training helps depends on the data's size: Goyal et al., "Accurate, Large Minibatch
    SGD", 2017, and most work on ImageNet train for 90.

    Args:
        tree: The experiment.
        epochs: The new number, greater than 0.

    Example:
        >>> import symjax as sj
        >>> sj.patch({'num_epochs': 90.0, 'warmup_epochs': 5}, 'change_epochs?30')
        {'num_epochs': 30.0, 'warmup_epochs': 5}
    """
    is_epochs = setting_test("epochs")

    def rule(k: Path, v: Any, p: Any) -> Any:
        if not is_number(v) or not is_epochs(k, p):
            return v
        return float(epochs) if isinstance(v, float) else epochs

    return LookingFor(f"settings called {names_of('epochs')}", rule)


@patcher
def change_seed(tree: Any, seed: Annotated[int, Ge(0)]) -> LookingFor:
    """Sets the seed: every integer that is called ``seed``, ``random_seed`` or the like.

    Several seeds tell what is an effect and what is noise: Bouthillier et al., "Accounting for Variance in
    Machine Learning Benchmarks", 2021.

    Args:
        tree: The experiment.
        seed: At least 0.

    Example:
        >>> import symjax as sj
        >>> sj.patch({'seed': 0, 'data': {'seed': 1}}, 'change_seed?7')
        {'seed': 7, 'data': {'seed': 7}}
    """
    is_seed = setting_test("seed")

    def rule(k: Path, v: Any, p: Any) -> Any:
        return seed if is_count(v) and is_seed(k, p) else v

    return LookingFor(f"integers called {names_of('seed')}", rule)
