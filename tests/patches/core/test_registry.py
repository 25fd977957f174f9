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


def test_a_name_without_its_name_space_will_do_where_one_patcher_has_it():
    patcher = define("test_registry.a.lonely", aliases=["test_registry.b.lonely"])
    for short in ("lonely", "a.lonely", "b.lonely"):
        assert patches.from_uri(f"{short}?2") == patcher(2)
    assert str(patches.from_uri("lonely?2")) == "test_registry.a.lonely?n=2"
    with pytest.raises(ValueError, match="no patcher 'onely'"):
        patches.from_uri("onely?2")


def test_a_short_name_that_two_patchers_have_is_none():
    def twice_named(tree, n: int = 1):
        return {"n": n}

    vision, text = (
        define("test_registry.vision.twice"),
        patches.patcher(name="test_registry.text.twice")(twice_named),
    )
    with pytest.raises(
        ValueError,
        match=r"'twice' is the short name of several patchers: write test_registry\.text\.twice or "
        r"test_registry\.vision\.twice",
    ) as caught:
        patches.from_uri("twice?2")
    assert caught.value.__notes__ == ["while reading the patch (uri=twice?2)"]
    assert patches.from_uri("vision.twice?2") == vision(2)
    assert patches.from_uri("text.twice?2") == text(2)


def test_a_whole_name_wins_over_short_ones():
    define("test_registry.scale_width")
    assert type(patches.from_uri("scale_width?2")) is patches.scale_width


def install(folder, package, modules, points):
    """A distribution as pip lays it out: a package, and beside it the metadata that says what it publishes."""
    (folder / package).mkdir()
    for name, source in {"__init__": "", **modules}.items():
        (folder / package / f"{name}.py").write_text(textwrap.dedent(source))
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {target}" for name, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[symjax.patches]", *lines, ""]))
    files = [f"{package}/{name}.py,," for name in ["__init__", *modules]]
    (info / "RECORD").write_text("\n".join([*files, f"{info.name}/METADATA,,", ""]))


@pytest.fixture
def fresh_installation(tmp_path, monkeypatch):
    """A folder on the path that the registry has not looked into yet."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_loaded", [])
    importlib.invalidate_caches()
    return tmp_path


SCALE = """
    import symjax as sj

    @sj.patcher(name="{space}.test_scale")
    def test_scale(tree, times: int = 2):
        return lambda k, v: v * times if isinstance(v, int) else v
    """


def test_packages_publish_patchers_by_entry_points(fresh_installation):
    install(
        fresh_installation,
        "published_one",
        {"ideas": SCALE.format(space="published")},
        {"x": "published_one.ideas"},
    )
    assert "published_one" not in sys.modules
    assert patches.patch([1], "published.test_scale?3") == [3]
    assert "published.test_scale" in patches.names()
    assert patches.patch([1], "test_scale?3") == [3]


def test_two_packages_may_offer_one_idea_in_two_name_spaces(fresh_installation):
    for space in ("eyes", "ears"):
        install(
            fresh_installation,
            f"plug_{space}",
            {"ideas": SCALE.format(space=space)},
            {"x": f"plug_{space}.ideas"},
        )
    assert patches.patch([1], "eyes.test_scale?3 | ears.test_scale?5") == [15]
    with pytest.raises(ValueError, match=r"several patchers: write ears\.test_scale or eyes\.test_scale"):
        patches.from_uri("test_scale?3")


def test_a_known_name_imports_no_package(fresh_installation):
    install(
        fresh_installation, "not_asked_for", {"ideas": "raise RuntimeError"}, {"x": "not_asked_for.ideas"}
    )
    patches.from_uri("scale_width?2")
    assert "not_asked_for" not in sys.modules


@pytest.mark.parametrize(
    ("package", "source", "why"),
    [
        ("broken_rules", "raise RuntimeError('out of order')", "RuntimeError: out of order"),
        ("broken_syntax", "def", "SyntaxError"),
        ("broken_import", "import no_such_module_anywhere", "ModuleNotFoundError"),
        (
            "broken_name",
            """
            import symjax as sj

            @sj.patcher
            def scale_width(tree):
                return None
            """,
            "ValueError: the patcher 'scale_width' is symjax.patches.library.width.scale_width already",
        ),
    ],
)
def test_a_broken_package_costs_a_warning_and_not_the_others(fresh_installation, package, source, why):
    install(fresh_installation, package, {"ideas": source}, {"x": f"{package}.ideas"})
    install(
        fresh_installation,
        f"well_{package}",
        {"ideas": SCALE.format(space=package)},
        {"x": f"well_{package}.ideas"},
    )
    with pytest.warns(patches.PatchWarning, match=f"the patches '{package}.ideas' of {package}") as caught:
        names = patches.names()
    assert f"could not be loaded: {why}" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert {"scale_width", f"{package}.test_scale"} <= set(names)
    assert patches.names() == names  # and it warns once
    assert type(patches.from_uri("scale_width?2")) is patches.scale_width


def test_a_package_may_ask_for_names_while_it_is_loaded(fresh_installation):
    source = """
        from symjax import patches

        KNOWN = patches.names()
        """
    install(fresh_installation, "asking_package", {"ideas": source}, {"x": "asking_package.ideas:KNOWN"})
    assert "scale_width" in patches.names()
    assert "scale_width" in sys.modules["asking_package.ideas"].KNOWN
