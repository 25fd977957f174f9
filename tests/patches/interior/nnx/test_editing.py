"""Patches are shown the layers of a module; more of it, from a user's side, is in ../test_built.py."""

import pytest
from flax import nnx

from symjax import nnx as symbolic
from symjax.patches import has_role, layers
from symjax.patches.interior.nnx.editing import Editing, Entry
from symjax.patches.interior.nnx.making import Maker
from symjax.patches.interior.nnx.views import Reader
from symjax.patches.interior.recording import watching

from .networks import MLP, Config, ResNet, streams


def run(module, *rules, **options):
    reader = Reader()
    entries = [Entry(layers(rule), number) for number, rule in enumerate(rules)]
    return Editing(entries, reader, Maker(reader, streams()), **options).run(module)


def listing(seen):
    def rule(k, v, p):
        seen.append((str(k), type(v).__name__, type(p).__name__))
        return v

    return rule


def test_each_layer_is_shown_with_its_path_and_what_holds_it():
    seen = []
    module = nnx.eval_shape(lambda: ResNet(Config(), rngs=nnx.Rngs(0)))
    assert run(module, listing(seen)).module is module
    assert seen[0] == ("", "ResNet", "NoneType")
    assert ("blocks[1].projection", "Conv", "Block") in seen
    assert ("blocks[1].projection.kernel_size", "tuple", "Conv") in seen
    assert ("head.in_features", "int", "Linear") in seen
    assert len([path for path, kind, _ in seen if kind == "Conv"]) == 6


def test_functions_are_shown_where_they_are_stored():
    seen = []
    run(MLP(rngs=streams()), listing(seen))
    assert [path for path, _, parent in seen if parent == "MLP" and path == "activation"] == ["activation"]


def test_what_was_put_there_is_shown_to_later_patches_only():
    first, second = [], []
    module = nnx.Sequential(nnx.Dropout(0.5))
    new = symbolic.Sequential(symbolic.Linear(2, 3), nnx.relu)

    def replacing(k, v, p):
        first.append(type(v).__name__)
        return new if has_role(v, "dropout") else v

    run(module, replacing, listing(second))
    assert "Linear" not in first
    assert {kind for _, kind, _ in second} >= {"Sequential", "Linear"}


def test_fields_and_foreign_modules():
    module = MLP(rngs=streams())
    seen = []
    run(module, listing(seen), fields=[module, module.hidden[0]])
    assert {"", "hidden[0]"}.isdisjoint({path for path, _, _ in seen})
    seen.clear()
    run(module, listing(seen), foreign=[module.hidden[0]])
    assert not any(path.startswith("hidden[0]") for path, _, _ in seen)


def test_places_and_sightings_name_each_layer_once():
    with watching() as sightings:
        edited = run(
            MLP(rngs=streams()),
            lambda k, v: v.rebind(rate=0.1) if has_role(v, "dropout") else v,
            lambda k, v: 0.25 if k and k.key == "rate" else v,
        )
    assert edited.module.pair[0].rate == 0.25
    assert list(map(str, edited.places)) == ["pair[0]"]
    assert [(s.path, s.sources) for s in sightings if s.sources] == [("pair/0", (0, 1))]
    assert "hidden/0" in [s.path for s in sightings]


def test_an_error_of_a_rule_says_where():
    def failing(k, v):
        if has_role(v, "dropout"):
            raise RuntimeError("no")
        return v

    with pytest.raises(RuntimeError, match="no") as caught:
        run(MLP(rngs=streams()), failing)
    assert any("was shown pair/0" in note for note in caught.value.__notes__)
    with pytest.raises(TypeError, match="non-negative") as caught:
        run(MLP(rngs=streams()), lambda k, v: v.rebind(out_features=-1) if has_role(v, "dense") else v)
    assert "while building Linear (path=hidden[0])" in caught.value.__notes__
