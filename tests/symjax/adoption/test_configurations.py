"""Configurations, given to something symbolic, are part of its tree; containers of arrays stay pytrees."""

import argparse
import copy
import dataclasses
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import chex
import flax.linen
import jax
import jax.numpy as jnp
import jaxtyping
import ml_collections
import numpy as np
import optax
import pytest
from flax import nnx, struct
from flax.core import FrozenDict
from flax.training.train_state import TrainState

import symjax as sj
from symjax import search
from symjax.adoption.configurations import is_configuration

from ..models import configured
from ..trees import Box

KEY = jax.random.key(0)
X = jnp.ones((2, 3))


class Scaled(flax.linen.Module):
    """Reads one size and one float of its configuration."""

    config: Any

    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(self.config.width)(x) * self.config.rate


Net = sj.symbolize(Scaled)


@struct.dataclass
class Struct:
    width: int = 4
    rate: float = 0.5
    act: Callable = flax.linen.initializers.lecun_normal()  # a closure, as defaults are


class Node(struct.PyTreeNode):
    width: int = 4
    rate: float = 0.5


@dataclasses.dataclass
class Mutable:
    width: int = 4
    rate: float = 0.5


@dataclasses.dataclass(frozen=True)
class Frozen:
    width: int = 4
    rate: float = 0.5

    @property
    def double(self):
        return 2 * self.width

    @classmethod
    def wide(cls):
        return cls(width=64)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slotted:
    width: int = 4
    rate: float = 0.5


@attrs.define
class Attrs:
    width: int = 4
    rate: float = attrs.field(default=0.5, validator=attrs.validators.gt(0))


@attrs.frozen
class FrozenAttrs:
    width: int = 4
    rate: float = 0.5


@chex.dataclass
class Chex:
    width: int = 4
    rate: float = 0.5


DECLARED = [Struct, Node, Mutable, Frozen, Slotted, Attrs, FrozenAttrs, Chex]


def _config_dict(**entries):
    return ml_collections.ConfigDict(entries)


def _frozen_config_dict(**entries):
    return ml_collections.FrozenConfigDict(entries)


OPEN = [types.SimpleNamespace, argparse.Namespace, _config_dict, _frozen_config_dict]


@pytest.fixture(params=DECLARED + OPEN, ids=lambda make: make.__name__)
def make(request):
    """Makes a configuration of one kind, of a width and a rate."""
    return request.param


@dataclasses.dataclass(frozen=True)
class Inner:
    size: int = 3
    rate: float = 0.25


@dataclasses.dataclass
class Outer:
    inner: Inner = Inner()
    blocks: list[int] = dataclasses.field(default_factory=lambda: [1, 2])
    made: Inner = dataclasses.field(default_factory=Inner)
    options: dict[str, Any] = dataclasses.field(default_factory=lambda: {"bias": True})


# Every kind of configuration.


def test_its_fields_are_part_of_the_tree(make):
    net = Net(make(width=4, rate=0.5))
    assert sj.query(net, r"config\.(width|rate)") == {
        sj.Path.parse("config.width"): 4,
        sj.Path.parse("config.rate"): 0.5,
    }
    assert net.rebind({"config.width": 8}).config.width == 8
    assert net == Net(make(width=4, rate=0.5)) != net.rebind({"config.rate": 0.1})


def test_ints_are_structure_and_floats_are_leaves(make):
    net = Net(make(width=4, rate=0.5))
    assert jax.tree.leaves(net) == [0.5]
    init = jax.jit(lambda net: net.init_with_output(KEY, X)[0])
    assert jnp.array_equal(init(net.rebind({"config.rate": 0.25})), 0.5 * init(net))
    assert init._cache_size() == 1
    assert init(net.rebind({"config.width": 8})).shape == (2, 8)
    assert init._cache_size() == 2


def test_the_code_behind_sees_an_instance_of_its_class(make):
    plain = make(width=4, rate=0.5)
    config = Net(plain).config
    assert isinstance(config, type(plain))
    assert (config.width, config.rate) == (4, 0.5)
    doubled = jax.tree.map(lambda x: 2 * x, config)
    assert (doubled.width, doubled.rate) == (4, 1.0)
    assert isinstance(doubled, type(plain))


def test_equal_configurations_are_equal_and_of_one_class(make):
    one, other = Net(make(width=4, rate=0.5)).config, Box(make(width=4, rate=0.5)).content
    assert one == other
    assert hash(one) == hash(other)
    assert type(one) is type(other)
    assert sj.symbolize(type(one)) is type(one)
    assert one != Box(make(width=5, rate=0.5)).content


def test_it_is_immutable_and_says_what_to_write_instead(make):
    config = Net(make(width=4, rate=0.5)).config
    for node in (config, jax.tree.map(lambda x: x, config)):
        with pytest.raises(AttributeError, match=r"is immutable; tree\.rebind\(width=…\)"):
            node.width = 8
        with pytest.raises(AttributeError, match=r"is immutable; tree\.rebind\(rate=…\)"):
            del node.rate
        assert node.width == 4
        assert node.rate == 0.5


def test_it_survives_json_source_and_pickling(make):
    net = Net(make(width=5, rate=0.25))
    assert sj.from_json(sj.to_json(net)) == net
    scope: dict[str, Any] = {}
    exec(sj.to_python(net, imports=True), scope)
    assert scope["tree"] == net
    assert pickle.loads(pickle.dumps(net)) == net
    assert copy.deepcopy(net.config) == net.config


def test_the_original_is_not_changed(make):
    plain = make(width=4, rate=0.5)
    Net(plain).rebind({"config.width": 8})
    assert plain.width == 4
    assert not sj.is_symbolic(plain)


def test_it_may_hold_open_choices(make):
    space = search.space(Net(make(width=4, rate=0.5)).rebind({"config.width": sj.oneof([4, 8])}))
    assert space.size == 2
    assert sorted(space.decode(dna).config.width for dna in space.sample(KEY, 8)) in (
        sorted(widths) for widths in ([4] * k + [8] * (8 - k) for k in range(9))
    )


@pytest.mark.parametrize("cls", DECLARED)
def test_a_field_that_does_not_exist_is_named_with_the_nearest(cls):
    with pytest.raises(KeyError, match="did you mean 'width'"):
        Net(cls()).rebind({"config.widht": 8})


def test_a_value_of_a_wrong_type_is_refused_with_its_place():
    with pytest.raises(TypeError, match=r"Frozen\.width expects int, got 'wide' .*\(path=config\.width\)$"):
        Net(Frozen(width="wide"))
    with pytest.raises(TypeError, match=r"expects int, got 0\.5 .*\(path=config\.width\)$"):
        Net(Frozen()).rebind({"config.width": 0.5})


# The interface that the code behind knows.


def test_methods_properties_and_class_methods_work():
    config = Net(Frozen(width=3)).config
    assert config.double == 6
    assert sj.symbolize(Frozen).wide().width == 64


@pytest.mark.parametrize("cls", DECLARED)
def test_replacing_gives_another_node(cls):
    config = Net(cls()).config
    replaced = attrs.evolve(config, width=9) if attrs.has(cls) else dataclasses.replace(config, width=9)
    assert replaced == Net(cls(width=9)).config
    if hasattr(config, "replace"):
        assert config.replace(width=9) == replaced


def test_asdict_gives_plain_containers():
    config = Box(Outer()).content
    assert dataclasses.asdict(config) == dataclasses.asdict(Outer())
    assert attrs.asdict(Box(Attrs(2)).content) == {"width": 2, "rate": 0.5}


def test_a_list_is_a_list_to_the_code_behind():
    box = Box(Outer())
    assert sj.query(box, r".*blocks\[1\]") == {sj.Path.parse("content.blocks[1]"): 2}
    assert box.rebind({"content.blocks[1]": 5}).content.blocks == [1, 5]
    assert type(box.content.options) is dict
    assert box.rebind({"content.options.bias": False}) != box


def test_the_marks_of_flax_struct_hold():
    @struct.dataclass
    class Marked:
        rate: float = 0.5
        threshold: float = struct.field(pytree_node=False, default=0.25)

    assert jax.tree.leaves(Box(Marked())) == [0.5]


# What runs when an instance is made.


@dataclasses.dataclass
class Checked:
    """Tests its floats, which `jit` would not allow it to."""

    rate: float = 0.5

    def __post_init__(self):
        if not 0 <= self.rate < 1:
            raise ValueError("rate is a probability")


def test_checks_run_when_a_value_changes_and_not_under_jit():
    box = Box(Checked())
    assert jax.jit(lambda box: 2 * box.content.rate)(box) == 1
    with pytest.raises(ValueError, match="rate is a probability"):
        box.rebind({"content.rate": 2.0})
    assert Box(Attrs(rate=0.5)).rebind({"content.rate": 0.1}).content.rate == 0.1
    with pytest.raises(ValueError, match="must be > 0"):
        Box(Attrs()).rebind({"content.rate": -1.0})


@dataclasses.dataclass
class Deriving:
    width: int = 4
    heads: int = 2
    rate: float = 0.5
    head_dim: int = dataclasses.field(init=False)
    out: int | None = None

    def __post_init__(self):
        self.head_dim = self.width // self.heads
        self.out = self.width if self.out is None else self.out


def test_derived_fields_are_derived_again():
    box = Box(Deriving(out=3)).rebind({"content.width": 8})
    assert box.content.head_dim == 4
    assert box.content.out == 3
    assert jax.jit(lambda box: box.content.rate * box.content.head_dim)(box) == 2
    assert Box(Deriving()).content.out == 4  # a field's value, wherever it came from


def test_an_open_choice_may_stand_where_others_are_derived_from():
    box = Box(Deriving()).rebind({"content.width": sj.oneof([4, 8])})
    assert search.space(box).size == 2
    assert box.rebind({"content.width": 8}).content.head_dim == 4


@dataclasses.dataclass(frozen=True)
class Overriding:
    """Computes a field, whatever it is given, and clips another."""

    width: int = 4
    ratio: float = 2.0
    hidden: int = None
    depth: int = 1

    def __post_init__(self):
        object.__setattr__(self, "hidden", int(self.width * self.ratio))
        object.__setattr__(self, "depth", min(self.depth, 8))


def test_what_the_constructor_overrides_follows_what_it_is_computed_from():
    box = Box(Overriding())
    wide = box.rebind({"content.width": 6})
    assert wide.content.hidden == 12
    assert sj.query(wide, r".*hidden") == {sj.Path.parse("content.hidden"): None}  # no stale 8
    assert "hidden=" not in str(wide)
    assert wide == Box(Overriding(6)) == Box(Overriding(6, hidden=64))
    assert wide.content == dataclasses.replace(box.content, width=6)
    assert sj.from_json(sj.to_json(wide)) == pickle.loads(pickle.dumps(wide)) == wide
    assert sj.from_json(sj.to_json(wide)).rebind({"content.width": 8}).content.hidden == 16


@pytest.mark.parametrize("value", [64, 8, sj.oneof([8, 64]), sj.ref("width")])
def test_setting_or_opening_what_the_constructor_overrides_is_refused(value):
    refusal = r"Overriding\.hidden cannot be set: .* makes it 8 .*init=False\) \(path=content\.hidden\)$"
    with pytest.raises(TypeError, match=refusal):
        Box(Overriding()).rebind({"content.hidden": value})
    opened = Box(Overriding()).rebind({"content.width": sj.oneof([4, 6])})
    with pytest.raises(TypeError, match=refusal):
        opened.rebind({"content.hidden": value})
    assert [opened.rebind({"content.width": n}).content.hidden for n in (4, 6)] == [8, 12]


def test_a_value_that_the_constructor_clips_is_one_to_be_set():
    box = Box(Overriding(depth=8))  # the bound itself
    assert box.rebind({"content.width": 6}).content.depth == 8
    assert box.rebind({"content.depth": 3}).content.depth == 3
    assert box.rebind({"content.depth": 100}).content.depth == 8


def test_what_one_instance_overrides_is_another_s_own():
    @dataclasses.dataclass
    class Sometimes:
        width: int = 4
        automatic: bool = True
        hidden: int = 0

        def __post_init__(self):
            if self.automatic:
                self.hidden = 2 * self.width

    own = Box(Sometimes(automatic=False, hidden=5))
    assert own.rebind({"content.width": 6}).content.hidden == 5
    assert own.rebind({"content.hidden": 7}).content.hidden == 7
    computed = own.rebind({"content.automatic": True})
    assert computed.content.hidden == 8
    with pytest.raises(TypeError, match="cannot be set"):
        computed.rebind({"content.hidden": 7})


@dataclasses.dataclass(frozen=True)
class Doubling:
    width: int = 4

    def __post_init__(self):
        object.__setattr__(self, "width", 2 * self.width)


@dataclasses.dataclass(frozen=True)
class Converting:
    act: str = "relu"

    def __post_init__(self):
        object.__setattr__(self, "act", getattr(jax.nn, self.act))


class Initializing:
    def __init__(self, size):
        self.width = size


@dataclasses.dataclass(frozen=True, init=False)
class OwnInit:
    width: int = 4

    def __init__(self, half):
        object.__setattr__(self, "width", 2 * half)


@dataclasses.dataclass(frozen=True)
class WithInitVar:
    width: int = 4
    half: dataclasses.InitVar[int] = 2


@pytest.mark.parametrize("value", [Doubling(), Converting(), OwnInit(2), WithInitVar()])
def test_what_cannot_be_rebuilt_from_its_fields_is_kept_whole(value):
    for _ in range(2):
        assert Box(value).content is value


def test_a_symbolized_class_that_cannot_be_rebuilt_from_its_fields_says_so():
    @dataclasses.dataclass
    class Growing:
        width: int = 4

        def __post_init__(self):
            self.width += 1

    symbolic = sj.symbolize(Growing)
    assert symbolic(1).width == 2
    assert Box(symbolic(1)).content.rebind(width=2).width == 3
    with pytest.raises(TypeError, match=r"no instance can be rebuilt .*\(path=content\.width\)$"):
        Box(Growing(1))


# What is none.


class Pair(NamedTuple):
    mean: jax.Array


@struct.dataclass
class State:
    step: int
    params: Any


@struct.dataclass
class Statistics:
    count: int
    mean: jax.Array | None = None


@struct.dataclass
class Parameters:
    values: FrozenDict[str, Any] | None = None


@struct.dataclass
class InTuple:
    pair: Pair | None = None


@struct.dataclass
class Shaped:
    values: jaxtyping.Float[jax.Array, "..."] | None = None


@struct.dataclass
class OfState:
    state: Statistics | None = None


@struct.dataclass
class OfModule:
    module: nnx.Module | None = None
    layer: flax.linen.Module | None = None


def _train_state():
    params = {"w": jnp.ones(2)}
    return TrainState.create(apply_fn=len, params=params, tx=optax.adam(0.1))


@pytest.mark.parametrize(
    "make",
    [
        _train_state,
        lambda: State(0, {"w": jnp.ones(2)}),
        lambda: State(0, [Frozen(), np.ones(2)]),
        lambda: State(0, jax.ShapeDtypeStruct((), jnp.float32)),
        lambda: Statistics(0),
        Parameters,
        InTuple,
        Shaped,
        OfState,
        OfModule,
        lambda: State(0, optax.adam(0.1).init({"w": jnp.ones(2)})),
        lambda: optax.adam(0.1).init({"w": jnp.ones(2)}),
        lambda: nnx.State({"w": nnx.Param(jnp.ones(2))}),
    ],
)
def test_containers_of_arrays_stay_the_pytrees_that_they_are(make):
    value = make()
    assert not is_configuration(value)
    content = Box(value).content
    assert type(content) is type(value)
    assert jax.tree.structure(content) == jax.tree.structure(value)


def test_the_values_of_an_open_field_decide_for_each_instance():
    assert sj.is_symbolic(Box(State(0, {"learning": "slow"})).content)
    assert not sj.is_symbolic(Box(State(0, {"w": jnp.ones(2)})).content)
    assert not is_configuration(types.SimpleNamespace(mean=jnp.ones(2)))


def test_classes_functions_and_their_like_are_none():
    for value in (
        Frozen,
        len,
        1,
        "a",
        None,
        Initializing(3),
        flax.linen.Dense(3),
        jax.sharding.PartitionSpec(),
    ):
        assert not is_configuration(value)


# Overrides, both ways.


@sj.opaque
@struct.dataclass
class OpaqueStruct:
    width: int = 4


@sj.opaque
@dataclasses.dataclass(frozen=True)
class OpaqueValue:
    width: int = 4


class OpaqueChild(OpaqueValue):
    pass


def test_opaque_instances_are_left_as_they_are():
    assert jax.tree.leaves(Box(OpaqueStruct())) == [4]
    for value in (OpaqueValue(), OpaqueChild()):
        assert Box(value).content is value
        assert not jax.tree.leaves(Box(value))
    assert Box(types.SimpleNamespace(version=OpaqueValue())).content.version == OpaqueValue()


def test_a_class_cannot_be_opaque_and_symbolic():
    with pytest.raises(TypeError, match="opaque and to be symbolized"):
        sj.symbolize(OpaqueValue)
    Box(Frozen())
    with pytest.raises(TypeError, match=r"say sj\.opaque\(Frozen\) before"):
        sj.opaque(Frozen)


def test_a_symbolized_class_is_adopted_whatever_it_holds():
    @struct.dataclass
    class Wanted:
        step: int
        mean: jax.Array

    symbolic = sj.symbolize(Wanted)
    box = Box(Wanted(3, jnp.ones(2)))
    assert type(box.content) is symbolic
    assert [leaf.shape for leaf in jax.tree.leaves(box)] == [(2,)]


def test_what_a_user_symbolizes_later_takes_the_place_of_what_was_adopted():
    @dataclasses.dataclass
    class Late:
        rate: float = 0.5

    assert jax.tree.leaves(Box(Late())) == [0.5]
    marked = sj.symbolize(Late, static=["rate"])
    assert type(Box(Late()).content) is marked
    assert not jax.tree.leaves(Box(Late()))
    with pytest.raises(ValueError, match="already"):
        sj.symbolize(Late)


# Defaults, and at any depth.


class WithDefaults(sj.Object):
    config: Outer = sj.field(default_factory=Outer)
    frozen: Frozen = Frozen()
    many: tuple[Any, ...] = (Frozen(1), {"a": Frozen(2)})


def test_a_configuration_is_adopted_at_any_depth_and_as_a_default():
    tree = WithDefaults()
    expected = {
        "config.inner.size": 3,
        "config.made.size": 3,
        "frozen.width": 4,
        "many[0].width": 1,
        "many[1].a.width": 2,
    }
    assert {str(p): v for p, v in sj.query(tree, r".*(width|size)$").items()} == expected
    assert set(map(type, sj.query(tree.rebind(dict.fromkeys(expected, 9)), r".*(width|size)$").values())) == {
        int
    }
    assert sj.from_json(sj.to_json(tree)) == tree
    assert WithDefaults().frozen is tree.frozen
    symbolic = sj.symbolize(Outer)
    assert sj.is_symbolic(symbolic().made)
    assert symbolic() == Box(Outer()).content


def test_the_default_of_a_linen_module_is_adopted_once():
    model = sj.symbolize(configured.WithDefault)()
    assert model.config is sj.symbolize(configured.WithDefault)().config
    wide = model.rebind({"config.mlp_dim": 32})
    assert wide.init(KEY, X)["params"]["MlpBlock_0"]["Dense_0"]["kernel"].shape == (3, 64)
    assert (
        sj.from_json(sj.to_json(model))
        == model
        == eval(sj.to_python(model), {"sj": sj, "WithDefault": configured.WithDefault})
    )
    assert '"config"' not in sj.to_json(model, hide_defaults=True)


def test_the_symbolic_view_adopts_defaults_too():
    from symjax import linen as nn

    class Model(nn.Module):
        config: Frozen = Frozen()

        @nn.compact
        def __call__(self, x):
            return nn.Dense(self.config.width)(x)

    assert Model().rebind({"config.width": 7}).init_with_output(KEY, X)[0].shape == (2, 7)


# Whole models.


def _same(left, right):
    return jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), left, right))


@pytest.mark.parametrize(
    ("cls", "arguments", "inputs"),
    [
        (configured.LanguageModel, (configured.TransformerConfig(5, 7),), jnp.ones((1, 4), int)),
        (
            configured.LanguageModel,
            (
                configured.TransformerConfig(
                    5, 7, logits_via_embedding=True, posemb_init=jax.nn.initializers.zeros
                ),
            ),
            jnp.ones((1, 4), int),
        ),
        (configured.VisionTransformer, (configured.vision_config(),), jnp.ones((1, 4, 4, 3))),
        (configured.Unpacked, ({"num_layers": 2, "mlp_dim": 5},), X),
        (configured.DenseBlocks, (configured.DenseConfig([1, 2]),), X),
        (configured.WithDefault, (), X),
    ],
)
def test_a_linen_model_gives_bitwise_the_same_and_goes_through_jit(cls, arguments, inputs):
    model, plain = sj.symbolize(cls)(*arguments), cls(*arguments)
    variables = plain.init(KEY, inputs)
    assert _same(model.init(KEY, inputs), variables)
    assert _same(model.apply(variables, inputs), plain.apply(variables, inputs))
    abstract = jax.eval_shape(lambda model: model.init(KEY, inputs), model)
    assert jax.tree.map(jnp.shape, abstract) == jax.tree.map(jnp.shape, variables)
    out = jax.jit(lambda model: model.apply(variables, inputs))(model)
    assert jnp.allclose(out, plain.apply(variables, inputs), atol=1e-5)
    assert sj.from_json(sj.to_json(model)) == model
    scope: dict[str, Any] = {}
    exec(sj.to_python(model, imports=True), scope)
    assert scope["tree"] == model


def test_a_model_is_changed_by_paths_into_its_configuration():
    model = sj.symbolize(configured.VisionTransformer)(configured.vision_config())
    deep = model.rebind({"config.transformer.num_layers": 3, "config.patches.size": (1, 1)})
    params = deep.init(KEY, jnp.ones((1, 4, 4, 3)))["params"]
    assert len(params["Encoder_0"]) == 6
    assert params["Conv_0"]["kernel"].shape[:2] == (1, 1)
    unpacked = sj.symbolize(configured.Unpacked)({"num_layers": 1, "mlp_dim": 5})
    assert len(unpacked.rebind({"transformer.num_layers": 2}).init(KEY, X)["params"]["Encoder_0"]) == 4


def test_a_field_of_a_configuration_may_refer_to_another():
    config = configured.TransformerConfig(5, 7)
    model = sj.symbolize(configured.LanguageModel)(config).rebind({"config.mlp_dim": sj.ref("emb_dim")})
    assert model.config.mlp_dim == 8
    assert model.rebind({"config.emb_dim": 4}).config.mlp_dim == 4


def test_an_nnx_module_is_built_of_its_configuration():
    config = configured.DecoderConfig.tiny()
    node = sj.symbolize(configured.Decoder)(config)
    wide = node.rebind({"config.hidden_dim": 9, "config.sharding.axis": "x", "sharding.axis": "y"})
    module, plain = sj.build(node, rngs=0), configured.Decoder(config, rngs=nnx.Rngs(0))
    assert isinstance(module.config, configured.DecoderConfig)
    assert module.config.query_scale() == 0.5
    assert _same(nnx.state(module, nnx.Param), nnx.state(plain, nnx.Param))
    assert jnp.array_equal(module(jnp.ones((1, 4))), plain(jnp.ones((1, 4))))
    assert sj.build(wide).layers[0].up.out_features == 9
    assert sj.build(wide).sharding.axis == "y"
    graph, params = nnx.split(module, nnx.Param)
    assert jnp.array_equal(nnx.merge(graph, params)(jnp.ones((1, 4))), plain(jnp.ones((1, 4))))
    assert sj.from_json(sj.to_json(wide)) == wide
    at_once = sj.symbolize(configured.Decoder)(config, rngs=nnx.Rngs(0))
    assert jnp.array_equal(at_once(jnp.ones((1, 4))), plain(jnp.ones((1, 4))))


def test_a_float_of_an_nnx_module_s_configuration_is_traced():
    node = sj.symbolize(configured.Decoder)(configured.DecoderConfig.tiny(softcap=2.0))

    @jax.jit
    @chex.assert_max_traces(n=1)
    def apply(node):
        return sj.build(node)(jnp.ones((1, 4)))

    assert apply(node).shape == apply(node.rebind({"config.softcap": 3.0})).shape


# Files name configuration classes that nothing was given yet.


@dataclasses.dataclass
class Unmet:
    """Given to nothing; the annotation of a field alone makes it known."""

    width: int = 4
    inner: Inner = Inner()


class Holder(sj.Object):
    unmet: Unmet | None = None


@pytest.fixture
def elsewhere():
    """A module that has defined no symbol, with a configuration class that no field is annotated with."""
    module = types.ModuleType("elsewhere_configured")
    exec(
        "import dataclasses\n@dataclasses.dataclass\nclass Config:\n    width: int = 4\n"
        "@dataclasses.dataclass\nclass Data:\n    mean: object\n    def __init__(self, x): self.mean = x\n",
        vars(module),
    )
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def _file(name, **fields):
    text = sj.to_json(Box(sj.symbolize(types.SimpleNamespace)(**fields)))
    return text.replace("types.SimpleNamespace", name)


def test_a_file_may_name_a_class_that_a_field_is_annotated_with():
    loaded = sj.from_json(_file(f"{__name__}.Unmet", width=8))
    assert loaded == Box(Unmet(8))
    assert isinstance(loaded.content.inner, Inner)


def test_a_file_may_not_name_any_class(elsewhere):
    with pytest.raises(sj.LoadError, match=r"elsewhere_configured\.Config"):
        sj.from_json(_file("elsewhere_configured.Config", width=8))
    loaded = sj.from_json(_file("elsewhere_configured.Config", width=8), modules=["elsewhere_configured"])
    assert loaded.content.width == 8
    for name in (
        "elsewhere_configured.Data",
        "elsewhere_configured.absent",
        "nowhere.Config",
        "dataclasses.Field",
    ):
        with pytest.raises(sj.LoadError):
            sj.from_json(_file(name, width=8), modules=["elsewhere_configured", "dataclasses"])
