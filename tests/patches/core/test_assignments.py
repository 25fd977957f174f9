"""``path=value``: typed by the tree, set at once, and refused with the place in the text."""

import enum
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
import pytest
from annotated_types import Gt
from hypothesis import given
from hypothesis import strategies as st

import symjax as sj
from symjax import linen as nn
from symjax import optax, patches
from symjax.patches.core.assignments import Assignments


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Net(sj.Object):
    width: Annotated[int, Gt(0)] = 3
    rate: float = 0.5
    activation: Callable[..., Any] = jax.nn.relu
    norm: Any = nn.BatchNorm
    dtype: Any = jnp.float32
    color: Color = Color.RED
    color_or_text: Color | str = "x"
    mode: Literal["same", "valid"] = "same"
    bias: bool = True
    seed: int | None = None
    sizes: tuple[int, ...] = (3, 3)
    name: str = "net"
    by_name: Mapping[str, float] = sj.Map({"a": 1.0})
    anything: Any = None


class Experiment(sj.Object):
    model: Net = Net()
    layers: tuple[nn.Module, ...] = (nn.Dense(3), nn.Conv(4, (3, 3)))
    optimizer: Any = optax.adam(1e-3)
    config: Any = sj.Map(
        dict(rate=0.1, steps=10, name="a", on=True, sizes=(1, 2), color=Color.RED, act=jax.nn.relu)
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("model.width=32", 32),
        ("model.rate=2", 2.0),
        ("model.activation=gelu", jax.nn.gelu),
        ("model.activation=jax.nn.silu", jax.nn.silu),
        ("model.activation=jax.numpy.sin", jnp.sin),
        ("model.norm=LayerNorm", nn.LayerNorm),
        ("model.dtype=bfloat16", jnp.bfloat16),
        ("model.color=GREEN", Color.GREEN),
        ("model.color_or_text=GREEN", Color.GREEN),
        ("model.color_or_text='GREEN'", "GREEN"),
        ("model.mode=valid", "valid"),
        ("model.bias=no", False),
        ("model.bias=false", False),
        ("model.seed=7", 7),
        ("model.sizes=1:2:3", (1, 2, 3)),
        ("model.sizes=5", (5,)),
        ("model.sizes[1]=5", 5),
        ("model.sizes[-1]=5", 5),
        ("model.name=10", "10"),
        ("model.name=None", "None"),
        ("model.name='a, b|c'", "a, b|c"),
        ("model.by_name.a=2", 2.0),
        ("model.anything=10", 10),
        ("model.anything='10'", "10"),
        ("model.anything=x", "x"),
        ("layers[0].features=64", 64),
        ("layers[1].kernel_size=5:5", (5, 5)),
        ("layers[0].dtype=bfloat16", jnp.bfloat16),
        ("layers[0].kernel_init=zeros", jax.nn.initializers.zeros),
        ("layers[0].precision=HIGHEST", jax.lax.Precision.HIGHEST),
        ("optimizer.learning_rate=0.003", 0.003),
        # No hint speaks of these: the present value does.
        ("config.rate=1", 1.0),
        ("config.steps=20", 20),
        ("config.steps=0.5", 0.5),
        ("config.name=10", "10"),
        ("config.name=None", None),
        ("config.on=no", False),
        ("config.sizes=3:4:5", (3, 4, 5)),
        ("config['sizes'][0]=9", 9),
        ("config.color=GREEN", Color.GREEN),
        ("config.act=tanh", jax.nn.tanh),
        ("config.steps='many'", "many"),
    ],
)
def test_the_tree_types_a_text(text, value):
    exp = Experiment()
    path = sj.Path.parse(text.partition("=")[0])
    patched = sj.patch(exp, text)
    new = sj.query(patched, where=lambda k, v, p: str(k) == str(path).replace("[-1]", "[1]"))
    assert [type(v) for v in new.values()] == [type(value)]
    assert sj.eq(list(new.values()), [value])
    assert exp == Experiment()
    assert sj.lineage(patched) == (str(patches.from_uri(text)),)
    assert sj.patch(exp, sj.lineage(patched)) == patched


def test_all_are_set_at_once():
    class Pair(sj.Object):
        low: int = 1
        high: int = 2

        def __check__(self):
            if self.low >= self.high:
                raise ValueError("low is not below high")

    assert sj.patch(Pair(), "low=5, high=6") == Pair(5, 6)
    with pytest.raises(ValueError, match="low is not below high"):
        sj.patch(Pair(), "low=5 | high=6")


def test_they_are_patches_like_others():
    patch = patches.from_uri("model.width=8, layers[0].features=9")
    assert sj.from_json(sj.to_json(patch)) == patch
    assert eval(sj.to_python(patch), {"Assignments": patches.Assignments, "sj": sj}) == patch
    assert patch(Experiment()).layers[0].features == 9
    assert (patch | "model.width=10")(Experiment()).model.width == 10
    assert patch.expects(2)(Experiment()).model.width == 8
    assert str(patch.expects(2)) == "model.width=8,layers[0].features=9#2"
    assert hash(patch) == hash(patches.from_uri(str(patch)))
    with pytest.raises(
        patches.PatchError, match=r"was to change 3 places, and changed 2: model\.width, layers"
    ):
        patch.expects(3)(Experiment())


def test_a_value_that_stands_there_already_warns():
    with pytest.warns(patches.PatchWarning, match="the patch model.width=3 changed nothing"):
        assert sj.patch(Experiment(), "model.width=3") == Experiment()


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("model.widht=3", KeyError, "did you mean 'width'? valid names: width, rate,"),
        ("modle.width=3", KeyError, "did you mean 'model'?"),
        ("layers[5].features=3", KeyError, "layers is a tuple of 2 items"),
        ("config.rates=3", KeyError, "did you mean 'rate'?"),
        ("model.width.x=3", KeyError, "which has no parts"),
        ("model.width=wide", TypeError, "Net.width expects int (> 0), got 'wide'"),
        ("model.width=2.5", TypeError, "Net.width expects int (> 0), got 2.5"),
        ("model.width=0", ValueError, "Net.width"),
        ("model.width='3'", TypeError, "got '3' of type str"),
        ("model.bias=2", TypeError, "Net.bias expects bool"),
        ("model.sizes=1:x", TypeError, "Net.sizes"),
        ("model.sizes[0]=x", TypeError, "sizes"),
        ("model.mode=smae", (TypeError, ValueError), "mode"),
        ("model.color=GREN", TypeError, "did you mean 'GREEN'? its members: GREEN, RED"),
        (
            "model.activation=gelo",
            ValueError,
            "no function 'gelo'; did you mean 'gelu'? known functions: gelu,",
        ),
        ("model.activation=os.system", ValueError, "no function 'os.system'"),
        ("model.activation=jax.numpy.load", ValueError, "no function 'jax.numpy.load'"),
        ("model.activation=3", TypeError, "Net.activation expects Callable"),
        ("model.norm=LayerNrom", ValueError, "no class 'LayerNrom'; did you mean 'LayerNorm'?"),
        ("model.norm=relu", ValueError, "no class 'relu'"),
        ("model.dtype=bf16", ValueError, "no dtype 'bf16'; did you mean 'bfloat16'?"),
        (
            "config.rate=yes",
            TypeError,
            "expected float | None, as the present value 0.1, got 'yes'; quotes make",
        ),
        ("config.act=gelo", ValueError, "no function 'gelo'"),
        ("optimizer.learning_rate=fast", TypeError, "learning_rate"),
        (
            "change_lr=0.1",
            KeyError,
            "change_lr is a patcher: its arguments stand behind a '?', as in change_lr?value",
        ),
    ],
)
def test_what_does_not_fit_names_the_path_and_the_patch(text, kind, message):
    exp = Experiment()
    with pytest.raises(kind) as caught:
        sj.patch(exp, ["model.rate=0.25", text])
    said = "\n".join([str(caught.value), *caught.value.__notes__])
    assert message in said
    path, place = text.partition("=")[0], said.partition("(path=")[2].partition(")")[0]
    assert path.startswith(place) or place.startswith(path)
    assert caught.value.__notes__[-1] == f"while applying the patch {patches.from_uri(text)} (rule 2 of 2)"
    assert exp == Experiment()


def test_the_place_in_the_text_is_named():
    with pytest.raises(TypeError) as caught:
        sj.patch(Experiment(), "model.rate=1,\n model.width=wide")
    assert "in 'model.width=wide', at character 13 of its text" in caught.value.__notes__
    assert "model.rate=1,model.width=wide"[13:] == "model.width=wide"


def test_overlapping_paths_are_refused_before_anything_is_applied():
    with pytest.raises(ValueError, match=r"updates overlap: model holds model\.width, and both are set"):
        patches.from_uri("model=1, model.width=2")
    with pytest.raises(ValueError, match="overlap") as caught:
        sj.patch(Experiment(), "layers[0].features=1, layers[-2].features=2")
    assert "while applying the patch layers[0].features=1,layers[-2].features=2" in caught.value.__notes__[-1]


@pytest.mark.parametrize("texts", [{"a": "1:2|"}, {"a": "'x"}, {"a b": "1"}])
def test_one_that_is_made_by_hand_must_be_readable(texts):
    with pytest.raises(ValueError):
        Assignments(texts)


def test_partial_trees_and_open_choices_can_be_set():
    assert (
        sj.patch(Experiment.partial(model=sj.oneof([Net(), Net(4)])), "config.rate=1").config["rate"] == 1.0
    )
    assert sj.patch(Net(width=sj.oneof([1, 2])), "width=7").width == 7
    assert sj.patch(Net.partial(), "width=7").width == 7


names = st.sampled_from(
    ["model.width", "model.rate", "model.name", "config.rate", "layers[0].features", "zzz"]
)
texts = st.sampled_from(
    ["1", "0.5", "x", "gelu", "None", "yes", "1:2", "'a'", "[]", "-1", "nan", "é", "%41", "1e999"]
)


@given(st.dictionaries(names, texts, min_size=1, max_size=3))
def test_any_assignment_applies_or_is_refused(assigned):
    text = ",".join([f"{path}={value}" for path, value in assigned.items()])
    patch = patches.from_uri(text)
    assert patches.from_uri(str(patch)) == patch
    exp = Experiment()
    error = refusal(lambda: sj.patch(exp, [patch, {"model.bias": False}]))
    if error is not None:
        assert f"while applying the patch {patch} (rule 1 of 2)" in error.__notes__
    assert exp == Experiment()


def refusal(call):
    """What a call is refused with; None if it is not."""
    try:
        call()
    except (ValueError, TypeError, KeyError) as error:
        return error
    return None
