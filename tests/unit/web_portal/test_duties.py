"""Who may do what: the matrix, read by one function, against the approved table of duties and acts."""

from __future__ import annotations

from c2c.web.portal._duties import ANYONE, IDENTITY, duties_that_open, may, permissions, room_duty

STATES = ("open", "answered", "to_adjudicate", "decided", "reopened")
APPROVED = """
page        act     state          | nothing  identity_steward  identity_adjudicator
home        see     any            | yes      yes               yes
queue       see     any            | no       yes               no
review      see     open           | no       yes               no
review      see     decided        | no       no                no
review      answer  open           | no       yes               no
review      answer  answered       | no       yes               no
review      answer  reopened       | no       yes               no
review      answer  to_adjudicate  | no       no                no
review      answer  decided        | no       no                no
adjudicate  see     any            | no       no                yes
settle      see     to_adjudicate  | no       no                yes
settle      answer  to_adjudicate  | no       no                yes
settle      answer  open           | no       no                no
settle      answer  answered       | no       no                no
settle      answer  decided        | no       no                no
why         see     any            | no       yes               yes
held        see     any            | no       yes               yes
decided     see     any            | no       yes               yes
undo        see     any            | no       yes               yes
undo        undo    open           | no       no                no
undo        undo    answered       | no       yes               no
undo        undo    to_adjudicate  | no       yes               no
undo        undo    decided        | no       yes               yes
report      see     any            | no       yes               yes
report      accept  any            | no       no                yes
report      change  any            | no       no                no
nowhere     see     any            | no       no                no
"""


def test_each_duty_opens_what_was_approved_for_it_and_nothing_else() -> None:
    """A permission that slips into the matrix, or out of it, shows here, duty by duty, act by act, state by state."""
    head, *lines = [line.split() for line in APPROVED.strip().splitlines()]
    duties = head[4:]
    for page, act, state, _, *answers in lines:
        for duty, answer in zip(duties, answers, strict=True):
            assert may([duty] if duty in IDENTITY else [], page, act, state) == (answer == "yes"), (page, act, state, duty)


def test_the_approved_table_speaks_of_every_line_of_the_matrix() -> None:
    """No permission stands in the matrix that nobody approved."""
    spoken = {tuple(line.split()[:3]) for line in APPROVED.strip().splitlines()[1:]}
    for permission in permissions():
        assert permission.duty in {ANYONE, *IDENTITY}
        assert set(permission.states) <= {"any", *STATES}
        for state in permission.states:
            others = {(permission.page, permission.act, s) for s in STATES}
            assert (permission.page, permission.act, state) in spoken or others & spoken, permission


def test_whoever_has_both_duties_acts_on_each_page_under_the_one_that_opens_it() -> None:
    """A steward who also settles looks at the queue as a steward and at disagreements as an adjudicator."""
    both = tuple(IDENTITY)
    assert room_duty(both, "review", "answer") == "steward" and room_duty(both, "settle", "answer") == "adjudicator"
    assert duties_that_open("settle", "answer") == ("identity_adjudicator",)
