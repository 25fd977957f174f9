"""Names: append-only, never overwritten in silence, and filled up from installed packages."""

import importlib
import sys
import textwrap

import pytest

from symjax import patches
from symjax.patches.core import registry


def define(name=None, **options):
    @patches.patcher(name=name, **options)
    def anew(tree, n: int = 1):
        return {"n": n}

    return anew


def test_the_library_is_there():
    assert {"apply_sepconv", "change_lr", "scale_width", "swap_activation"} <= set(patches.names())
    assert {"on_type", "on_path", "on_key", "on_value", "on_member"} <= set(patches.names())
    assert list(patches.names()) == sorted(patches.names())


def test_a_name_is_global_and_dotted():
    patcher = define("test_registry.global_name")
    assert patches.from_uri("test_registry.global_name?2") == patcher(2)
    assert str(patcher(2)) == "test_registry.global_name?n=2"


def test_aliases_find_the_patcher_and_print_its_name():
    patcher = define("test_registry.newer", aliases=["test_registry.older"])
    assert patches.from_uri("test_registry.older?n=3") == patcher(3)
    assert str(patches.from_uri("test_registry.older?n=3")) == "test_registry.newer?n=3"


def test_the_same_function_defined_again_replaces_its_older_self():
    first, second = define("test_registry.again"), define("test_registry.again")
    assert first is not second
    assert type(patches.from_uri("test_registry.again")) is second


def test_another_function_does_not_take_the_name():
    def scale_width(tree, factor: float):
        return None

    before = patches.from_uri("scale_width?2")
    with pytest.raises(
        ValueError, match=r"symjax\.patches\.library\.width\.scale_width already; register"
    ) as caught:
        patches.patcher(scale_width)
    assert "@sj.patcher(name='test_registry.scale_width')" in str(caught.value)
    assert type(patches.from_uri("scale_width?2")) is type(before)


def test_a_taken_alias_leaves_nothing_registered():
    def fresh(tree):
        return None

    with pytest.raises(ValueError, match="the patcher 'change_lr' is"):
        patches.patcher(name="test_registry.fresh", aliases=["change_lr"])(fresh)
    assert "test_registry.fresh" not in patches.names()


@pytest.mark.parametrize("name", ["scale-width", "a b", "a..b", "f?x", "1st"])
def test_a_name_must_be_one(name):
    with pytest.raises(ValueError, match="cannot name a patcher"):
        define(name)


def test_the_known_names_are_listed_nearest_first():
    with pytest.raises(ValueError, match="no patcher 'scale_widht'; did you mean 'scale_width'") as caught:
        patches.from_uri("scale_widht?2.0")
    assert "known patchers: scale_width, " in str(caught.value)
    assert str(caught.value).endswith("(uri=scale_widht?2.0)")


def install(folder, package, source, point):
    """A package on the path, with the metadata of an installed one."""
    (folder / f"{package}.py").write_text(textwrap.dedent(source))
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[symjax.patches]\n{point} = {package}\n")


@pytest.fixture
def fresh_installation(tmp_path, monkeypatch):
    """A folder on the path that the registry has not looked into yet."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_loaded", [])
    importlib.invalidate_caches()
    return tmp_path


def test_packages_publish_patchers_by_entry_points(fresh_installation):
    source = """
        import symjax.patches

        @symjax.patches.patcher(name="published_by_a_package.double")
        def double(tree, times: int = 2):
            return lambda k, v: v * times if isinstance(v, int) else v
        """
    install(fresh_installation, "published_by_a_package", source, "anything")
    assert "published_by_a_package" not in sys.modules
    assert patches.patch([1], "published_by_a_package.double?3") == [3]
    assert "published_by_a_package.double" in patches.names()


def test_a_known_name_imports_no_package(fresh_installation):
    install(fresh_installation, "not_asked_for", "raise RuntimeError('imported')", "x")
    patches.from_uri("scale_width?2")
    assert "not_asked_for" not in sys.modules


def test_a_broken_package_costs_a_warning(fresh_installation):
    install(fresh_installation, "broken_package", "raise RuntimeError('out of order')", "x")
    with pytest.warns(
        patches.PatchWarning, match="broken_package could not be loaded: RuntimeError: out of order"
    ):
        names = patches.names()
    assert "scale_width" in names
    assert patches.names() == names  # and it warns once
