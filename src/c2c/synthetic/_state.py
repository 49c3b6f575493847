"""A whole pretend state: people drawn, years lived one after the other, and every file sent as its partner would send it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from c2c.synthetic._colleges import send_aid, send_colleges, send_private
from c2c.synthetic._desk import Desk
from c2c.synthetic._lives import Lives
from c2c.synthetic._map import draw_map, write_institutions
from c2c.synthetic._outbox import Outbox
from c2c.synthetic._people import CHILDREN_SHARE, JUNIORS, TWINS, draw_people, write_people
from c2c.synthetic._schools import send_early_learning, send_schools
from c2c.synthetic._services import send_services
from c2c.synthetic._work import send_credentials, send_training, send_wages

YEARS = range(2014, 2027)
"""Closing school years made: so many that five classes have the eight years that Student Pathways follows."""

BIRTH_YEARS = 26
GRADUATE_SHARE = 0.79
"""Of the children of one year, how many graduate from a public high school (measured: the others go to private schools or leave)."""

OFFICES = (
    send_early_learning,
    send_schools,
    send_colleges,
    send_aid,
    send_private,
    send_wages,
    send_training,
    send_credentials,
    send_services,
)


def make_state(
    folder: Path,
    *,
    people: int,
    seed: int,
    truth: Path,
    institutions: Path,
    twins: float = TWINS,
    juniors: float = JUNIORS,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, int]:
    """Make every file of every year of a pretend state of so many people; returns rows by file.

    Files lie as `folder/partner/file/<closing year>.csv`; the truth (source row to person) and the places lie where the caller says, and what is
    true of people (twins, fathers and sons of one name, groups) beside the truth, with `.people` before its ending. `twins` and `juniors`: larger
    shares than a state has, where a match is to be tried on them. The same seed makes the same bytes.
    """
    drawn = draw_map(graduates_per_class(people), people)
    write_institutions(drawn, institutions)
    lives_of = draw_people(people, seed, drawn, twins=twins, juniors=juniors)
    write_people(lives_of, truth.with_suffix(".people.parquet"))
    lives = Lives(lives_of, drawn, seed)
    outbox = Outbox(folder, truth)
    desk = Desk(lives_of, lives, outbox, seed)
    for closing_year in YEARS:
        year = lives.live(closing_year)
        for send in OFFICES:
            send(desk, year)
        progress(1)
    outbox.close()
    return outbox.rows


def graduates_per_class(people: int) -> int:
    """How many graduates a class of a state of so many people has, about."""
    return int(people * CHILDREN_SHARE / BIRTH_YEARS * GRADUATE_SHARE)
