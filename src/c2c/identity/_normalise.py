"""The comparison copy: names folded and split, dates and numbers as digits, addresses shortened. What was sent is not changed."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping

import polars as pl

from c2c.identity._rules import words
from c2c.identity._screen import screen_births, screen_numbers
from c2c.plumbing import clock

NAMES = ("first_name", "middle_name", "last_name", "former_last_name", "alias_last_name", "alias_first_name")
PLAIN = ("name_suffix", "gender", "street_address", "address_city", "address_zip", "email", "phone", "ssn", "itin", "birth_date")
KEYS = ("ssid", "cccid", "seid", "cin", "uci", "elc_child_id", "ccc_student_id", "csu_student_id", "uc_student_id", "csac_student_id",
        "cws_client_id", "dream_act_id", "cdss_person_id")  # fmt: skip
"""Columns of a people file that are person keys, beside those whose name begins with `key_`."""

COMPARED = ("first", "other_first", "middle", "surname", "token_1", "token_2", "other_surname", "suffix", "sorted_name", "birth", "sex", "street", "zip",
            "city", "mail", "telephone", "number", "tax_number")  # fmt: skip
"""What the match reads: two rows that agree on all of it are one tuple."""

SIGNS = {ord(c): " " if c in "- ,./_" else None for c in map(chr, range(128)) if not c.isalnum()}
SPACED = dict.fromkeys(SIGNS, " ")
"""What becomes of the signs of plain ASCII in names, and in addresses: as a table, they are changed many at a time."""

MANY = 500_000
"""Values of a kind whose comparison copy is kept: a state's names come again in every piece of its files."""


def normalise(sent: pl.DataFrame) -> pl.DataFrame:
    """The comparison copy of a table of people: `COMPARED` added, one row per row; a value that says nothing is null.

    `birth` is eight signs YYYYMMDD, kept even where it is no day of a calendar: a misread month still speaks. `surname` is whole and
    `token_1`, `token_2` its parts; `other_surname` a former one or an alias. `number` is a Social Security number, `tax_number` an ITIN.
    What a value says is worked out once, however many rows have it.
    """
    blank = pl.lit(None, dtype=pl.String)
    frame = sent.with_columns(blank.alias(c) for c in (*NAMES, *PLAIN) if c not in sent.columns)
    told = [_of_distinct(frame[name], says).select(pl.all().name.prefix(f"{name}.")) for name, says in SAYS.items()]
    said = pl.concat([frame, *told], how="horizontal")
    first, last = pl.col("first_name.words"), pl.col("last_name.words")
    suffix = pl.coalesce("name_suffix.said", "last_name.suffix", "first_name.suffix")
    of_one_word = ~(first.str.contains(" ", literal=True) | last.str.contains(" ", literal=True))
    # Of most names one word stands on each side: those need no lists.
    two = pl.when(of_one_word).then(pl.when(first <= last).then(pl.concat_str(first, last)).otherwise(pl.concat_str(last, first)))
    several = said.select(pl.when(~of_one_word).then(pl.concat_str(first, last, separator=" "))).to_series()
    many = _of_distinct(several, _said(lambda said: said.str.split(" ").list.sort().list.join("")))["said"]
    named = pl.col("first_name.name").is_not_null() & pl.col("last_name.name").is_not_null()
    return said.select(
        *frame.columns,
        pl.col("first_name.name").alias("first"),
        pl.col("alias_first_name.name").alias("other_first"),
        pl.col("middle_name.name").alias("middle"),
        pl.col("last_name.name").alias("surname"),
        pl.col("last_name.token_1").alias("token_1"),
        pl.col("last_name.token_2").alias("token_2"),
        pl.coalesce("former_last_name.name", "alias_last_name.name").alias("other_surname"),
        suffix.replace_strict(words("suffix"), default=None).alias("suffix"),
        pl.when(named).then(pl.coalesce(two, many)).alias("sorted_name"),
        pl.col("birth_date.said").alias("birth"),
        pl.col("gender.said").alias("sex"),
        pl.col("street_address.said").alias("street"),
        pl.col("address_zip.said").alias("zip"),
        pl.col("address_city.said").alias("city"),
        pl.col("email.said").alias("mail"),
        pl.col("phone.said").alias("telephone"),
        pl.col("ssn.number").alias("number"),
        pl.coalesce("itin.said", "ssn.tax_number").alias("tax_number"),
    )


def _of_distinct(values: pl.Series, says: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """What values say, one row per value; of a blank, nothing. `says`: one row for each of some values, without the space around them."""
    values = values.cast(pl.String).alias("sent")
    distinct = values.drop_nulls().unique()
    found = says(distinct.str.strip_chars().replace("", None)).insert_column(0, distinct)
    return values.to_frame().join(found, on="sent", how="left", maintain_order="left").drop("sent")


def of_each(values: pl.Series, change: Callable[[str], str]) -> pl.Series:
    """A change of texts, worked out once for each distinct value; nothing left is null."""
    return _of_distinct(values, _changed_by(change))["said"]


def _changed(values: pl.Series, change: Callable[[str], str]) -> pl.Series:
    """A change of each text; nothing left is null."""
    return pl.Series("said", [(change(v) or None) if v is not None else None for v in values.to_list()], dtype=pl.String)


def _given_name(sent: pl.Series) -> pl.DataFrame:
    """`words`, without a suffix; `suffix`; `name`, in one piece."""
    return _without_suffix(sent).with_columns(_joined("words", "role").alias("name"))


def _surname(sent: pl.Series) -> pl.DataFrame:
    """`words`, without a suffix; `suffix`; `name`, in one piece; `token_1`, `token_2`: the first and the last of several words."""
    parts = pl.col("words").str.split(" ")
    several = parts.list.len() > 1
    first, last = (
        pl.when(several).then(parts.list.get(at, null_on_oob=True)).replace(list(words("filler")), None) for at in (0, -1)
    )
    # One letter is no surname: it says at most how one began.
    whole = _joined("words").replace(list("abcdefghijklmnopqrstuvwxyz"), None)
    return _without_suffix(sent).with_columns(whole.alias("name"), first.alias("token_1"), last.alias("token_2"))


def _other_name(*kinds: str) -> Callable[[pl.Series], pl.DataFrame]:
    """`name`, in one piece."""
    return lambda sent: pl.DataFrame({"words": _changed(sent, _fold)}).select(_joined("words", *kinds).alias("name"))


def _without_suffix(sent: pl.Series) -> pl.DataFrame:
    suffix, folded = rf"\s+({'|'.join(words('suffix'))})$", pl.col("words")
    return pl.DataFrame({"words": _changed(sent, _fold)}).select(
        folded.str.replace(suffix, ""), folded.str.extract(suffix).alias("suffix")
    )


def _changed_by(change: Callable[[str], str]) -> Callable[[pl.Series], pl.DataFrame]:
    return lambda sent: _changed(sent, change).to_frame()


def _said(change: Callable[[pl.Expr], pl.Expr]) -> Callable[[pl.Series], pl.DataFrame]:
    return lambda sent: sent.alias("said").to_frame().select(change(pl.col("said")))


def _birth(sent: pl.Series) -> pl.DataFrame:
    return screen_births(_changed(sent, _date_signs).alias("birth").to_frame(), clock.today()).rename({"birth": "said"})


@functools.lru_cache(MANY)
def _fold(value: str) -> str:
    """Lower case, no marks, no signs but single spaces; small words such as `de la` joined to what follows."""
    if value.isascii():
        kept = value.lower().translate(SIGNS)
    else:
        plain = unicodedata.normalize("NFKD", value.casefold())
        kept = "".join(c if c.isalnum() else SIGNS.get(ord(c)) or "" for c in plain if not unicodedata.combining(c))
    text = " ".join(kept.split())
    return _particles().sub(lambda found: found.group(0).replace(" ", ""), text) if " " in text else text


@functools.cache
def _particles() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(words('particle'), key=len, reverse=True))}) (?=\w)")


def _joined(column: str, *kinds: str) -> pl.Expr:
    """A name in one piece; none where it is a filler, or a word of `kinds`: a `role` is no given name, and may well be a surname."""
    together = pl.col(column).str.replace_all(" ", "")
    return pl.when(~together.is_in([*words("filler"), *(w for kind in kinds for w in words(kind)), ""])).then(together)


@functools.lru_cache(MANY)
def _street(value: str) -> str:
    """An address in the short words of the post, without signs."""
    plain = value.lower().translate(SPACED) if value.isascii() else "".join(c if c.isalnum() else " " for c in value.casefold())
    short = words("road")
    return " ".join([short.get(word, word) for word in plain.split()])


@functools.lru_cache(MANY)
def _date_signs(value: str) -> str:
    """A date as eight signs YYYYMMDD, from ISO 8601 or the American ways of writing it; a sign that cannot be read stays as `?`."""
    signs = value.replace("-", "")
    if len(value) == 10 and len(signs) == 8 and value[4] == value[7] == "-" and signs.isascii() and signs.isdigit():
        # Most dates are written so.
        return signs
    head = re.split(r"[T ](?=\d\d:)", value.strip())[0]
    parts = [_digits(part) for part in re.split(r"[-/. ]", head)]
    if len(parts) == 3 and len(parts[0]) == 4:
        return parts[0] + parts[1].rjust(2, "0")[-2:] + parts[2].rjust(2, "0")[-2:]
    if len(parts) == 3 and len(parts[2]) == 4:
        return parts[2] + parts[0].rjust(2, "0")[-2:] + parts[1].rjust(2, "0")[-2:]
    if len(parts) == 1 and len(parts[0]) == 8:
        year_first = parts[0][:2] in ("18", "19", "20")
        year_last = parts[0][4:6] in ("18", "19", "20")
        return parts[0] if year_first or not year_last else parts[0][4:] + parts[0][:4]
    return ""


def _digits(part: str) -> str:
    """Letters that scanners put for digits turned back; any other sign unread."""
    if part.isascii() and part.isdigit():
        return part
    return "".join(c if c.isdigit() and c.isascii() else words("digit").get(c.casefold(), "?") for c in part)


def _digits_of(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"\D", "")


def _filled(text: pl.Expr) -> pl.Expr:
    return text.replace("", None)


SAYS: Mapping[str, Callable[[pl.Series], pl.DataFrame]] = {
    "first_name": _given_name,
    "middle_name": _other_name(),
    "last_name": _surname,
    "former_last_name": _other_name(),
    "alias_last_name": _other_name(),
    "alias_first_name": _other_name("role"),
    "name_suffix": _said(lambda said: _filled(said.str.to_lowercase().str.replace_all(r"[^a-z0-9]", ""))),
    "gender": _said(lambda said: said.str.to_lowercase().str.slice(0, 1).replace_strict({s: s for s in "fmx"}, default=None)),
    "street_address": _changed_by(_street),
    "address_city": _changed_by(lambda city: _fold(city).replace(" ", "")),
    "address_zip": _said(lambda said: _filled(_digits_of(said).str.slice(0, 5))),
    "email": _said(lambda said: said.str.to_lowercase()),
    "phone": _said(lambda said: _filled(_digits_of(said).str.slice(-10))),
    "ssn": screen_numbers,
    "itin": _said(lambda said: _filled(_digits_of(said))),
    "birth_date": _birth,
}
"""What the distinct values of each column of `NAMES` and `PLAIN` say."""
