"""The comparison copy: names folded and split, dates and numbers as digits, addresses shortened. What was sent is not changed."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable

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

MANY = 500_000
"""Values of a kind whose comparison copy is kept: a state's names come again in every piece of its files."""


def normalise(sent: pl.DataFrame) -> pl.DataFrame:
    """The comparison copy of a table of people: `COMPARED` added, one row per row; a value that says nothing is null.

    `birth` is eight signs YYYYMMDD, kept even where it is no day of a calendar: a misread month still speaks. `surname` is whole and
    `token_1`, `token_2` its parts; `other_surname` a former one or an alias. `number` is a Social Security number, `tax_number` an ITIN.
    """
    blank = pl.lit(None, dtype=pl.String)
    frame = sent.with_columns([blank.alias(c) for c in (*NAMES, *PLAIN) if c not in sent.columns])
    frame = frame.with_columns(pl.col(*NAMES, *PLAIN).cast(pl.String).str.strip_chars().replace("", None))
    folded = [of_each(frame[name], _fold).alias(f"folded_{name}") for name in NAMES]
    frame = frame.with_columns(folded)
    suffix = rf"\s+({'|'.join(words('suffix'))})$"
    last, first = pl.col("folded_last_name"), pl.col("folded_first_name")
    in_name = pl.coalesce(last.str.extract(suffix), first.str.extract(suffix))
    said = pl.col("name_suffix").str.to_lowercase().str.replace_all(r"[^a-z0-9]", "").replace("", None)
    frame = frame.with_columns(
        pl.coalesce(said, in_name).replace_strict(words("suffix"), default=None).alias("suffix"),
        last.str.replace(suffix, "").alias("folded_last_name"),
        first.str.replace(suffix, "").alias("folded_first_name"),
    )
    pieces = last.str.split(" ")
    several = pieces.list.len() > 1
    many = pl.when(first.str.contains(" ", literal=True) | several).then(pl.concat_str([first, last], separator=" "))
    # Of most names one word stands on each side: those need no lists.
    two = pl.concat_str([pl.min_horizontal(first, last), pl.max_horizontal(first, last)])
    sorted_name = pl.coalesce(many.str.split(" ").list.sort().list.join(""), two)
    frame = frame.with_columns(
        _joined("folded_first_name", "role").alias("first"),
        _joined("folded_alias_first_name", "role").alias("other_first"),
        _joined("folded_middle_name").alias("middle"),
        # One letter is no surname: it says at most how one began.
        _joined("folded_last_name").replace(list("abcdefghijklmnopqrstuvwxyz"), None).alias("surname"),
        pl.coalesce(_joined("folded_former_last_name"), _joined("folded_alias_last_name")).alias("other_surname"),
        pl.when(several).then(pieces.list.get(0, null_on_oob=True)).replace(list(words("filler")), None).alias("token_1"),
        pl.when(several).then(pieces.list.get(-1, null_on_oob=True)).replace(list(words("filler")), None).alias("token_2"),
        of_each(frame["birth_date"], _date_signs).alias("birth"),
        pl.col("gender")
        .str.to_lowercase()
        .str.slice(0, 1)
        .replace_strict({"f": "f", "m": "m", "x": "x"}, default=None)
        .alias("sex"),
        of_each(frame["street_address"], _street).alias("street"),
        pl.col("address_zip").str.replace_all(r"\D", "").str.slice(0, 5).replace("", None).alias("zip"),
        of_each(frame["address_city"], lambda v: _fold(v).replace(" ", "")).alias("city"),
        pl.col("email").str.to_lowercase().alias("mail"),
        pl.col("phone").str.replace_all(r"\D", "").str.slice(-10).replace("", None).alias("telephone"),
    )
    frame = frame.with_columns(
        pl.when(pl.col("first").is_not_null() & pl.col("surname").is_not_null()).then(sorted_name).alias("sorted_name")
    )
    frame = screen_births(screen_numbers(frame), clock.today())
    return frame.drop([c for c in frame.columns if c.startswith("folded_")])


def of_each(values: pl.Series, change: Callable[[str], str]) -> pl.Series:
    """A change of texts, worked out once for each distinct value; nothing left is null."""
    distinct = values.drop_nulls().unique()
    said = pl.DataFrame({"v": distinct, "c": pl.Series([change(v) or None for v in distinct.to_list()], dtype=pl.String)})
    return pl.DataFrame({"v": values.cast(pl.String)}).join(said, on="v", how="left", maintain_order="left")["c"]


@functools.lru_cache(MANY)
def _fold(value: str) -> str:
    """Lower case, no marks, no signs but single spaces; small words such as `de la` joined to what follows."""
    plain = unicodedata.normalize("NFKD", value.casefold())
    kept = "".join(c if c.isalnum() else " " if c in "- ,./_" else "" for c in plain if not unicodedata.combining(c))
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
    plain = "".join(c if c.isalnum() else " " for c in value.casefold())
    return " ".join(words("road").get(word, word) for word in plain.split())


@functools.lru_cache(MANY)
def _date_signs(value: str) -> str:
    """A date as eight signs YYYYMMDD, from ISO 8601 or the American ways of writing it; a sign that cannot be read stays as `?`."""
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
    return "".join(c if c.isdigit() and c.isascii() else words("digit").get(c.casefold(), "?") for c in part)
