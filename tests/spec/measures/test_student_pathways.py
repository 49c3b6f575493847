"""The measures of Student Pathways, one after the other: what partners sent, and what is counted. Definitions: the catalog's `measures.csv`."""

from __future__ import annotations

from c2c import catalog, disclosure
from spec.measures.given import answer, expected


def test_every_measure_of_the_dashboard_is_specified_here() -> None:
    """A measure without an example is a number nobody can check."""
    of_dashboard = {m for m, row in catalog.load().measures.items() if "student_pathways" in row["dashboards"].split(";")}
    assert len(of_dashboard) == 17
    assert of_dashboard == {
        name.removeprefix("test_") for name in globals() if name.removeprefix("test_") in catalog.load().measures
    }


def test_hs_graduates() -> None:
    """People with a diploma of a public high school, each once, in the earliest graduation year."""
    given = """
    k12_completion
    pseudonym | school_year | hs_graduation_year | completer_status    | cds_code
    ana       | 2016        | 2016               | diploma_standard    | 01600000130000
    ava       | 2016        | 2016               | diploma_exempt      | 01600000130000
    maria     | 2017        | 2017               | diploma_alternate   | 01600000130000
    maria     | 2016        | 2016               | still_enrolled      | 01600000130000
    sam       | 2018        | 2018               | diploma_standard    | 01600000130000
    sam       | 2017        | 2017               | diploma_standard    | 01600000130000
    carl      | 2016        |                    | equivalency         | 01600000130000
    dora      | 2016        |                    | certificate_sped    | 01600000130000
    """
    assert answer(
        "hs_graduates", given, "pseudonym", "academic_year", "school_district", "county", "legislative_district"
    ) == expected("""
    pseudonym | academic_year | school_district | county | legislative_district
    ana       | 2016          | 0160000         | 06001  | AD01
    ava       | 2016          | 0160000         | 06001  | AD01
    maria     | 2017          | 0160000         | 06001  | AD01
    sam       | 2017          | 0160000         | 06001  | AD01
    """)


def test_public_college_enrolled_1yr() -> None:
    """Of graduates, those whose enrollment at CCC, CSU or UC, other than as a high school student, starts within 12 months after 30 June."""
    given = """
    k12_completion
    pseudonym | school_year | completer_status
    ana       | 2016        | diploma_standard
    ava       | 2016        | diploma_standard
    maria     | 2016        | diploma_standard
    sam       | 2016        | diploma_standard
    carl      | 2026        | diploma_standard
    ccc_enrollment
    pseudonym | college_code | academic_year | term   | entry_type      | attendance_load
    ana       | 11           | 2017          | spring | first_time      | less_than_half
    ava       | 11           | 2016          | spring | dual_enrollment | half
    ava       | 11           | 2017          | fall   | dual_enrollment | half
    uc_enrollment
    pseudonym | campus_code | academic_year | term   | entry_type | attendance_load
    maria     | 01          | 2018          | fall   | first_time | full
    sam       | 01          | 2017          | summer | first_time | full
    """
    assert answer("hs_graduates", given, "pseudonym", "enrolled_public_1yr") == expected("""
    pseudonym | enrolled_public_1yr
    ana       | yes
    ava       | no
    maria     | no
    sam       | yes
    carl      |
    """)


def test_any_college_enrolled_1yr() -> None:
    """Counts private and out-of-state colleges too: until that feed joins it is shown as not available, never as the public share."""
    tables = [t for t in disclosure.load_product("student_pathways").tables if t.get("measure") == "any_college_enrolled_1yr"]
    assert [t["waits_for"] for t in tables] == ["nsc.private_enrollment"]


def test_not_seen_public_college_8yr() -> None:
    """Of graduates with eight years behind them, those with no public college enrollment in the eight years after 30 June."""
    given = """
    k12_completion
    pseudonym | school_year | completer_status
    ana       | 2016        | diploma_standard
    ava       | 2016        | diploma_standard
    maria     | 2016        | diploma_standard
    sam       | 2019        | diploma_standard
    csu_enrollment
    pseudonym | campus_code | academic_year | term   | entry_type | attendance_load
    ana       | 05          | 2024          | spring | first_time | full
    ava       | 05          | 2025          | summer | first_time | full
    """
    assert answer("hs_graduates", given, "pseudonym", "not_seen_8yr", "first_node") == expected("""
    pseudonym | not_seen_8yr | first_node
    ana       | no           | csu
    ava       | yes          | no_public_college
    maria     | yes          | no_public_college
    sam       |              |
    """)


def test_first_college_system() -> None:
    """The system of the earliest enrollment after graduation; of two in the same term, the four-year college, whatever the calendar."""
    given = """
    k12_completion
    pseudonym | school_year | completer_status
    ana       | 2016        | diploma_standard
    ava       | 2016        | diploma_standard
    maria     | 2016        | diploma_standard
    sam       | 2016        | diploma_standard
    ccc_enrollment
    pseudonym | college_code | academic_year | term   | entry_type      | attendance_load
    ana       | 11           | 2017          | fall   | first_time      | half
    ava       | 11           | 2017          | summer | first_time      | half
    maria     | 11           | 2016          | fall   | dual_enrollment | half
    maria     | 11           | 2019          | fall   | first_time      | full
    uc_enrollment
    pseudonym | campus_code | academic_year | term | entry_type | attendance_load
    ana       | 01          | 2017          | fall | first_time | full
    ava       | 01          | 2017          | fall | first_time | full
    """
    assert answer("hs_graduates", given, "pseudonym", "first_system") == expected("""
    pseudonym | first_system
    ana       | uc
    ava       | ccc
    maria     | ccc
    sam       |
    """)


GRADUATES_WITH_AWARDS = """
k12_completion
pseudonym | school_year | completer_status
ana       | 2016        | diploma_standard
ava       | 2016        | diploma_standard
maria     | 2016        | diploma_standard
sam       | 2016        | diploma_standard
carl      | 2016        | diploma_standard
dora      | 2016        | diploma_standard
ccc_enrollment
pseudonym | college_code | academic_year | term | entry_type | attendance_load
ana       | 11           | 2017          | fall | first_time | full
maria     | 11           | 2017          | fall | first_time | full
csu_enrollment
pseudonym | campus_code | academic_year | term | entry_type   | attendance_load
ana       | 05          | 2019          | fall | transfer_ccc | full
ava       | 05          | 2017          | fall | first_time   | full
sam       | 05          | 2017          | fall | first_time   | full
ccc_award
pseudonym | college_code | award_date | award_type         | cip_code
ana       | 11           | 2018-06-30 | associate_transfer | 52.0201
maria     | 11           | 2018-05-30 | certificate_short  | 52.0201
maria     | 11           | 2019-05-30 | certificate_long   | 52.0201
dora      | 11           | 2016-05-30 | associate          | 52.0201
csu_award
pseudonym | campus_code | award_date | award_type | cip_code
ana       | 05          | 2021-05-28 | bachelor   | 52.0201
ava       | 05          | 2020-05-28 | bachelor   | 52.0201
ava       | 05          | 2024-06-30 | masters    | 52.0201
sam       | 05          | 2024-07-01 | bachelor   | 52.0201
"""


def test_highest_award_8yr() -> None:
    """The highest award in the eight years after 30 June of the graduation year; none is a category of its own, and the categories add to 100."""
    assert answer("hs_graduates", GRADUATES_WITH_AWARDS, "pseudonym", "award_category") == expected("""
    pseudonym | award_category
    ana       | bachelor_transferred
    ava       | graduate
    maria     | cc_certificate
    sam       | none
    carl      | none
    dora      | none
    """)


def test_years_to_award() -> None:
    """Years from 30 June to the first award of each category shown, to one decimal: an associate degree on the way counts beside the bachelor's."""
    assert answer(
        "graduate_awards", GRADUATES_WITH_AWARDS, "pseudonym", "academic_year", "award_category", "years_to_award"
    ) == expected("""
    pseudonym | academic_year | award_category       | years_to_award
    ana       | 2016          | associate            | 2.0
    ana       | 2016          | bachelor_transferred | 4.9
    ava       | 2016          | bachelor_direct      | 3.9
    ava       | 2016          | graduate             | 8.0
    maria     | 2016          | cc_certificate       | 1.9
    """)


def test_left_without_award() -> None:
    """Of graduates who enrolled, those with no award and no enrollment in the last two academic years of the eight."""
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
    ana       | 11           | 2018          | fall | first_time | full
    ava       | 11           | 2018          | fall | first_time | full
    ava       | 11           | 2023          | fall | returning  | full
    maria     | 11           | 2018          | fall | first_time | full
    carl      | 11           | 2018          | fall | first_time | full
    uc_enrollment
    pseudonym | campus_code | academic_year | term | entry_type   | attendance_load
    carl      | 01          | 2020          | fall | transfer_ccc | full
    ccc_award
    pseudonym | college_code | award_date | award_type | cip_code
    maria     | 11           | 2020-05-30 | associate  | 24.0101
    """
    assert answer("hs_graduates", given, "pseudonym", "left_without_award", "last_node") == expected("""
    pseudonym | left_without_award | last_node
    ana       | yes                | left_no_award
    ava       | no                 | still_enrolled
    maria     | no                 | award
    sam       |                    |
    carl      | yes                | transferred
    """)


def test_transfer_rate_6yr() -> None:
    """Of first-time students with a transfer goal or 12 units in three years, those at CSU or UC within six years of their first term."""
    given = """
    ccc_enrollment
    pseudonym | college_code | academic_year | term   | entry_type      | attendance_load | education_goal | units_earned
    ana       | 11           | 2018          | fall   | first_time      | full            | transfer       | 3
    ava       | 11           | 2018          | fall   | first_time      | full            | job_skills     | 6
    ava       | 11           | 2020          | spring | continuing      | full            | job_skills     | 6
    maria     | 11           | 2018          | fall   | first_time      | full            | undecided      | 6
    maria     | 11           | 2021          | spring | returning       | full            | undecided      | 6
    sam       | 11           | 2018          | fall   | first_time      | full            | transfer       | 0
    carl      | 11           | 2018          | fall   | returning       | full            | transfer       | 12
    dora      | 11           | 2021          | fall   | first_time      | full            | transfer       | 12
    csu_enrollment
    pseudonym | campus_code | academic_year | term | entry_type   | attendance_load
    ana       | 05          | 2024          | fall | transfer_ccc | full
    sam       | 05          | 2025          | fall | transfer_ccc | full
    ava       | 05          | 2017          | fall | first_time   | full
    """
    assert answer("college_entrants", given, "pseudonym", "academic_year", "campus", "transferred_6yr") == expected("""
    pseudonym | academic_year | campus | transferred_6yr
    ana       | 2018          | ccc-11 | yes
    ava       | 2018          | ccc-11 | no
    sam       | 2018          | ccc-11 | no
    dora      | 2021          | ccc-11 |
    """)


def test_transfer_bachelors_3yr() -> None:
    """Of students who moved from a community college to CSU or UC, those with a bachelor's within three years of the first four-year term."""
    given = """
    ccc_enrollment
    pseudonym | college_code | academic_year | term   | entry_type | attendance_load
    ana       | 11           | 2018          | fall   | first_time | full
    ava       | 11           | 2018          | fall   | first_time | full
    maria     | 11           | 2020          | fall   | first_time | full
    sam       | 11           | 2022          | fall   | first_time | full
    carl      | 11           | 2014          | fall   | first_time | full
    uc_enrollment
    pseudonym | campus_code | academic_year | term | entry_type   | attendance_load
    ana       | 01          | 2020          | fall | transfer_ccc | full
    ava       | 01          | 2020          | fall | transfer_ccc | full
    maria     | 01          | 2020          | fall | first_time   | full
    sam       | 01          | 2024          | fall | transfer_ccc | full
    carl      | 01          | 2019          | fall | graduate_new | full
    uc_award
    pseudonym | campus_code | award_date | award_type | cip_code
    ana       | 01          | 2022-09-20 | bachelor   | 26.0101
    ava       | 01          | 2022-09-21 | bachelor   | 26.0101
    """
    assert answer("transfers", given, "pseudonym", "academic_year", "segment", "bachelor_3yr") == expected("""
    pseudonym | academic_year | segment | bachelor_3yr
    ana       | 2020          | uc      | yes
    ava       | 2020          | uc      | no
    """)


def test_employed_while_enrolled() -> None:
    """Of terms of at least half time of students whose wages could be seen, those with wages in any quarter that overlaps the term."""
    given = """
    ccc_enrollment
    pseudonym | college_code | academic_year | term   | entry_type      | attendance_load
    ana       | 11           | 2024          | fall   | first_time      | half
    ana       | 11           | 2024          | spring | continuing      | less_than_half
    ava       | 11           | 2024          | fall   | first_time      | full
    maria     | 11           | 2024          | fall   | first_time      | full
    sam       | 11           | 2024          | fall   | first_time      | half
    dora      | 11           | 2024          | fall   | dual_enrollment | full
    csu_enrollment
    pseudonym | campus_code | academic_year | term | entry_type | attendance_load
    sam       | 05          | 2024          | fall | first_time | full
    ccc_person
    pseudonym | period | has_ssn
    ava       | 2024   | true
    maria     | 2024   | false
    ui_wage
    pseudonym | wage_year | wage_quarter | employer_account | quarterly_wages
    ana       | 2023      | 4            | e1               | 900
    sam       | 2024      | 1            | e1               | 900
    dora      | 2023      | 4            | e1               | 900
    ava       | 2023      | 4            | e1               | 0
    """
    assert answer("student_terms", given, "pseudonym", "academic_year", "campus", "employed") == expected("""
    pseudonym | academic_year | campus | employed
    ana       | 2024          | ccc-11 | yes
    ava       | 2024          | ccc-11 | no
    sam       | 2024          | csu-05 | no
    """)


def test_earnings_while_enrolled() -> None:
    """Wages of the four quarters from July, of those enrolled at least half time who had wages in all four, in dollars of the latest year."""
    given = """
    ccc_enrollment
    pseudonym | college_code | academic_year | term   | entry_type | attendance_load
    ana       | 11           | 2025          | fall   | first_time | half
    ana       | 11           | 2025          | spring | continuing | half
    ava       | 11           | 2025          | fall   | first_time | full
    sam       | 11           | 2025          | fall   | first_time | less_than_half
    ui_wage
    pseudonym | wage_year | wage_quarter | employer_account | quarterly_wages
    ana       | 2024      | 3            | e1               | 1000
    ana       | 2024      | 4            | e1               | 1000
    ana       | 2025      | 1            | e1               | 1000
    ana       | 2025      | 2            | e1               | 600
    ana       | 2025      | 2            | e2               | 500
    ana       | 2025      | 3            | e1               | 9000
    ava       | 2024      | 3            | e1               | 1000
    ava       | 2024      | 4            | e1               | 1000
    ava       | 2025      | 2            | e1               | 1000
    sam       | 2024      | 3            | e1               | 1000
    sam       | 2024      | 4            | e1               | 1000
    sam       | 2025      | 1            | e1               | 1000
    sam       | 2025      | 2            | e1               | 1000
    """
    assert answer("student_years", given, "pseudonym", "academic_year", "earnings", "main_employer") == expected("""
    pseudonym | academic_year | earnings | main_employer
    ana       | 2025          | 4100.0   | e1
    """)


AWARDS = """
ccc_award
pseudonym | college_code | award_date | award_type        | cip_code
ana       | 11           | 2022-05-20 | associate         | 52.0201
ana       | 11           | 2021-12-18 | certificate_short | 52.0201
ava       | 11           | 2021-12-18 | associate         | 52.0201
maria     | 11           | 2022-05-20 | associate         | 52.0201
sam       | 11           | 2022-05-20 | associate         | 52.0201
carl      | 11           | 2022-05-20 | associate         | 52.0201
ccc_enrollment
pseudonym | college_code | academic_year | term   | entry_type | attendance_load
ana       | 11           | 2022          | spring | continuing | full
ava       | 11           | 2022          | fall   | continuing | full
ava       | 11           | 2022          | spring | continuing | half
sam       | 11           | 2025          | fall   | returning  | less_than_half
ui_wage
pseudonym | wage_year | wage_quarter | employer_account | quarterly_wages
ana       | 2022      | 2            | e1               | 7000
ana       | 2022      | 3            | e1               | 1000
ana       | 2022      | 4            | e1               | 1000
ana       | 2023      | 2            | e2               | 3000
ava       | 2022      | 1            | e1               | 1000
ava       | 2022      | 2            | e1               | 1000
ava       | 2022      | 3            | e1               | 1000
ava       | 2024      | 1            | e1               | 2000
ava       | 2024      | 2            | e1               | 2000
ava       | 2024      | 3            | e1               | 2000
maria     | 2022      | 3            | e1               | 1000
maria     | 2022      | 4            | e1               | 1000
sam       | 2024      | 3            | e1               | 2000
sam       | 2024      | 4            | e1               | 2000
sam       | 2025      | 1            | e1               | 2000
"""


def test_earnings_1yr_after_award() -> None:
    """Wages of quarters 1 to 4 after the award's, of those with wages in three of them who were not enrolled in that year. Prices are of 2024."""
    answered = answer("awards", AWARDS, "pseudonym", "academic_year", "award_category", "earnings_1yr", "employer_earnings_1yr")
    # 2022: 313.689 / 292.655 of the dollars of 2024; 2023: 313.689 / 304.702.
    ana = 1_000 * (313.689 / 292.655) * 2 + 3_000 * (313.689 / 304.702)
    assert answered == expected(f"""
    pseudonym | academic_year | award_category | earnings_1yr | employer_earnings_1yr
    ana       | 2022          | associate      | {ana}        | e2
    ava       | 2022          | associate      |              |
    maria     | 2022          | associate      |              |
    sam       | 2022          | associate      |              |
    carl      | 2022          | associate      |              |
    """)


def test_earnings_3yr_after_award() -> None:
    """The same for quarters 9 to 12: who studies at any load in the third year is not counted in it."""
    assert answer("awards", AWARDS, "pseudonym", "earnings_3yr") == expected("""
    pseudonym | earnings_3yr
    ana       |
    ava       | 6000.0
    maria     |
    sam       |
    carl      |
    """)


def test_employed_in_california_1yr() -> None:
    """Of award earners whom wages were ever found for, those with wages in the fourth quarter after the award's."""
    assert answer("awards", AWARDS, "pseudonym", "employed") == expected("""
    pseudonym | employed
    ana       | yes
    ava       | no
    maria     | no
    sam       | no
    carl      |
    """)


def test_earnings_no_college() -> None:
    """Wages of the calendar year eight years on, of graduates never seen in college, with three quarters of wages and a number in a service record."""
    given = """
    k12_completion
    pseudonym | school_year | completer_status
    ana       | 2016        | diploma_standard
    ava       | 2016        | diploma_standard
    maria     | 2016        | diploma_standard
    sam       | 2016        | diploma_standard
    carl      | 2018        | diploma_standard
    aid_application
    pseudonym | has_ssn
    ana       | true
    sam       | true
    maria     | true
    carl      | true
    cdss_person
    pseudonym | has_ssn
    ava       | false
    ccc_enrollment
    pseudonym | college_code | academic_year | term | entry_type | attendance_load
    sam       | 11           | 2025          | fall | first_time | half
    ui_wage
    pseudonym | wage_year | wage_quarter | employer_account | quarterly_wages
    ana       | 2024      | 1            | e1               | 8000
    ana       | 2024      | 2            | e1               | 8000
    ana       | 2024      | 4            | e2               | 9000
    ava       | 2024      | 1            | e1               | 8000
    ava       | 2024      | 2            | e1               | 8000
    ava       | 2024      | 3            | e1               | 8000
    maria     | 2024      | 1            | e1               | 8000
    maria     | 2024      | 2            | e1               | 8000
    sam       | 2024      | 1            | e1               | 8000
    sam       | 2024      | 2            | e1               | 8000
    sam       | 2024      | 3            | e1               | 8000
    carl      | 2026      | 1            | e1               | 8000
    carl      | 2026      | 2            | e1               | 8000
    """
    assert answer("hs_graduates", given, "pseudonym", "earnings_no_college", "main_employer") == expected("""
    pseudonym | earnings_no_college | main_employer
    ana       | 25000.0             | e1
    ava       |                     |
    maria     |                     |
    sam       |                     |
    carl      |                     |
    """)


def test_earnings_left_without_award() -> None:
    """Wages of quarters 5 to 8 after the last term, of those with no award and no enrollment in the two years after it."""
    given = """
    ccc_enrollment
    pseudonym | college_code | academic_year | term   | entry_type | attendance_load
    ana       | 11           | 2023          | spring | first_time | full
    ava       | 11           | 2023          | spring | first_time | full
    maria     | 11           | 2023          | spring | first_time | full
    maria     | 11           | 2025          | fall   | returning  | full
    sam       | 11           | 2023          | spring | first_time | full
    ccc_award
    pseudonym | college_code | award_date | award_type        | cip_code
    ava       | 11           | 2023-05-20 | certificate_short | 52.0201
    ui_wage
    pseudonym | wage_year | wage_quarter | employer_account | quarterly_wages
    ana       | 2024      | 2            | e1               | 7000
    ana       | 2024      | 3            | e1               | 5000
    ana       | 2024      | 4            | e1               | 5000
    ana       | 2025      | 2            | e1               | 5000
    ava       | 2024      | 3            | e1               | 5000
    ava       | 2024      | 4            | e1               | 5000
    ava       | 2025      | 1            | e1               | 5000
    sam       | 2024      | 3            | e1               | 5000
    """
    assert answer("leavers", given, "pseudonym", "academic_year", "earnings") == expected("""
    pseudonym | academic_year | earnings
    ana       | 2023          | 15000.0
    """)
