"""Shares of a batch, and who does them."""

import jax
import numpy as np

from symjax import search
from symjax.search.engines.shares import Queue, Share, cut

SPACE = search.space({"n": search.oneof([1, 2]), "x": search.floatv(0.0, 1.0)})
DNAS = search.DNA.from_numbers(SPACE.spec, [[n, 0.5] for n in (0, 0, 1, 0, 0, 1, 0)])


def buckets():
    plan = search.plan(lambda exp, key: exp["x"] * exp["n"], SPACE, DNAS, jax.random.key(0))
    return plan.buckets


def test_a_bucket_is_cut_into_shares_of_what_is_to_run():
    pending = np.ones(7, bool)
    shares = cut(buckets(), pending, 2)
    assert [share.rows.tolist() for share in shares] == [[0, 1], [3, 4], [6], [2, 5]]
    assert len({share.program for share in shares}) == 2
    assert [share.program for share in cut(buckets(), pending, 9)] == [shares[0].program, shares[3].program]
    pending[[0, 2]] = False
    left = cut(buckets(), pending, 2)
    assert [share.rows.tolist() for share in left] == [[1, 3], [4, 6], [5]]
    assert [share.size for share in left] == [2, 2, 2]  # by the bucket, not by what is left of it


def test_halves_are_all_of_it():
    halves = Share(np.arange(5), "a", 8, attempts=2).halves()
    assert [half.rows.tolist() for half in halves] == [[0, 1, 2], [3, 4]]
    assert [(half.size, half.attempts) for half in halves] == [(8, 2)] * 2


def test_a_worker_goes_on_with_its_program_and_steals_only_if_it_may():
    shares = [Share(np.array([row]), program, 1) for row, program in enumerate("aaabb")]
    queue = Queue(shares)
    assert queue.take(known={"b"}, taken={"a", "b"}).rows == 3
    assert queue.take(known={"c"}, taken={"a", "b"}, steals=False) is None
    assert queue.take(known={"c"}, taken={"a", "b"}).rows == 0  # of a there is most to do
    assert queue.take(known={"c"}, taken={"a"}).rows == 4  # nobody has b
    queue.put(shares[4])
    assert len(queue) == 3
    assert [queue.take((), ()).program for _ in range(3)] == ["a", "b", "a"]  # put back comes first
    assert queue.take((), ()) is None
