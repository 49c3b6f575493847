"""What stewards say of a fair sample, as precision and recall with intervals."""

from __future__ import annotations

from c2c.identity._doubts import quality

STRATA = [
    {"linked": True, "from": 0.0, "to": 0.95, "pairs": 100},
    {"linked": True, "from": 0.95, "to": 1.0, "pairs": 9_900},
    {"linked": False, "from": 0.0, "to": 0.8, "pairs": 200},
]


def test_the_interval_holds_what_the_sample_says_and_narrows_with_more() -> None:
    """A reader must know how far to trust the figure: forty looks say less than four hundred."""
    few = quality(STRATA, [(0, True)] * 20 + [(0, False)] * 20 + [(1, True)] * 40 + [(2, False)] * 30 + [(2, True)] * 10)
    many = quality(STRATA, ([(0, True)] * 20 + [(0, False)] * 20 + [(1, True)] * 40 + [(2, False)] * 30 + [(2, True)] * 10) * 10)
    # Half of the hundred weak links and all strong ones right: 9,950 of 10,000; a quarter of the two hundred left out are missed.
    for said in (few, many):
        assert said["precision"]["low"] <= 0.995 <= said["precision"]["high"]
        assert said["recall"]["low"] <= 9_950 / 10_000 <= said["recall"]["high"]
    width = [said["precision"]["high"] - said["precision"]["low"] for said in (few, many)]
    assert width[1] < width[0] / 2


def test_an_unlabelled_stratum_gives_no_figure() -> None:
    """A number from half of a sample would look as good as one from the whole."""
    assert quality(STRATA, [(0, True), (1, True)]) == {"labelled": 2}
