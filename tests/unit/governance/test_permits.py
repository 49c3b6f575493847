"""Permits: deny by default, cite the clause, obey the terms as they stand at the moment of use."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from builders import a_permit, a_site
from c2c import audit, catalog, governance
from c2c.governance import NotPermitted
from c2c.plumbing import clock
from c2c.plumbing.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with the shipped terms."""
    return a_site(tmp_path)


def ask(
    site: Site, purpose: str, elements: list[str], *, actor: str = "operator", today: date | None = None
) -> governance.NotPermitted:
    """Ask and expect a refusal."""
    with pytest.raises(NotPermitted) as refused:
        governance.permit(site, purpose, actor=actor, elements=elements, years=(2024, 2024), today=today or clock.today())
    return refused.value


def test_every_active_feed_is_joined_and_every_proposed_one_is_not(site: Site) -> None:
    """The shipped terms cover exactly the files that are active in the catalog."""
    shared = {path.split(".")[1] for path in governance.permitted_elements(site, "submission", today=clock.today())}
    assert shared == {f.file for f in catalog.load().files.values() if f.status == "active"}


def test_no_identity_element_is_ever_shared_for_the_public_tools(site: Site) -> None:
    """A name can reach linkage only by a clause that nobody has signed."""
    shared = governance.permitted_elements(site, "public_tools", today=clock.today())
    assert shared and not {e.path for e in catalog.load().elements if e.role == "identity"} & shared


def test_race_and_ethnicity_are_never_shared_for_matching(site: Site) -> None:
    """Matching must not lean on who people are said to be."""
    shared = governance.permitted_elements(site, "identity_match", today=clock.today())
    assert not {p for p in shared if p.endswith((".race_codes", ".hispanic_latino"))}


def test_a_proposed_feed_is_refused_naming_the_missing_agreement(site: Site) -> None:
    """The sender learns that the board has to act, not that a file is wrong."""
    refusal = ask(site, "submission", ["lwda.apprenticeship.start_date"])
    assert refusal.code == "GOV-003" and "lwda" in refusal.what


def test_an_unshared_element_is_refused_citing_agreement_version_and_clause(site: Site) -> None:
    """A refusal can be looked up in the signed text."""
    refusal = ask(site, "public_tools", ["cde.k12_person.last_name"])
    assert refusal.code == "GOV-004" and refusal.where == "agreement PA-CDE v1.0, clause 4.1"


def test_an_unknown_purpose_and_an_unknown_actor_are_refused(site: Site) -> None:
    """What no licence names may not be done, nor by whom it does not name."""
    assert ask(site, "marketing", ["cde.k12_person.gender"]).code == "GOV-001"
    assert ask(site, "public_tools", ["cde.k12_person.gender"], actor="stranger").code == "GOV-002"


def test_before_its_first_day_an_agreement_shares_nothing(site: Site) -> None:
    """Wages joined in 2025; in 2024 they could not be asked for."""
    assert ask(site, "public_tools", ["edd.ui_wage.quarterly_wages"], today=date(2024, 7, 1)).code == "GOV-003"


def test_a_permit_cannot_be_widened_by_its_holder(site: Site) -> None:
    """A changed permit is not a permit."""
    wider = replace(a_permit(site), years=(1900, 2100))
    with pytest.raises(NotPermitted, match="GOV-005"):
        governance.check_permit(site, wider, purpose="public_tools", today=clock.today())


def test_a_permit_ends_on_its_day(site: Site) -> None:
    """Leave is given for a time."""
    with pytest.raises(NotPermitted, match="GOV-006"):
        governance.check_permit(site, a_permit(site), purpose="public_tools", today=clock.today() + timedelta(days=400))


def test_a_permit_for_one_purpose_does_not_serve_another(site: Site) -> None:
    """Identity never meets outcomes, not even by a borrowed permit."""
    with pytest.raises(NotPermitted, match="GOV-007"):
        governance.check_permit(site, a_permit(site, "identity_match"), purpose="public_tools", today=clock.today())


def test_tightened_terms_bind_permits_given_before(site: Site) -> None:
    """A partner who tightens its terms is obeyed at the next use, not at the next permit."""
    before = a_permit(site)
    text = (site.root / "terms" / "PA-CCC.toml").read_text("utf-8")
    governance.sign(site, text.replace('"published"', '["term"]').replace("1.0", "1.1"), actor="operator")
    with pytest.raises(NotPermitted, match="GOV-004"):
        governance.check_permit(site, before, purpose="public_tools", today=clock.today())


def test_a_signed_agreement_opens_a_proposed_feed(site: Site) -> None:
    """A vote of the board and a signature are all a new feed needs: no code."""
    text = (site.root / "terms" / "PA-DDS.toml").read_text("utf-8")
    text = text.replace("PA-DDS", "PA-LWDA").replace('"dds"', '"lwda"').replace('["regional_center"]', '["apprenticeship"]')
    governance.sign(site, text, actor="operator")
    leave = governance.permit(
        site, "submission", actor="operator", elements=["lwda.apprenticeship.start_date"], years=(2026, 2026), today=clock.today()
    )
    assert leave.clauses == ("PA-LWDA v1.0 §2.1",)


def test_each_decision_is_in_the_ledger(site: Site) -> None:
    """Refusals are remembered like permits."""
    a_permit(site)
    ask(site, "public_tools", ["cde.k12_person.last_name"])
    assert [e["event"] for e in audit.entries(site)][-2:] == ["governance:permit:granted", "governance:permit:refused"]
