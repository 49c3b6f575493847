"""Elements that no partner sends: worked out from what they send, once, and used by every measure."""

from __future__ import annotations

import pytest

from c2c import catalog
from c2c.linkage._derive import read_list
from spec.measures.given import answer, expected, facts_of

CATALOG = catalog.load()


def test_race_ethnicity() -> None:
    """Hispanic of any race first; codes of one group are that group, of several two or more; none is not reported."""
    given = """
    k12_completion
    pseudonym | school_year | completer_status
    ana       | 2016        | diploma_standard
    ava       | 2016        | diploma_standard
    maria     | 2016        | diploma_standard
    sam       | 2016        | diploma_standard
    carl      | 2016        | diploma_standard
    dora      | 2016        | diploma_standard
    emil      | 2016        | diploma_standard
    flor      | 2016        | diploma_standard
    k12_person
    pseudonym | period | hispanic_latino | race_codes | gender
    ana       | 2016   | true            | 700        | F
    ava       | 2016   | false           | 201 204    | F
    maria     | 2016   | false           | 600 700    | X
    sam       | 2016   | false           | 999        | M
    carl      | 2016   |                 |            |
    dora      | 2016   | false           | 400        | F
    emil      | 2016   | false           | 303        | M
    flor      | 2015   | true            | 100        | F
    """
    assert answer("hs_graduates", given, "pseudonym", "race_ethnicity", "gender") == expected("""
    pseudonym | race_ethnicity   | gender
    ana       | hispanic         | F
    ava       | asian            | F
    maria     | two_or_more      | X
    sam       | not_reported     | M
    carl      | not_reported     | U
    dora      | filipino         | F
    emil      | pacific_islander | M
    flor      | not_reported     | U
    """)


def test_groups_are_those_of_the_graduation_year() -> None:
    """Who was in foster care in grade 9 and not in grade 12 is not counted as a foster graduate."""
    given = """
    k12_completion
    pseudonym | school_year | completer_status
    ana       | 2016        | diploma_standard
    sam       | 2016        | diploma_standard
    k12_status
    pseudonym | school_year | foster_youth | homeless | ses_disadvantaged
    ana       | 2013        | true         | true     | true
    ana       | 2016        | false        | false    | true
    sam       | 2016        | true         | false    | false
    """
    assert answer("hs_graduates", given, "pseudonym", "foster", "homeless", "ses_disadvantaged") == expected("""
    pseudonym | foster | homeless | ses_disadvantaged
    ana       | no     | no       | yes
    sam       | yes    | no       | no
    """)


def test_age_bracket_comes_with_the_latest_college_record() -> None:
    """No birth date reaches linkage: intake sends the bracket, and a student's latest one stands."""
    given = """
    ccc_enrollment
    pseudonym | college_code | academic_year | term | entry_type | attendance_load | education_goal
    ana       | 11           | 2018          | fall | first_time | full            | transfer
    ccc_person
    pseudonym | period | age_bracket | gender
    ana       | 2018   | under_18    | F
    ana       | 2020   | 20_24       | F
    """
    assert answer("college_entrants", given, "pseudonym", "age_bracket", "gender") == expected("""
    pseudonym | age_bracket | gender
    ana       | 20_24       | F
    """)


@pytest.mark.parametrize("award_type", CATALOG.code_sets["award_type"])
def test_award_category(award_type: str) -> None:
    """Every award that can be sent falls in a category of the catalog; a bachelor's counts apart for those who transferred."""
    given = f"""
    ccc_enrollment
    pseudonym | college_code | academic_year | term | entry_type | attendance_load
    ana       | 11           | 2016          | fall | first_time | full
    csu_enrollment
    pseudonym | campus_code | academic_year | term | entry_type   | attendance_load
    ana       | 05          | 2018          | fall | transfer_ccc | full
    csu_award
    pseudonym | campus_code | award_date | award_type   | cip_code
    ana       | 05          | 2020-05-20 | {award_type} | 52.0201
    ava       | 05          | 2020-05-20 | {award_type} | 52.0201
    """
    found = {row["pseudonym"]: row["award_category"] for row in facts_of("awards", given)}
    listed = {row["award_type"]: row["category"] for row in read_list("award_categories")}[award_type]
    expected_ones = ("bachelor_transferred", "bachelor_direct") if listed == "bachelor" else (listed, listed)
    assert (found["ana"], found["ava"]) == expected_ones
    assert set(expected_ones) <= set(CATALOG.code_sets["award_category"])


def test_pathway_node() -> None:
    """A graduate starts at one node and stands at one node eight years on; every node used is the catalog's."""
    given = """
    k12_completion
    pseudonym | school_year | completer_status
    ana       | 2016        | diploma_standard
    ava       | 2016        | diploma_standard
    maria     | 2016        | diploma_standard
    sam       | 2016        | diploma_standard
    carl      | 2016        | diploma_standard
    ccc_enrollment
    pseudonym | college_code | academic_year | term | entry_type | attendance_load
    ana       | 11           | 2017          | fall | first_time | full
    ava       | 11           | 2017          | fall | first_time | full
    maria     | 11           | 2017          | fall | first_time | full
    carl      | 11           | 2017          | fall | first_time | full
    carl      | 11           | 2024          | fall | returning  | half
    csu_enrollment
    pseudonym | campus_code | academic_year | term | entry_type   | attendance_load
    ana       | 05          | 2019          | fall | transfer_ccc | full
    ava       | 05          | 2019          | fall | transfer_ccc | full
    csu_award
    pseudonym | campus_code | award_date | award_type | cip_code
    ana       | 05          | 2021-05-20 | bachelor   | 52.0201
    """
    assert answer("hs_graduates", given, "pseudonym", "first_node", "last_node") == expected("""
    pseudonym | first_node        | last_node
    ana       | ccc               | award
    ava       | ccc               | transferred
    maria     | ccc               | left_no_award
    sam       | no_public_college |
    carl      | ccc               | still_enrolled
    """)
    nodes = {row[n] for row in facts_of("hs_graduates", given) for n in ("first_node", "last_node")} - {None}
    assert nodes <= set(CATALOG.code_sets["pathway_node"])
