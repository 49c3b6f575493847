"""However a partner writes its file, the same rows come in: encodings, compressions, delimiters, Parquet, fixed width."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from builders import a_site
from spec.intake.given import kept, send

ROWS = [
    ("4711000001", "1964733", "Ana", "García López", "2011-02-03", "Calle Peña 3, 2º"),
    ("4711000002", "1964733", "Ava", "García López", "2011-02-03", 'the "old" mill'),
    ("0011000003", "1964733", "Maria", "Núñez", "2010-09-17", ""),
]
NAMES = ("ssid", "district_code", "first_name", "last_name", "birth_date", "street_address")


def written(delimiter: str = ",", newline: str = "\n") -> str:
    """The rows as CSV."""
    frame = pl.DataFrame(ROWS, schema=NAMES, orient="row")
    return frame.write_csv(separator=delimiter, line_terminator=newline)


def zipped(data: bytes, name: str = "export.csv") -> bytes:
    """One file in an archive, beside the folder that some programs add."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr("__MACOSX/._" + name, b"\0\0")
    return made.getvalue()


def fixed() -> bytes:
    """The rows in columns of a fixed width, blanks at the end of a line cut off."""
    return "".join("".join(v.ljust(w) for v, w in zip(row, WIDTHS, strict=True)).rstrip() + "\r\n" for row in ROWS).encode("cp1252")


WIDTHS = (10, 7, 15, 20, 10, 30)
FIXED = f'[file]\ncolumns = {list(NAMES)}\nwidths = {list(WIDTHS)}\nencoding = "cp1252"\n'.replace("'", '"')
PLAIN = written()
FORMS = {
    "UTF-8": PLAIN.encode(),
    "UTF-8 with a mark": PLAIN.encode("utf-8-sig"),
    "UTF-16 with a mark": PLAIN.encode("utf-16"),
    "UTF-16 little-endian without a mark": PLAIN.encode("utf-16-le"),
    "UTF-16 big-endian without a mark": PLAIN.encode("utf-16-be"),
    "Windows-1252": PLAIN.encode("cp1252"),
    "Latin-1": PLAIN.encode("latin-1"),
    "Windows line ends": written(newline="\r\n").encode(),
    "semicolons": written(";").encode(),
    "tabs": written("\t").encode(),
    "bars": written("|").encode(),
    "gzip": gzip.compress(PLAIN.encode()),
    "gzip of Windows-1252 with semicolons": gzip.compress(written(";").encode("cp1252")),
    "zip": zipped(PLAIN.encode("utf-8-sig")),
    "no line end at the end": PLAIN.rstrip("\n").encode(),
    "blanks before values": PLAIN.replace("Ana", "  Ana").encode(),
    "blanks after values": PLAIN.replace("Maria", "Maria \t").encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_in_any_common_form_comes_in_as_it_is(form: str, tmp_path: Path) -> None:
    """Accents, quotation marks, leading zeros and blanks are the same whatever program wrote the file."""
    site = a_site(tmp_path)
    batch = send(site, "k12_person", FORMS[form])
    assert (batch.verdict, batch.findings) == ("accepted", ())
    who, _ = kept(site, batch)
    rows = who.select(NAMES).with_columns(pl.all().fill_null("")).rows()
    assert sorted(rows) == sorted(ROWS)


def test_fixed_width_is_cut_by_signs_and_a_longer_line_is_broken(tmp_path: Path) -> None:
    """An old system's export: accents count as one sign, and a line that does not fit is told with its number."""
    site = a_site(tmp_path)
    batch = send(site, "k12_person", fixed(), name="EXPORT.TXT", column_map=FIXED)
    who, _ = kept(site, batch)
    assert sorted(who["last_name"]) == ["García López", "García López", "Núñez"] and sorted(who["ssid"])[0] == "0011000003"
    lines = fixed().splitlines(keepends=True)
    many = [line.replace(b"47110000", b"4711" + str(1000 + i).encode()) for i in range(30) for line in lines[:2]]
    many[4] = many[4].rstrip(b"\r\n").ljust(120, b"x") + b"\r\n"
    late = send(site, "k12_person", b"".join(many), name="LONG.TXT", column_map=FIXED, period=2026)
    assert [(f.code, f.first_row, f.n_rows) for f in late.findings if f.code == "FND-111"] == [("FND-111", 5, 1)]
    assert (late.verdict, late.submission.rows) == ("accepted_in_part", 60)


def test_parquet_with_types_comes_in_as_text(tmp_path: Path) -> None:
    """A data warehouse's export: days with an hour of midnight are days, numbers and truth values are written as the contract asks."""
    site = a_site(tmp_path)
    path = tmp_path / "export.parquet"
    frame = pl.DataFrame(ROWS, schema=NAMES, orient="row").with_columns(
        pl.col("birth_date").str.to_datetime(), hispanic_latino=pl.Series([True, False, None])
    )
    frame.write_parquet(path)
    batch = send(site, "k12_person", path)
    assert (batch.verdict, batch.findings) == ("accepted", ())
    who, what = kept(site, batch)
    assert sorted(who["birth_date"]) == sorted(row[4] for row in ROWS)
    assert sorted(what["hispanic_latino"].to_list(), key=str) == [False, None, True]


def test_a_few_damaged_signs_do_not_turn_a_whole_file_into_another_encoding(tmp_path: Path) -> None:
    """One bad byte in a UTF-8 file costs its row; everybody else's accents stay."""
    site = a_site(tmp_path)
    text = "\n".join([PLAIN.splitlines()[0], *(f"{4711000100 + i},1964733,José,Núñez,2011-02-03," for i in range(60))]) + "\n"
    data = text.encode().replace("José".encode(), b"Jos\xe9", 1)
    batch = send(site, "k12_person", data)
    assert [(f.code, f.first_row) for f in batch.findings] == [("FND-111", 1)] and batch.rows_set_aside == 1
    assert set(kept(site, batch)[0]["last_name"]) == {"Núñez"}
