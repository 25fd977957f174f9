"""`Engine`: where batches of configurations run."""

from symjax.search.engines import Engine


def test_an_engine_is_closed_behind_a_with():
    closed = []

    class Counting(Engine):
        def evaluate(self, fn, space, dnas, key, *broadcast, **options):
            raise NotImplementedError

        def close(self):
            closed.append(self)

    with Counting() as engine:
        assert not closed
    assert closed == [engine]
