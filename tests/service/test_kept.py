"""Bytes are kept up to a bound; those that were not asked for longest are forgotten first."""

from service.kept import Kept


def test_what_was_not_asked_for_longest_goes_first() -> None:
    kept: Kept[str] = Kept(10)
    for name in "abc":
        kept.keep(name, name.encode() * 3)
    assert kept.find("a") == b"aaa"
    kept.keep("d", b"ddd")
    assert [kept.find(name) for name in "abcd"] == [b"aaa", None, b"ccc", b"ddd"]


def test_as_many_go_as_the_new_one_needs() -> None:
    kept: Kept[str] = Kept(10)
    for name in "abc":
        kept.keep(name, name.encode() * 3)
    kept.keep("d", b"d" * 7)
    assert [kept.find(name) for name in "abcd"] == [None, None, b"ccc", b"d" * 7]


def test_what_is_larger_than_all_may_be_pushes_nothing_out() -> None:
    kept: Kept[str] = Kept(10)
    kept.keep("a", b"aaa")
    kept.keep("b", b"b" * 11)
    assert (kept.find("a"), kept.find("b")) == (b"aaa", None)


def test_what_is_kept_twice_counts_once() -> None:
    kept: Kept[str] = Kept(6)
    for _ in range(5):
        kept.keep("a", b"aaa")
    kept.keep("b", b"bbb")
    assert (kept.find("a"), kept.find("b")) == (b"aaa", b"bbb")
