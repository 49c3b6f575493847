"""The house keeps its shape: rooms show seven names at most, nouns are explained, walls in the tour are the walls in force."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from c2c import vocabulary

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(p.parent for p in (ROOT / "src" / "c2c").glob("*/__init__.py"))


def tracked() -> list[Path]:
    """Every file the project keeps."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("room", ROOMS, ids=lambda p: p.name)
def test_a_room_shows_at_most_seven_names_and_says_what_it_never_does(room: Path) -> None:
    """A newcomer reads one docstring and seven names, and knows the room."""
    tree = ast.parse((room / "__init__.py").read_text("utf-8"))
    assert ast.get_docstring(tree), f"{room.name} says nothing of itself"
    shown = [n.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "__all__"]  # type: ignore[attr-defined]
    assert len(ast.literal_eval(shown[0])) <= 7 if shown else True


def test_rooms_are_imported_by_their_door_only() -> None:
    """Nobody reaches into another room's modules."""
    wrong = []
    for path in (ROOT / "src" / "c2c").rglob("*.py"):
        own = path.relative_to(ROOT / "src" / "c2c").parts[0]
        for found in re.findall(r"^(?:from|import) c2c\.(\w+)\.(_\w+)", path.read_text("utf-8"), re.M):
            if found[0] != own:
                wrong.append(f"{path.name}: {'.'.join(found)}")
    assert not wrong


def test_the_vocabulary_is_small_frozen_and_explained() -> None:
    """Every noun that crosses a wall is in the glossary, and nobody can change it on the way."""
    nouns = [
        n for n in vars(vocabulary) if n[0].isupper() and getattr(vars(vocabulary)[n], "__module__", "") == vocabulary.__name__
    ]
    glossary = (ROOT / "GLOSSARY.md").read_text("utf-8")
    assert len(nouns) <= 15
    for noun in nouns:
        kind = vars(vocabulary)[noun]
        assert f"**{noun}**" in glossary
        assert not is_dataclass(kind) or kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_the_tour_names_the_walls_in_force() -> None:
    """`ARCHITECTURE.md` is held to the import contracts by name."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    told = re.search(r"<!-- walls -->(.*?)<!-- /walls -->", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.S)
    assert told and re.findall(r"^- (.+)$", told.group(1), re.M) == [c["name"] for c in contracts]


def test_no_lock_names_a_registry() -> None:
    """An agency installs from its own mirror."""
    locks = [p for p in tracked() if p.parent.name == "requirements"]
    assert locks and not [p.name for p in locks if "://" in p.read_text("utf-8")]


def test_every_coded_error_is_in_the_reference() -> None:
    """Whoever meets a code can look it up."""
    reference = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
    raised = set()
    for path in (ROOT / "src").rglob("*.py"):
        raised |= set(re.findall(r'"([A-Z]{2,4}-\d{3})"', path.read_text("utf-8")))
    assert raised and not {code for code in raised if f"`{code}`" not in reference}


def test_no_dependency_is_without_its_reason() -> None:
    """Each pin says its licence and why it is there, on the same line."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    pins = re.findall(r'^    "[a-z0-9][\w.\-\[\]]*[<>=].*$', text, re.M)
    assert pins and not [line for line in pins if "#" not in line]
