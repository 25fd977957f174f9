"""Which layers were seen, by those who watch."""

from symjax.patches.interior.recording import Sighting, record, watching


def test_what_is_recorded_is_seen_by_all_who_watch():
    record("a", "layer", ())
    with watching() as outer:
        record("b", "layer", ())
        with watching() as inner:
            record("c", "layer", ("source",))
        record("d", "layer", ())
    record("e", "layer", ())
    assert [s.path for s in inner] == ["c"]
    assert sorted(s.path for s in outer) == ["b", "c", "d"]


def test_a_source_is_the_one_object():
    source = [1]
    assert Sighting("a", "layer", (source,)).by(source)
    assert not Sighting("a", "layer", (source,)).by([1])
