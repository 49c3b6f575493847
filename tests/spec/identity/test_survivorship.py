"""Of several values of one person, which is shown, and why: the rank of its source, then the most recent, then the most frequent, then an order."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from c2c import catalog
from c2c.identity._golden import ranks_on, survive
from c2c.identity._rules import rows_of as rules_of
from spec.identity.tables import rows_of

TODAY = date(2026, 11, 28)

SURVIVES = """
case                                            | field          | sent: by year times value, each                                                                          | shown      | why
one value                                       | last_name      | cde.k12_person 2018 1 Vega                                                                              | Vega       | only
the same from two                               | last_name      | cde.k12_person 2018 1 Vega; ccc.ccc_person 2020 1 Vega                                                  | Vega       | only
Maria married                                   | last_name      | cde.k12_person 2018 9 Vega; ccc.ccc_person 2022 1 Solano                                                | Solano     | recent
a payroll is later, and ranks below             | last_name      | ccc.ccc_person 2022 1 Solano; edd.ui_wage 2025 4 Solanno                                                | Solano     | rank
a school says how it verified a birth           | birth_date     | cde.k12_person 2012 1 2001-05-04; ccc.ccc_person 2022 3 2001-04-05                                      | 2001-05-04 | rank
without a school the last birth counts          | birth_date     | uc.uc_person 2021 1 2001-05-04; ccc.ccc_person 2022 3 2001-04-05                                        | 2001-04-05 | recent
a number that was verified                      | ssn            | dhcs.medi_cal_enrollment 2012 1 520341111; ccc.ccc_person 2024 5 520341112                              | 520341111  | rank
a number of an issuer's own                     | ssid           | cde.k12_person 2012 1 1000000007; csu.csu_person 2024 5 1000000070                                      | 1000000007 | rank
any file of the issuer ranks alike              | ssid           | cde.k12_person 2012 1 1000000007; cde.elc_child 2013 1 1000000070                                       | 1000000070 | recent
as recent, sent more often                      | street_address | cde.k12_person 2020 3 12 Fig St; cdss.cdss_person 2020 1 9 Elm Ct                                       | 12 Fig St  | frequent
how often is over all years of a rank           | first_name     | ccc.ccc_person 2019 3 Ana; csu.csu_person 2022 1 Ana; uc.uc_person 2022 2 Eva                           | Ana        | frequent
how often does not count lower ranks            | first_name     | uc.uc_person 2022 1 Ana; csu.csu_person 2022 2 Eva; edd.ui_wage 2022 9 Ana                              | Eva        | frequent
a tie                                           | first_name     | uc.uc_person 2022 1 Eva; csu.csu_person 2022 1 Ana                                                      | Ana        | order
written in two ways                             | last_name      | cde.k12_person 2018 1 García; ccc.ccc_person 2020 1 GARCIA                                              | GARCIA     | only
two ways of writing count together              | last_name      | uc.uc_person 2020 1 García; ccc.ccc_person 2020 1 GARCIA; csu.csu_person 2020 1 Lopez                   | GARCIA     | frequent
a stand-in is no value                          | first_name     | cde.k12_person 2018 1 Ana; ccc.ccc_person 2022 5 Unknown                                                | Ana        | only
a number nobody has                             | ssn            | dhcs.medi_cal_enrollment 2022 5 999999999; edd.ui_wage 2012 1 520341111                                 | 520341111  | only
nothing but stand-ins                           | first_name     | cde.k12_person 2018 1 Unknown                                                                           | -          | -
no value                                        | first_name     | cde.k12_person 2018 1 -                                                                                 | -          | -
"""


def person(field: str, sent: str) -> pl.DataFrame:
    """What is held of one person, from `by year times value; …`."""
    rows = []
    for n, one in enumerate(sent.split("; ")):
        by, year, times, value = one.split(" ", 3)
        rows.append(
            {"person_id": "p", "record_key": f"r{n}", "seen_in": by, "first_year": 2010, "last_year": int(year), "n_records": int(times), field: None if value == "-" else value}
        )  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={field: pl.String})


@pytest.mark.parametrize(("case", "field", "sent", "shown", "why"), rows_of(SURVIVES))
def test_the_value_that_people_are_shown_is_the_one_the_rules_name(case: str, field: str, sent: str, shown: str, why: str) -> None:
    """A steward can say of each value why it is the one that stands there, and would come to the same by hand."""
    row = survive(person(field, sent), ranks_on(TODAY)).row(0, named=True)
    assert (row[field], row[f"{field}_why"]) == (shown, why), case


def test_every_field_ranks_every_source_and_names_only_what_the_catalog_knows() -> None:
    """No file that carries names sends a value of a field that the ranks are silent on, and no rank is of a file that is not there."""
    ranks, files = ranks_on(TODAY), catalog.load().files
    partners = {layout.partner_code for layout in files.values()}
    assert all("" in of_source for of_source in ranks.of.values())
    elements = {e.element for layout in files.values() if layout.carries_names for e in layout.elements if e.matching}
    assert set(ranks.of) <= elements
    numbers = {c for layout in files.values() if layout.carries_names for c in layout.person_id_columns} - {"family_case_number"}
    assert numbers <= set(ranks.of)
    for row in rules_of("survivorship.csv"):
        assert row["source"] and row["partner"] in ("", *partners)
        assert not row["file"] or files[row["file"]].partner_code == row["partner"]


def test_a_rank_counts_from_its_day() -> None:
    """A rank that the board changes is a new row with its date; until that day the old one holds."""
    assert not ranks_on(date(2026, 6, 30)).of
    assert ranks_on(TODAY).edition == ranks_on(date(2026, 7, 1)).edition != ranks_on(date(2026, 6, 30)).edition
