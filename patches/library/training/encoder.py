"""`remove_encoder`: an encoder and a decoder become a decoder alone."""

from __future__ import annotations

from typing import Any, Final

from symjax.core.marks import MISSING
from symjax.core.paths import Path

from ...core.patch import LookingFor
from ...core.patcher import patcher
from ...roles.marks import has_role, names_given_to, own_names
from ...roles.settings import names_of, setting_test

_ROLES: Final = ("encoder", "cross_attention")


@patcher
def remove_encoder(tree: Any) -> LookingFor:
    """Removes the encoder of an encoder-decoder model, and the decoder's attention to it.

    Liu et al., "Generating Wikipedia by Summarizing Long Sequences", 2018, section 4.2.3; so GPT and LaMDA
    (Thoppilan et al., "LaMDA: Language Models for Dialog Applications", 2022, section 3).

    What has the role ``'encoder'`` or ``'cross_attention'``, see `symjax.role`, is taken out of lists, and
    is None in fields; so is an argument that a role calls so: ``sj.role('decoder_layer',
    cross_attention='attend_source')``. Such a model is written to be called without an encoder where that
    is None. Booleans called ``decoder_only`` are set.

    Args:
        tree: The experiment.

    Example:
        >>> import symjax as sj
        >>> from symjax import linen as nn
        >>> @sj.role('encoder_decoder', encoder='encoder', cross_attention='source_attention')
        ... class Model(sj.Object):
        ...     decoder: nn.Module
        ...     encoder: nn.Module | None = None
        ...     source_attention: nn.Module | None = None
        >>> sj.patch(Model(nn.Dense(8), nn.Dense(8), nn.SelfAttention(2)), 'remove_encoder')
        Model(decoder=Dense(features=8))
    """
    is_decoder_only = setting_test("decoder_only")
    names = frozenset[str]().union(*map(names_given_to, _ROLES))

    def rule(k: Path, v: Any, p: Any) -> Any:
        if isinstance(v, bool) and is_decoder_only(k, p):
            return True
        if v is None or not (
            has_role(v, *_ROLES) or (k.key in names and any(k.key in own_names(p, role) for role in _ROLES))
        ):
            return v
        return MISSING if isinstance(p, list | tuple) and isinstance(k.key, int) else None

    what = (
        "values of the roles 'encoder' and 'cross_attention', arguments that a role calls so, and booleans "
        f"called {names_of('decoder_only')}"
    )
    return LookingFor(what, rule)
