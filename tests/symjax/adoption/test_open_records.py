"""Namespaces and config dicts: nodes that have the fields that they hold."""

import sys
import threading
import types

import jax
import ml_collections
import pytest

import symjax as sj
from symjax.adoption.configurations import is_configuration

from ..models import configured
from ..trees import Box


def test_an_entry_may_be_deleted_and_none_is_made_up():
    config = Box(types.SimpleNamespace(a=1, b=types.SimpleNamespace(c=2.0))).content
    assert config.b.c == 2.0
    with pytest.raises(AttributeError):
        config.missing
    assert (
        Box(config).rebind({"content.a": sj.MISSING}).content
        == Box(types.SimpleNamespace(b=types.SimpleNamespace(c=2.0))).content
    )


@pytest.mark.parametrize("freeze", [ml_collections.ConfigDict, ml_collections.FrozenConfigDict])
def test_a_config_dict_is_used_as_ever(freeze):
    plain = freeze(configured.vision_config())
    config = Box(plain).content
    assert config.patches.size == config["patches"]["size"] == (2, 2)
    assert config.get("classifier") == "token"
    assert config.get("absent", 3) == 3
    assert dict(**config.transformer) == {"num_layers": 2, "mlp_dim": 12}
    assert list(config) == list(plain)
    assert len(config) == len(plain)
    assert "scale" in config
    assert config.to_dict() == plain.to_dict()
    assert ml_collections.ConfigDict(config).transformer.mlp_dim == 12
    for nested in (config, config.transformer):
        with pytest.raises(TypeError, match=r"is immutable; tree\.rebind\(num_layers=…\)"):
            nested["num_layers"] = 3
        with pytest.raises(TypeError, match="is immutable"):
            del nested["num_layers"]
    copied = config.copy_and_resolve_references()
    assert type(copied) is freeze
    assert copied == freeze(plain.to_dict())


def test_references_in_a_config_dict_are_resolved():
    plain = ml_collections.ConfigDict({"width": 4})
    plain.double = 2 * plain.get_ref("width")
    assert Box(plain).content.double == 8


def test_names_that_are_no_names_of_fields_are_refused():
    with pytest.raises(TypeError, match="ConfigDict has no field 'a-b'"):
        sj.symbolize(ml_collections.ConfigDict)({"a-b": 1})
    assert not is_configuration(ml_collections.ConfigDict({"a-b": 1}))


def test_nodes_of_the_same_names_are_of_one_class_in_whatever_order():
    one, other = Box(types.SimpleNamespace(a=1, b=2)), Box(types.SimpleNamespace(b=2, a=1))
    assert one == other
    assert type(one.content) is type(other.content)
    assert isinstance(one.content, sj.symbolize(types.SimpleNamespace))


def test_the_symbolic_version_is_called_with_any_names():
    namespace = sj.symbolize(types.SimpleNamespace)
    assert namespace(a=1, b=2) == namespace({"a": 1}, b=2) == Box(types.SimpleNamespace(a=1, b=2)).content
    assert namespace() == Box(types.SimpleNamespace()).content


def test_entries_of_some_names_can_be_structure():
    static = sj.symbolize(types.SimpleNamespace, static=["rate"], name="tests.StaticNamespace")
    box = Box(static(rate=0.5, other=0.25))
    assert [str(sj.Path.from_jax(path)) for path, _ in jax.tree.leaves_with_path(box)] == ["content.other"]
    assert sj.from_json(sj.to_json(box)) == box


def test_threads_that_ask_at_once_get_one_class():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        classes = []
        barrier = threading.Barrier(8)

        def ask():
            barrier.wait()
            classes.append(type(Box(types.SimpleNamespace(asked_by_threads=1)).content))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert len(classes) == 8
    assert len(set(classes)) == 1
