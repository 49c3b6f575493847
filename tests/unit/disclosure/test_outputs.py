"""The output check: each rule finds its own fault and lets the clean twin pass; nothing it says holds a value."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import logging
import pickle
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from builders import a_site
from c2c import audit
from c2c.disclosure import outputs
from c2c.disclosure.outputs import Checked, OutputRefused
from c2c.plumbing.site import Site

SSN, KEY, MAIL, PHONE, SSID = (
    "123-45-6789",
    "9f86d081884c7d659a2feaa0c55ad015",
    "ana.lopez@example.org",
    "(916) 555-0147",
    "8103947562",
)
CODE = b"counts <- table(graduates)\n"


def check(folder: Path, files: Mapping[str, bytes | str], manifest: str = "", site: Site | None = None, **options: Path) -> Checked:
    """A folder with these files and entries, checked. A file that no entry names is declared as code or text."""
    folder.mkdir(exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body.encode() if isinstance(body, str) else body)
    (folder / "made.R").write_bytes(CODE)
    entries = [manifest.replace("HASH", hashlib.sha256(CODE).hexdigest())]
    for name in ("made.R", *files):
        if f'file = "{name}"' not in manifest:
            entries.append(an_entry(name))
    (folder / "outputs.toml").write_text('author = "researcher.one"\nproject = "R-1"\n' + "\n".join(entries))
    return outputs.check_output(folder, site=site, **options)


def an_entry(name: str) -> str:
    ending = name.rsplit(".", 1)[-1].lower()
    kind = "code" if ending in ("r", "py", "ipynb") else "plot" if ending in ("svg", "png", "jpg") else "text"
    more = f'n = 40\ncode = "{hashlib.sha256(CODE).hexdigest()}"' if kind == "plot" else ""
    return f'[[outputs]]\nfile = "{name}"\nkind = "{kind}"\n{more}'


def a_table(kind: str, columns: str, n: int, measure: str = "hs_graduates", more: str = "") -> str:
    listed = ", ".join(f'"{c}"' for c in columns.split(","))
    of = f"n = {n}\ndegrees_of_freedom = {measure}" if kind == "regression" else f'n = {n}\nmeasure = "{measure}"'
    return f'[[outputs]]\nfile = "t.csv"\nkind = "{kind}"\n{of}\ncolumns = [{listed}]\ncode = "HASH"\n{more}\n'


def codes(checked: Checked, colour: str = "red") -> set[str]:
    return {r.code for r in checked.remarks if r.colour == colour}


# --- Files -------------------------------------------------------------------------------------------------------------------------------------


def a_png(*parts: tuple[bytes, bytes], behind: bytes = b"") -> bytes:
    def part(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    drawn = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\0")), *parts, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(part(*p) for p in drawn) + behind


def a_jpeg(*parts: tuple[int, bytes], behind: bytes = b"") -> bytes:
    said = b"".join(b"\xff" + bytes([mark]) + struct.pack(">H", len(body) + 2) + body for mark, body in parts)
    return b"\xff\xd8" + said + b"\xff\xda\x00\x02\x00\xff\xd9" + behind


def a_pdf(words: str = "Graduates", title: str = "Report", extra: bytes = b"") -> bytes:
    stream = zlib.compress(f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode())
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R " + extra + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Title (%b) >>" % title.encode(),
    ]
    out, at = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        at.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in at)
    end = b"trailer\n<< /Size 7 /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 7\n0000000000 65535 f \n" + table + end


def a_workbook(
    rows: list[list[str]], *, sheet: str = "", parts: Mapping[str, str | bytes] | None = None, hidden: bool = False
) -> bytes:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    linked = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    cells = "".join(
        f'<row r="{i}">' + "".join(f'<c t="inlineStr"><is><t>{v}</t></is></c>' for v in row) + "</row>"
        for i, row in enumerate(rows, 1)
    )
    state = ' state="veryHidden"' if hidden else ""
    made: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook {main} {linked}><sheets><sheet name="a" sheetId="1"{state} r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"<worksheet {main}>{sheet}<sheetData>{cells}</sheetData></worksheet>",
        **(parts or {}),
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in made.items():
            packed.writestr(name, body)
    return out.getvalue()


def a_notebook(output: Mapping[str, str]) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": ["1 + 1"], "outputs": [{"data": dict(output)}]}], "nbformat": 4})


def exif(words: str) -> bytes:
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x3b\0\x02\0\0\0\x10\0\0\0\x1a\0\0\0\0" + words.encode()


SHARED = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{}</t></si></sst>'
CARRIERS = {
    "text": ("a.txt", lambda v: f"The note says {v}."),
    "text in UTF-16": ("a.txt", lambda v: f"The note says {v}.".encode("utf-16")),
    "code": ("a.py", lambda v: f"wanted = '{v}'"),
    "JSON value": ("a.json", lambda v: json.dumps({"a": [{"b": v}]})),
    "JSON name": ("a.json", lambda v: json.dumps({v: "x"})),
    "JSON name used twice": ("a.json", lambda v: f'{{"a": "{v}", "a": "x"}}'),
    "page": ("a.html", lambda v: f"<p>See {v}</p>"),
    "comment of a page": ("a.html", lambda v: f"<p>See</p><!-- {v} -->"),
    "attribute of a page": ("a.html", lambda v: f'<p title="{v}">See</p>'),
    "word of a drawing": ("a.svg", lambda v: f"<svg><text>{v}</text></svg>"),
    "title of a drawing": ("a.svg", lambda v: f"<svg><circle cx='1'><title>{v}</title></circle></svg>"),
    "picture in a drawing": ("a.svg", lambda v: f'<svg><image href="data:image/png;base64,{packed(a_png((b"tEXt", b"Comment" + bytes(1) + v.encode())))}"/></svg>'),
    "PNG tEXt": ("a.png", lambda v: a_png((b"tEXt", b"Comment\0" + v.encode()))),
    "PNG zTXt": ("a.png", lambda v: a_png((b"zTXt", b"Comment\0\0" + zlib.compress(v.encode())))),
    "PNG iTXt": ("a.png", lambda v: a_png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(v.encode())))),
    "PNG eXIf": ("a.png", lambda v: a_png((b"eXIf", exif(v)))),
    "JPEG EXIF": ("a.jpg", lambda v: a_jpeg((0xE1, exif(v)))),
    "JPEG XMP": ("a.jpg", lambda v: a_jpeg((0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>" + v.encode() + b"</x>"))),
    "JPEG comment": ("a.jpg", lambda v: a_jpeg((0xFE, v.encode()))),
    "JPEG in UTF-16": ("a.jpg", lambda v: a_jpeg((0xE1, b"Exif\0\0" + v.encode("utf-16-le")))),
    "PDF page": ("a.pdf", lambda v: a_pdf(words=v.replace("(", "").replace(")", "-").replace("- ", "-"))),
    "PDF title": ("a.pdf", lambda v: a_pdf(title=v.replace("(", r"\(").replace(")", r"\)"))),
    "workbook cell": ("a.xlsx", lambda v: a_workbook([["note"], [v]])),
    "deleted cell of a workbook": ("a.xlsx", lambda v: a_workbook([["note"], ["x"]], parts={"xl/sharedStrings.xml": SHARED.format(v)})),
    "notes of a workbook": ("a.xlsx", lambda v: a_workbook([["note"]], parts={"docProps/core.xml": f"<p><creator>{v}</creator></p>"})),
    "comment in a workbook": ("a.xlsx", lambda v: a_workbook([["note"]], parts={"xl/comments1.xml": f"<c><t>{v}</t></c>"})),
    "notebook result": ("a.ipynb", lambda v: a_notebook({"text/plain": f"name {v}"})),
    "picture in a notebook": ("a.ipynb", lambda v: a_notebook({"image/png": packed(a_png((b"tEXt", b"Comment" + bytes(1) + v.encode() + b" " * 200)))})),
}  # fmt: skip


def packed(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize("carrier", CARRIERS)
def test_an_identifier_is_found_wherever_it_stands(carrier: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A number, key, address or telephone hidden in a file stops it; the same file without it does not; nothing said repeats it."""
    caplog.set_level(logging.DEBUG)
    name, make = CARRIERS[carrier]
    wanted = {
        "OUT-131": SSN,
        "OUT-132": SSID,
        "OUT-133": MAIL,
        "OUT-134": "916-555-0147" if "PDF" in carrier else PHONE,
        "OUT-139": KEY,
    }
    for code, value in wanted.items():
        checked = check(tmp_path / code, {name: make(value)})
        assert code in codes(checked), code
        assert value not in json.dumps(checked.as_json()) + repr(checked) + caplog.text
    clean = check(tmp_path / "clean", {name: make("nobody")})
    assert not codes(clean) & set(wanted)


def test_identifiers_in_disguise_are_found(tmp_path: Path) -> None:
    """Digits of full width, capital hex and numbers without dashes are the same numbers."""
    disguised = {"a.txt": "１２３-４５-６７８９", "b.txt": KEY.upper(), "c.txt": "no 123456789 here", "d.txt": "123 45 6789"}
    checked = check(tmp_path / "a", disguised)
    assert {f for f, colour in checked.colours.items() if colour == "red"} == set(disguised)
    harmless = {"a.txt": "1,234,567,890 dollars; 0.123456789", "b.txt": hashlib.sha256(b"x").hexdigest(), "c.txt": "000-12-3456"}
    assert not codes(check(tmp_path / "b", harmless))


@pytest.mark.parametrize(
    ("heading", "cell", "code"),
    [("dob", "2008-03-04", "OUT-138"), ("Last Name", "x", "OUT-138"), ("ssid", "x", "OUT-138"), ("birth_day", "March 4 2008", "OUT-135"), ("left_on", "2024-03-04", "OUT-136"), ("left_on", "20240304", "OUT-136"), ("gender", "F", "")],
)  # fmt: skip
def test_a_table_names_nobody_and_no_day(heading: str, cell: str, code: str, tmp_path: Path) -> None:
    """A column of names, numbers of students or days of lives is no table of counts."""
    checked = check(tmp_path / "a", {"t.csv": f"{heading},value\n{cell},40\n"}, a_table("counts", f"{heading},value", 40))
    assert (code in codes(checked)) if code else not codes(checked)


def test_a_day_in_words_is_for_people_to_judge(tmp_path: Path) -> None:
    """The day of a report may stand and the day of a birth may not."""
    assert "OUT-137" in codes(check(tmp_path / "a", {"a.txt": "Written on 2026-11-02."}), "amber")
    assert "OUT-135" in codes(check(tmp_path / "b", {"a.txt": "She was born on 4 March 2008."}))


def test_a_files_own_name_is_not_repeated(tmp_path: Path) -> None:
    """A file called after a student is spoken of by its number."""
    checked = check(tmp_path / "a", {f"{SSN}.txt": "nothing"})
    assert "OUT-105" in codes(checked) and SSN not in json.dumps(checked.as_json())


OBJECTS = {
    "pickle": pickle.dumps({"a": 1}), "pickle in text": pickle.dumps({"a": [1]}, protocol=0), "rds": gzip.compress(b"X\n\0\0\0\2"), "rds unpacked": b"X\n\0\0\0\3\0", "rds in text": b"A\n2\n263169\n",
    "RData": b"RDX3\nX\n\0", "npy": b"\x93NUMPY\1\0", "feather": b"ARROW1\0\0", "parquet": b"PAR1\0", "dta": b"<stata_dta><header>", "old dta": b"\x72\2\1\0", "sav": b"$FL2@(#)", "hdf5": b"\x89HDF\r\n\x1a\n",
    "sqlite": b"SQLite format 3\0", "java": b"\xac\xed\0\5", "zip": b"PK\3\4\0\0", "xz": b"\xfd7zXZ\0\0", "zstd": b"\x28\xb5\x2f\xfd\0", "7z": b"7z\xbc\xaf\x27\x1c", "tar": b"\0" * 257 + b"ustar\0", "old office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "RTF": b"{\\rtf1}", "unknown": b"\0\1\2\3",
}  # fmt: skip


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_is_refused_under_any_name(kind: str, tmp_path: Path) -> None:
    """A pickle called notes.txt is a pickle: whole records may lie in it."""
    checked = check(
        tmp_path / "a",
        {"notes.txt": OBJECTS[kind], "t.csv": OBJECTS[kind], "a.png": OBJECTS[kind]},
        a_table("counts", "g,value", 1),
    )
    assert all(checked.colours[f] == "red" for f in ("notes.txt", "t.csv", "a.png"))


def test_real_objects_are_refused_and_plain_text_is_not(tmp_path: Path) -> None:
    """What libraries write is told from what people write."""
    written = io.BytesIO()
    np.save(written, np.arange(3))
    table = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_parquet(table)
    checked = check(tmp_path / "a", {"a.txt": written.getvalue(), "b.txt": table.getvalue()})
    assert codes(checked) == {"OUT-111"}
    assert check(tmp_path / "b", {"a.txt": "All is well.\nN.", "b.md": "# Results\n\nNone."}).colour == "green"
    assert "OUT-113" in codes(check(tmp_path / "c", {"a.rds": "plain text", "b.dta": "x"}))


@pytest.mark.parametrize(
    ("file", "body", "code"),
    [
        ("a.xlsx", a_workbook([["a"]], hidden=True), "OUT-115"),
        ("a.xlsx", a_workbook([["a"]], sheet='<cols><col min="1" max="1" hidden="1"/></cols>'), "OUT-115"),
        ("a.xlsx", a_workbook([["a"]], parts={"xl/vbaProject.bin": b"\0"}), "OUT-114"),
        ("a.xlsx", a_workbook([["a"]], parts={"xl/embeddings/data.rds": b"\0"}), "OUT-114"),
        ("a.xlsx", a_workbook([["a"]], parts={"xl/pivotCache/pivotCacheRecords1.xml": "<r/>"}), "OUT-116"),
        ("a.xlsx", a_workbook([["a"]], parts={"xl/externalLinks/externalLink1.xml": "<r/>"}), "OUT-116"),
        ("a.pdf", a_pdf(extra=b"/OpenAction << /S /JavaScript /JS (x) >>"), "OUT-114"),
        ("a.pdf", a_pdf(extra=b"/Names << /EmbeddedFiles << >> >>"), "OUT-114"),
        ("a.pdf", a_pdf() + b"more and more", "OUT-118"),
        ("a.pdf", b"%PDF-1.7\nbroken", "OUT-119"),
        ("a.html", "<script>var a = 1</script>", "OUT-114"),
        ("a.svg", '<svg onload="go()"></svg>', "OUT-114"),
        ("a.html", f'<img src="data:image/png;base64,{packed(b"nothing of the kind")}">', "OUT-118"),
        ("a.png", a_png(behind=b"PK\3\4 more"), "OUT-118"),
        ("a.png", a_png()[:-20], "OUT-119"),
        ("a.jpg", a_jpeg(behind=b"more"), "OUT-118"),
        ("a.txt", "A" * 120 + "b" * 120, "OUT-118"),
        ("a.json", "{", "OUT-119"),
    ],
)  # fmt: skip
def test_what_hides_in_a_file_is_refused(file: str, body: bytes | str, code: str, tmp_path: Path) -> None:
    """Hidden sheets, pivot copies, macros, scripts and data behind a picture do not leave; the plain twin of each does not trip the rule."""
    plain = {
        "a.xlsx": a_workbook([["a"]]),
        "a.pdf": a_pdf(),
        "a.html": "<p>a</p>",
        "a.svg": "<svg/>",
        "a.png": a_png(),
        "a.jpg": a_jpeg(),
        "a.txt": "a",
        "a.json": "{}",
    }
    assert code in codes(check(tmp_path / "a", {file: body}))
    assert code not in codes(check(tmp_path / "b", {file: plain[file]}))


def test_what_is_not_declared_stays(tmp_path: Path) -> None:
    """A file without an entry, an entry without a file, a link, and a table said to be a text are refused; without a manifest nothing is looked at."""
    folder = tmp_path / "a"
    check(folder, {"a.txt": "x"})
    (folder / "more.txt").write_text("x")
    (folder / "link.txt").symlink_to("a.txt")
    said = (
        folder / "outputs.toml"
    ).read_text() + '\n[[outputs]]\nfile = "gone.txt"\nkind = "text"\n[[outputs]]\nfile = "b.txt"\nkind = "poem"\n'
    (folder / "outputs.toml").write_text(said)
    assert {"OUT-101", "OUT-102", "OUT-103", "OUT-106"} <= codes(outputs.check_output(folder))
    assert "OUT-104" in codes(check(tmp_path / "b", {"t.csv": "g,value\na,40\n"}))
    (tmp_path / "c").mkdir()
    with pytest.raises(OutputRefused, match="OUT-001"):
        outputs.check_output(tmp_path / "c")


# --- Figures -----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "rows", "code"),
    [
        ("g,value", "a,40;b,10;Total,50", "OUT-141"),
        ("g,value", "a,40;Total,50", "OUT-142"),
        ("g,value", "a,40;b,30;Total,50", "OUT-176"),
        ("g,value", "a,60;Total,50", "OUT-146"),
        ("g,statistic,value,of,n", "a,percent,50,g,20;Total,count,50,,", "OUT-143"),
        ("g,statistic,value,of,n", "a,percent,96,g,100;Total,count,50,,", "OUT-143"),
        ("g,statistic,value,of,n", "a,percent,50,,;Total,count,50,,", "OUT-104"),
        ("g,k,statistic,value,of", "a,b,percent,50,k", "OUT-145"),
        ("g,statistic,value,of,n", "a,percent,50,g,50;Total,count,50,,", ""),
        ("g,value", "a,many;Total,50", "OUT-104"),
        ("g,value", "a,40;a,30", "OUT-104"),
        ("measure,value", "a,40", "OUT-104"),
        ("g,value", "a,39;b,11;Total,50", ""),
        ("g,value", "a,50;b,0;Total,50", ""),
    ],
)
def test_a_table_of_counts_shows_no_few(columns: str, rows: str, code: str, tmp_path: Path) -> None:
    """Small counts, complements and percents of few are found in their row; eleven and nobody may stand."""
    checked = check(tmp_path / "a", {"t.csv": "\n".join([columns, *rows.split(";")])}, a_table("counts", columns, 50))
    assert (code in codes(checked)) if code else not codes(checked)


def test_all_of_a_group_is_for_people_to_judge(tmp_path: Path) -> None:
    """That everybody in a group did something tells of each of them."""
    table = "g,statistic,value,of,n\na,percent,100,g,50\nTotal,count,50,,\n"
    assert "OUT-144" in codes(check(tmp_path / "a", {"t.csv": table}, a_table("counts", "g,statistic,value,of,n", 50)), "amber")


def test_a_workbook_holds_a_table_as_csv_does(tmp_path: Path) -> None:
    """The same counts in a workbook meet the same rule."""
    entry = a_table("counts", "g,value", 50).replace("t.csv", "t.xlsx")
    assert "OUT-141" in codes(
        check(tmp_path / "a", {"t.xlsx": a_workbook([["g", "value"], ["a", "10"], ["b", "40"], ["Total", "50"]])}, entry)
    )
    assert not codes(
        check(tmp_path / "b", {"t.xlsx": a_workbook([["g", "value"], ["a", "20"], ["b", "30"], ["Total", "50"]])}, entry)
    )


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("a,mean,900,10", "OUT-151"), ("a,mean,900,", "OUT-152"), ("a,max,900,40", "OUT-157"), ("a,rank,1,40", "OUT-157"),
        ("a,p95,900,40", "OUT-158"), ("a,p75,900,44", ""), ("a,median,900,40", ""), ("a,best,900,40", "OUT-104"),
    ],
)  # fmt: skip
def test_a_magnitude_rests_on_enough_people_and_is_nobodys_own(row: str, code: str, tmp_path: Path) -> None:
    """Means come with their people; least, greatest and ranked values are somebody's."""
    checked = check(tmp_path / "a", {"t.csv": f"g,statistic,value,n\n{row}\n"}, a_table("magnitudes", "g,statistic,value,n", 100))
    assert (code in codes(checked)) if code else not codes(checked)


@pytest.mark.parametrize(
    ("amounts", "code"),
    [([500, 450, *[5] * 10], "OUT-153"), ([1000, 400, *[9] * 10], "OUT-154"), ([100] * 12, ""), ([100] * 11, "OUT-159")],
)
def test_no_contributor_holds_nearly_all(amounts: list[int], code: str, tmp_path: Path) -> None:
    """Two employers with nine tenths of a sum, or one that the second largest could work out, are found from the contributors' file."""
    (tmp_path / "inside").mkdir()
    pl.DataFrame({"g": ["a"] * len(amounts), "amount": amounts}).write_csv(tmp_path / "inside" / "pay.csv")
    entry = a_table("magnitudes", "g,statistic,value,n", 100, more='contributions = "pay.csv"')
    table = {"t.csv": f"g,statistic,value,n\na,sum,{sum(amounts)},12\n"}
    checked = check(tmp_path / "a", table, entry, contributors=tmp_path / "inside")
    assert (code in codes(checked)) if code else not codes(checked)
    assert "OUT-155" in codes(check(tmp_path / "b", table, entry), "amber")


def test_declared_contributors_do_as_well(tmp_path: Path) -> None:
    """Where rows may not be opened, the keeper of the data declares each cell's total and its two largest."""
    (tmp_path / "pay.csv").write_text("g,n,total,largest,second\na,12,1000,500,450\nb,12,1200,1000,120\n")
    entry = a_table("magnitudes", "g,statistic,value,n", 100, more='contributions = "pay.csv"')
    checked = check(tmp_path / "a", {"t.csv": "g,statistic,value,n\na,sum,1000,12\nb,sum,1200,12\n"}, entry, contributors=tmp_path)
    assert [(r.code, r.where) for r in checked.remarks if r.colour == "red"] == [
        ("OUT-153", "row 2"),
        ("OUT-153", "row 3"),
        ("OUT-154", "row 3"),
    ]


@pytest.mark.parametrize(
    ("n", "freedom", "predictors", "code"),
    [
        (200, 197, '[{name = "age", kind = "continuous"}, {name = "g", kind = "categorical", levels = 2}]', ""),
        (12, 9, '[{name = "age", kind = "continuous"}]', "OUT-161"),
        (3, 0, '[{name = "age", kind = "continuous"}]', "OUT-162"),
        (200, 199, '[{name = "age", kind = "continuous"}]', "OUT-163"),
        (200, 197, '[{name = "g", kind = "categorical", levels = 3}]', "OUT-162"),
        (200, 197, '[{name = "g", kind = "categorical", levels = 2}, {name = "k", kind = "categorical", levels = 2}]', ""),
    ],
)
def test_a_model_is_not_its_data_in_other_words(n: int, freedom: int, predictors: str, code: str, tmp_path: Path) -> None:
    """Too few degrees of freedom and models whose coefficients are the means of groups are found; an ordinary model passes."""
    entry = a_table("regression", "term,estimate", n, str(freedom), more=f"predictors = {predictors}")
    checked = check(tmp_path / "a", {"t.csv": "term,estimate\nintercept,1.5\nx1,0.2\nx2,0.4\n"}, entry)
    assert (code in codes(checked)) if code else not codes(checked)


def test_a_plot_and_figures_in_words_are_always_for_people(tmp_path: Path) -> None:
    """No check reads what is drawn or told."""
    checked = check(tmp_path / "a", {"a.png": a_png(), "a.txt": "Of 400 people, most.", "b.txt": "Most people."})
    assert dict(checked.colours) == {"a.png": "amber", "a.txt": "amber", "b.txt": "green", "made.R": "green"}


# --- Beside the ledger -------------------------------------------------------------------------------------------------------------------------

PUBLISHED = {
    ("n", "a"): 40,
    ("n", "b"): None,
    ("n", ""): 70,
    ("s", "a"): 60,
    ("s", "b"): None,
    ("s", ""): 95,
    ("", "a"): 100,
    ("", "b"): 65,
    ("", ""): 165,
}
DIMS = "academic_year,county,gender,value"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that has published graduates by county and gender; of each county the women are withheld, though the sums give them."""
    return a_published_site(tmp_path, {**PUBLISHED, ("n", "a"): None, ("s", "a"): None})


def a_published_site(folder: Path, figures: Mapping[tuple[str, str], int | None]) -> Site:
    made = a_site(folder)
    rows = [
        {"release": "r1", "product": "p", "table": "t", "measure": "hs_graduates", "statistic": "count", "unit": "people", "academic_year": "2025",
         "county": c or None, "gender": g or None, "value": v, "low": None, "high": None, "status": "c" if v is None else "shown", "of": None}
        for (c, g), v in figures.items()
    ]  # fmt: skip
    floats = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    pl.DataFrame(rows, schema_overrides=floats).write_parquet(made.folder("ledger", "cells") / "r1.parquet")
    return made


def beside(folder: Path, site: Site, table: str, measure: str = "hs_graduates", columns: str = "") -> Checked:
    return check(folder, {"t.csv": table}, a_table("counts", columns or table.split("\n", 1)[0], 10_000, measure), site=site)


def test_a_table_that_gives_away_a_withheld_cell_is_red(site: Site, tmp_path: Path) -> None:
    """Harmless alone: every count is large. Beside the release, district counts add up to a county's withheld men, and with them to its women."""
    columns = "academic_year,county,gender,ses,value"
    rows = "2025,n,a,yes,25\n2025,n,a,no,22\n"
    alone = check(tmp_path / "a", {"t.csv": f"{columns}\n{rows}"}, a_table("counts", columns, 10_000))
    assert alone.colour == "green"
    checked = beside(tmp_path / "b", site, f"{columns}\n{rows}")
    assert codes(checked) == {"OUT-174"}
    assert [r.where for r in checked.remarks] == ["beside release r1: 4 withheld cells"]


def test_a_table_of_what_is_published_and_enough_people_is_green(site: Site, tmp_path: Path) -> None:
    """What takes nothing from a withheld cell passes, and so do figures that are public already."""
    columns = "academic_year,gender,ses,value"
    assert beside(tmp_path / "a", site, f"{columns}\n2025,a,yes,60\n2025,a,no,40\n").colour == "green"
    assert beside(tmp_path / "b", site, "academic_year,county,value\n2025,n,70\n2025,s,95\n").colour == "green"


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("academic_year,county,gender,value\n2025,n,a,47\n", "OUT-171"),
        ("academic_year,county,value\n2025,n,67\n", "OUT-172"),
        ("academic_year,county,foster,value\n2025,n,no,66\n", "OUT-173"),
        ("academic_year,county,foster,value\n2025,n,no,80\n2025,n,yes,80\n", "OUT-176"),
    ],
)
def test_a_subtraction_from_what_is_published_is_found(table: str, code: str, site: Site, tmp_path: Path) -> None:
    """A withheld figure shown, a count a few people off a published one, a group that leaves few over, and figures that contradict."""
    assert code in codes(beside(tmp_path / "a", site, table))


def test_two_tables_are_judged_together(site: Site, tmp_path: Path) -> None:
    """Each alone leaves room; both together pin what is withheld."""
    one, two = (
        "academic_year,county,gender,ses,value\n2025,n,a,yes,25\n2025,n,a,no,\n",
        "academic_year,county,gender,ses,value\n2025,n,a,no,22\n",
    )
    columns = one.split("\n", 1)[0]
    entries = a_table("counts", columns, 10_000) + a_table("counts", columns, 10_000).replace("t.csv", "u.csv")
    assert "OUT-174" in codes(check(tmp_path / "a", {"t.csv": one, "u.csv": two}, entries, site=site))


def test_people_of_ones_own_are_compared_with_nothing(site: Site, tmp_path: Path) -> None:
    """Where no release speaks of the people counted, the check says that it could not compare."""
    checked = beside(tmp_path / "a", site, "g,value\na,40\nb,60\n", "readers")
    assert codes(checked) == set() and codes(checked, "amber") == {"OUT-177"}


def test_an_approved_table_is_in_the_ledger_before_the_next(site: Site, tmp_path: Path) -> None:
    """Two people other than the author approve; the audit says who; the next table is judged beside the first."""
    first = tmp_path / "first"
    beside(first, site, "g,value\na,40\nb,60\n", "readers")
    for people in (["bob"], ["bob", "Bob "], ["bob", "Researcher.One"]):
        with pytest.raises(OutputRefused, match="OUT-004"):
            outputs.enter_output(site, first, approved_by=people, actor="operator")
    said = outputs.enter_output(site, first, approved_by=["bob", "carol"], actor="operator")
    assert said["cells"] == 2 and outputs.enter_output(site, first, approved_by=["bob", "carol"], actor="operator") == said
    entry = next(e for e in audit.entries(site) if e["event"] == "disclosure:output:approved")
    assert entry["approved_by"] == ["bob", "carol"] and entry["output"] == said["output"]
    second = beside(tmp_path / "second", site, "g,value\na,37\n", "readers")
    assert "OUT-172" in codes(second)


def test_red_never_enters_the_ledger(site: Site, tmp_path: Path) -> None:
    """Whoever approves it: a red folder is refused and the ledger stays as it was."""
    beside(tmp_path / "a", site, "academic_year,county,value\n2025,n,67\n")
    before = sorted(p.name for p in (site.root / "ledger" / "cells").iterdir()), audit.head(site)
    with pytest.raises(OutputRefused, match="OUT-005"):
        outputs.enter_output(site, tmp_path / "a", approved_by=["bob", "carol"], actor="operator")
    assert (sorted(p.name for p in (site.root / "ledger" / "cells").iterdir()), audit.head(site)) == before
    assert not list((site.root / "scratch").iterdir())


def test_nothing_said_holds_a_figure(site: Site, tmp_path: Path) -> None:
    """Places are numbers of rows and columns; counts, labels and coordinates are not repeated."""
    checked = beside(tmp_path / "a", site, "academic_year,county,gender,value\n2025,Nevada City,a,7\n2025,n,a,4711\n")
    said = json.dumps([(r.where, r.what, r.remedy) for r in checked.remarks])
    assert checked.remarks and not re.search(r"4711|Nevada|\b7\b", said)


def test_without_acros_environment_the_second_opinion_is_refused(tmp_path: Path) -> None:
    """It says how to make it, and the first opinion stands."""
    (tmp_path / "people.csv").write_text("g\n" + "a\n" * 12)
    check(tmp_path / "a", {"t.csv": "g,value\na,12\n"}, a_table("counts", "g,value", 12, more='contributions = "people.csv"'))
    with pytest.raises(OutputRefused, match="OUT-006"):
        outputs.second_opinion(tmp_path / "a", contributors=tmp_path, interpreter=tmp_path / "no-python")
