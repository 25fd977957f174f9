"""The time that is left."""

from symjax.search.evaluation.pace import Pace


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


def test_what_is_left_is_compiling_and_running():
    clock = Clock()
    pace = Pace(clock)
    clock.now = 100.0  # planning
    pace.begin()
    clock.now = 110.0
    pace.compiled(10.0, size=100)
    assert pace.left(300, trials=64) is None  # no program has run
    clock.now = 118.0
    pace.ran(16)
    assert pace.left(300, trials=48) == 30 + 48 * 0.5
    clock.now = 158.0
    pace.compiled(40.0, size=100)
    pace.ran(16)  # while the second was compiled
    assert pace.left(200, trials=32) == 200 * 0.25 + 32 * 0.25
    clock.now = 160.0
    pace.compiled(2.0, size=0)  # it was on disk
    assert pace.left(200, trials=32) == 200 * 0.25 + 32 * 0.25
    assert pace.left(0, trials=0) == 0
    assert pace.seconds == 160.0
