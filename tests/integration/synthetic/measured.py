"""The anchors as they are measured in the files of a pretend state, row by row of `anchors.csv`, with the truth to tell who is who."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from c2c import catalog

FOLLOWED = 8


class State:
    """The files of a pretend state with the truth of each row: `person` and `year` (closing school year) beside the columns as sent."""

    def __init__(self, inbox: Path, truth: Path) -> None:
        self._inbox, self._truth = inbox, pl.read_parquet(truth)
        self._held: dict[str, pl.DataFrame] = {}

    def file(self, name: str) -> pl.DataFrame:
        """One file over all its years."""
        if name not in self._held:
            layout = catalog.load().files[name]
            sent = [
                pl.read_csv(path, infer_schema=False).with_columns(pl.lit(int(path.stem), dtype=pl.Int32).alias("year"))
                for path in sorted((self._inbox / layout.partner_code / name).glob("*.csv"))
            ]
            key = pl.concat_str([pl.col(k) for k in layout.primary_key], separator="|", ignore_nulls=True)
            said = self._truth.filter(pl.col("file") == name).select("person", year="period", key="primary_key")
            self._held[name] = pl.concat(sent).with_columns(key=key).join(said, on=["year", "key"])
        return self._held[name]

    def graduates(self) -> pl.DataFrame:
        """Everyone with a diploma: `person`, `class_of`."""
        done = self.file("k12_completion").filter(pl.col("completer_status").str.starts_with("diploma_"))
        return done.group_by("person").agg(class_of=pl.col("year").min())

    def enrolled(self) -> pl.DataFrame:
        """Who was at which public system in which year, other than from high school: `person`, `system`, `year`, `entry_type`, `attendance_load`."""
        parts = [
            self.file(f"{s}_enrollment").select("person", "year", "entry_type", "attendance_load", "term", system=pl.lit(s))
            for s in ("ccc", "csu", "uc")
        ]
        return pl.concat(parts).filter(pl.col("entry_type") != "dual_enrollment")

    def bachelors(self) -> pl.DataFrame:
        """First bachelor's degree of UC or CSU: `person`, `degree_year`."""
        parts = [self.file(f"{s}_award").filter(pl.col("award_type") == "bachelor").select("person", "year") for s in ("csu", "uc")]
        return pl.concat(parts).group_by("person").agg(degree_year=pl.col("year").min())


def percent(of: pl.DataFrame, holds: pl.Expr) -> float:
    """Percent of rows for which an expression holds; blank counts as not."""
    return 100 * float(of.select(holds.fill_null(False).mean()).item())


def _degree(s: State) -> float:
    followed = s.graduates().filter(pl.col("class_of") + FOLLOWED <= s.file("k12_completion")["year"].max())
    return percent(followed.join(s.bachelors(), on="person", how="left"), pl.col("degree_year") <= pl.col("class_of") + FOLLOWED)


def _working(s: State) -> float:
    wages = s.file("ui_wage").with_columns(pl.col("wage_quarter").cast(pl.Int8))
    terms = s.enrolled().filter(pl.col("attendance_load") != "less_than_half", pl.col("term").is_in(["fall", "spring"]))
    known = terms.join(wages.select("person").unique(), on="person", how="semi")
    half = pl.when(pl.col("wage_quarter") >= 3).then(pl.lit("fall")).otherwise(pl.lit("spring"))
    worked = wages.select("person", "year", term=half).unique().with_columns(worked=True)
    return percent(known.join(worked, on=["person", "year", "term"], how="left"), pl.col("worked"))


def _graduated(s: State) -> float:
    last = s.file("k12_enrollment").filter(pl.col("grade_level").is_in(["10", "11", "12"]))
    left = last.filter(pl.col("exit_reason") == "no_known_enrollment").select("person")
    seniors = s.file("k12_completion").select("person")
    base = pl.concat([left, seniors]).unique()
    return percent(base.join(s.graduates(), on="person", how="left"), pl.col("class_of").is_not_null())


def _entered(system: str) -> Callable[[State], float]:
    def share(s: State) -> float:
        graduates = s.graduates().filter(pl.col("class_of") < s.file("k12_completion")["year"].max())
        public = s.enrolled().select("person", "year", "system")
        private = s.file("private_enrollment").select("person", "year", system=pl.lit("private"))
        rank = pl.col("system").replace_strict({"csu": 0, "uc": 1, "ccc": 2, "private": 3}, return_dtype=pl.Int8)
        first = pl.concat([public, private]).with_columns(rank=rank).sort("rank").unique(["person", "year"], keep="first")
        joined = graduates.with_columns(year=pl.col("class_of") + 1).join(first, on=["person", "year"], how="left")
        return percent(joined, pl.col("system").is_not_null() if system == "any" else pl.col("system") == system)

    return share


def _finished(system: str) -> Callable[[State], float]:
    def share(s: State) -> float:
        new = s.enrolled().filter((pl.col("system") == system) & (pl.col("entry_type") == "first_time"))
        new = new.group_by("person").agg(entered=pl.col("year").min()).filter(pl.col("entered") + 5 <= new["year"].max())
        return percent(new.join(s.bachelors(), on="person", how="left"), pl.col("degree_year") <= pl.col("entered") + 5)

    return share


def _transferred(s: State) -> float:
    sent = s.file("ccc_enrollment").filter((pl.col("entry_type") == "first_time") & (pl.col("education_goal") == "transfer"))
    new = sent.group_by("person").agg(entered=pl.col("year").min()).filter(pl.col("entered") + 4 <= sent["year"].max())
    four = s.enrolled().filter(pl.col("system") != "ccc").group_by("person").agg(four=pl.col("year").min())
    return percent(new.join(four, on="person", how="left"), pl.col("four") <= pl.col("entered") + 4)


def _pupils(file: str, holds: pl.Expr) -> Callable[[State], float]:
    return lambda s: percent(s.file(file).filter(pl.col("year") >= 2017), holds)


def _group(*codes: str) -> Callable[[State], float]:
    return _pupils("k12_person", (pl.col("hispanic_latino") == "false") & pl.col("race_codes").is_in(codes))


def _absent(year: int) -> Callable[[State], float]:
    return lambda s: percent(s.file("k12_attendance").filter(pl.col("year") == year), pl.col("chronically_absent") == "true")


def _suspended(s: State) -> float:
    some = s.file("k12_discipline").filter(pl.col("discipline_type").str.starts_with("suspension"))
    return 100 * some.select("person", "year").n_unique() / s.file("k12_attendance").select("person", "year").n_unique()


def _met(subject: str) -> Callable[[State], float]:
    def share(s: State) -> float:
        tested = s.file("k12_assessment").with_columns(level=pl.coalesce(pl.col(f"^{subject}_level_grade_.*$")))
        return percent(tested.filter(pl.col("level").is_not_null()), pl.col("level").is_in(["3", "4"]))

    return share


def _twins(s: State) -> float:
    """Pupils who in some year share surname, birth date and ZIP code with another pupil."""
    pupils = s.file("k12_person").with_columns(
        alike=pl.col("person").n_unique().over("year", "last_name", "birth_date", "address_zip")
    )
    return percent(pupils.group_by("person").agg(pl.col("alike").max()), pl.col("alike") > 1)


def _medi_cal(s: State) -> float:
    """Pupils who have Medi-Cal in the same year."""
    pupils = s.file("k12_person").select("person", "year")
    covered = s.file("medi_cal_enrollment").select("person", "year").unique().with_columns(covered=True)
    return percent(pupils.join(covered, on=["person", "year"], how="left"), pl.col("covered"))


def _pay(s: State) -> float:
    """Median pay of those with wages in all quarters of the last year, seven or more years after high school."""
    wages = s.file("ui_wage").with_columns(pl.col("quarterly_wages").cast(pl.Float64))
    last = wages.filter(pl.col("year") == pl.col("year").max())
    pay = last.group_by("person").agg(pay=pl.col("quarterly_wages").sum(), quarters=pl.col("wage_quarter").n_unique())
    grown = (
        s.graduates().filter(pl.col("class_of") + 7 <= wages["year"].max()).join(pay.filter(pl.col("quarters") == 4), on="person")
    )
    awards = pl.concat(
        [s.file(f"{x}_award").select("person") for x in ("ccc", "csu", "uc")] + [s.file("private_award").select("person")]
    )
    bachelor = grown.join(s.bachelors(), on="person", how="semi")["pay"].median()
    none = grown.join(awards, on="person", how="anti")["pay"].median()
    return float(bachelor) / float(none)  # type: ignore[arg-type]


MEASURED: dict[str, Callable[[State], float]] = {
    "pct_uc_csu_degree_8yr": _degree,
    "pct_working_while_enrolled": _working,
    "pct_graduated": _graduated,
    "pct_ag_met": lambda s: percent(s.file("k12_completion").join(s.graduates(), on="person", how="semi"), pl.col("ag_met") == "true"),
    "pct_ccc_first_year": _entered("ccc"),
    "pct_csu_first_year": _entered("csu"),
    "pct_uc_first_year": _entered("uc"),
    "pct_any_college_first_year": _entered("any"),
    "pct_csu_bachelor_6yr": _finished("csu"),
    "pct_uc_bachelor_6yr": _finished("uc"),
    "pct_transfer_4yr": _transferred,
    "pct_low_income": _pupils("k12_status", pl.col("ses_disadvantaged") == "true"),
    "pct_english_learner": _pupils("k12_status", pl.col("english_learner_status") == "EL"),
    "pct_hispanic": _pupils("k12_person", pl.col("hispanic_latino") == "true"),
    "pct_white": _group("700"),
    "pct_asian": _group(*(str(n) for n in range(201, 300))),
    "pct_black": _group("600"),
    "pct_disability": _pupils("k12_status", pl.col("has_iep") == "true"),
    "pct_homeless": _pupils("k12_status", pl.col("homeless") == "true"),
    "pct_foster": _pupils("k12_status", pl.col("foster_youth") == "true"),
    "pct_chronically_absent_2019": _absent(2019),
    "pct_chronically_absent_2022": _absent(2022),
    "pct_suspended": _suspended,
    "pct_ela_met": _met("ela"),
    "pct_math_met": _met("math"),
    "pct_twins": _twins,
    "pct_medi_cal_children": _medi_cal,
    "ratio_pay_bachelor": _pay,
}  # fmt: skip
