"""What a partner is told of each kind of fault, row by row, and what becomes of the row."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import a_site
from spec.intake.given import as_told, codes, crowd, kept, send, told

RULES = {
    "a required value that is blank": (
        "k12_person",
        """
        ssid       | last_name
        4711000001 | -
        4711000002 | Ortiz
        """,
        """
        row | code    | severity | column
        1   | FND-101 | error    | last_name
        """,
    ),
    "a day that is not in the calendar, a day to come, a day before the records began": (
        "k12_person",
        """
        ssid       | birth_date
        4711000001 | 2011-02-30
        4711000002 | 2031-01-01
        4711000003 | 1890-01-01
        4711000004 | 03/02/2011
        """,
        """
        row | code    | severity | column
        1   | FND-102 | error    | birth_date
        2   | FND-107 | error    | birth_date
        3   | FND-107 | error    | birth_date
        4   | FND-102 | error    | birth_date
        """,
    ),
    "a number of the wrong form is an error where it is required, else a warning": (
        "k12_person",
        """
        ssid       | address_zip
        47110      | 90012
        4711000002 | 9001
        """,
        """
        row | code    | severity | column
        1   | FND-103 | error    | ssid
        2   | FND-103 | warning  | address_zip
        """,
    ),
    "a code that is not in its list, alone or among several": (
        "k12_person",
        """
        ssid       | gender | race_codes
        4711000001 | Q      | 100
        4711000002 | F      | 100 xyz
        """,
        """
        row | code    | severity | column
        1   | FND-104 | warning  | gender
        2   | FND-104 | warning  | race_codes
        """,
    ),
    "a Social Security number that was never given out": (
        "ui_wage",
        """
        ssn       | quarterly_wages
        000123456 | 10
        666123456 | 10
        900123456 | 10
        123006789 | 10
        123450000 | 10
        123456789 | 10
        """,
        """
        row | code    | severity | column
        1   | FND-103 | error    | ssn
        2   | FND-103 | error    | ssn
        3   | FND-103 | error    | ssn
        4   | FND-103 | error    | ssn
        5   | FND-103 | error    | ssn
        """,
    ),
    "an amount out of range, and one that is no number": (
        "ui_wage",
        """
        ssn       | wage_quarter | quarterly_wages
        123456781 | 5            | 10
        123456782 | 1            | -4
        123456783 | 1            | 1,000
        """.replace("1,000", "1000 dollars"),
        """
        row | code    | severity | column
        1   | FND-106 | error    | wage_quarter
        2   | FND-106 | error    | quarterly_wages
        3   | FND-102 | error    | quarterly_wages
        """,
    ),
    "two columns of a row that contradict each other": (
        "k12_attendance",
        """
        ssid       | expected_days | days_attended
        4711000001 | 100           | 120
        4711000002 | 100           | 100
        """,
        """
        row | code    | severity | column
        1   | FND-108 | warning  | days_attended
        """,
    ),
    "a value that may stand only beside another": (
        "k12_completion",
        """
        ssid       | cte_completer | cte_sector
        4711000001 | false         | 11
        4711000002 | true          | 11
        """,
        """
        row | code    | severity | column
        1   | FND-109 | warning  | cte_sector
        """,
    ),
    "a key sent twice: the first row stands, wherever the second lies": (
        "k12_completion",
        """
        ssid       | cumulative_gpa
        4711000001 | 3.0
        4711000002 | 3.0
        4711000001 | 2.0
        4711000001 | 1.0
        """,
        """
        row | code    | severity | column
        3   | FND-110 | error    | ssid
        4   | FND-110 | error    | ssid
        """,
    ),
    "a key of two columns repeats only when both do": (
        "k12_completion",
        """
        ssid       | cds_code
        4711000001 | 19647330000001
        4711000001 | 19647330000002
        """,
        "row | code | severity | column",
    ),
    "a column that is unique in the file is told once": (
        "credential",
        """
        seid       | document_number
        1000000001 | D1
        1000000002 | D1
        """,
        """
        row | code    | severity | column
        2   | FND-110 | error    | document_number
        """,
    ),
}


@pytest.mark.parametrize("case", sorted(RULES))
def test_a_fault_is_told_on_its_row_and_column(case: str, tmp_path: Path) -> None:
    """A data steward finds each fault where it is, as grave as the contract says, and no other row is blamed."""
    file, sent, expected = RULES[case]
    assert sorted(told(send(a_site(tmp_path), file, sent))) == sorted(as_told(expected))


BECOMES = """
what              | file       | column      | value    | row set aside | value kept
required and bad  | k12_person | birth_date  | 1890-1-1 | yes           | -
optional and bad  | k12_person | address_zip | 9001     | no            | -
too long          | k12_person | name_suffix | THE ELEVENTH | no        | THE ELEVENTH
"""


def test_severity_decides_what_becomes_of_the_row(tmp_path: Path) -> None:
    """A bad required value takes its row along; a bad optional one is blanked alone; what is only too long stays as sent."""
    from spec.intake.given import rows_of

    for number, case in enumerate(rows_of(BECOMES)):
        site = a_site(tmp_path / str(number))
        batch = send(site, case["file"], crowd(case["file"], 30) + "\n", name="good.csv", period=2024)
        good = "ssid | " + case["column"] + "\n4711000001 | " + case["value"] + "\n"
        rows = good + "\n".join(f"{4711000100 + i} | {'2011-02-03' if case['column'] == 'birth_date' else '-'}" for i in range(30))
        batch = send(site, case["file"], rows)
        who, _ = kept(site, batch)
        assert batch.rows_set_aside == (case["row set aside"] == "yes"), case
        mine = who.filter(who["ssid"] == "4711000001")
        assert len(mine) == (case["row set aside"] == "no"), case
        if len(mine):
            assert (mine[case["column"]][0] or "") == case["value kept"], case


ACROSS_YEARS = {
    "the same again": (100, "F", "F", set()),
    "a quarter more or less is still a year": (80, "F", "F", set()),
    "half of the rows are gone": (50, "F", "F", {("FND-114", "")}),
    "a column has emptied": (100, "F", "-", {("FND-115", "gender")}),
    "a code has taken the place of another": (100, "F", "M", {("FND-116", "gender")}),
}


@pytest.mark.parametrize("case", sorted(ACROSS_YEARS))
def test_a_year_is_compared_with_the_one_before(case: str, tmp_path: Path) -> None:
    """A file can be right row by row and still be wrong: the sender is told what moved since last year's delivery."""
    rows, before, now, expected = ACROSS_YEARS[case]
    site = a_site(tmp_path)

    def year(n: int, gender: str, year: int) -> str:
        return "ssid | gender | local_student_id\n" + "\n".join(f"{4711000100 + i} | {gender} | {year}" for i in range(n))

    assert codes(send(site, "k12_person", year(100, before, 2024), period=2024)) == set()
    later = send(site, "k12_person", year(rows, now, 2025), period=2025)
    assert codes(later) == expected and later.verdict == "accepted"


def test_a_year_taken_back_is_no_yardstick(tmp_path: Path) -> None:
    """After a wrong file is withdrawn, the right one is not measured by it."""
    from builders import a_submission_permit
    from c2c import vault

    site = a_site(tmp_path)
    wrong = send(site, "k12_person", crowd("k12_person", 20), period=2024)
    vault.withdraw(site, wrong.submission.submission_id, reason="a test file", permit=a_submission_permit(site, period=2024))
    assert codes(send(site, "k12_person", crowd("k12_person", 100), period=2025)) == set()


def test_a_key_without_a_person_is_told_and_its_row_stays(tmp_path: Path) -> None:
    """Keys are compared with the people file of the same year: a typing error shows, but a companion that comes later may mend it."""
    site = a_site(tmp_path)
    people = """
        ssid       | last_name
        4711000001 | García
        4711000002 | Ortiz
        """
    completions = """
        ssid       | cumulative_gpa
        4711000001 | 3.0
        4711000009 | 3.0
        """
    before_people = send(site, "k12_completion", completions, period=2026)
    assert codes(before_people) == set()
    send(site, "k12_person", people)
    batch = send(site, "k12_completion", completions)
    assert told(batch) == [("2", "FND-112", "warning", "ssid")]
    assert batch.verdict == "accepted" and batch.records and batch.records.rows == 2


def test_rows_keep_their_number_past_broken_ones(tmp_path: Path) -> None:
    """The row a finding names is the row of the file as sent, also below a row that could not be read."""
    lines = ["ssid,district_code,first_name,last_name,birth_date"]
    lines += [f"{4711000100 + i},1964733,Ana,García,2011-02-03" for i in range(100)]
    lines[4] = "47110"  # row 4: cut off
    lines[6] = "4711000990,1964733,Sam,Ortiz,2011-02-03,more"  # row 6: a column too many
    lines[8] = lines[8].replace("2011-02-03", "2011-02-31")
    lines[3] = lines[3].replace("1964733", "19")
    batch = send(a_site(tmp_path), "k12_person", ("\n".join(lines) + "\n").encode())
    assert [(row, code) for row, code, _, _ in told(batch)] == [
        ("3", "FND-103"),
        ("4", "FND-111"),
        ("6", "FND-111"),
        ("8", "FND-102"),
    ]
    assert (batch.verdict, batch.submission.rows, batch.rows_set_aside) == ("accepted_in_part", 100, 4)
