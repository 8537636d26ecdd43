from __future__ import annotations

import grp
import os
from pathlib import Path

import pytest

from edge.service.checks import people
from edge.service.checks.people import Person, forbidden, listeners, this_user


def person(name: str = "ser-edge", *, uid: int = 4000, groups: tuple[int, ...] = ()) -> Person:
    return Person(name=name, uid=uid, groups=frozenset(groups))


@pytest.fixture
def node(tmp_path: Path) -> Path:
    path = tmp_path / "pcmC1D0c"
    path.touch()
    return path


@pytest.mark.parametrize(
    ("mode", "uid", "in_group", "may"),
    [
        (0o660, 4000, True, True),
        (0o660, 4000, False, False),
        (0o666, 4000, False, True),
        (0o640, 4000, True, False),
        (0o606, 4000, True, False),  # the group's bits count for whoever is in it
        (0o000, 0, False, True),
    ],
)
def test_the_bits_of_the_file_decide(
    node: Path, mode: int, uid: int, in_group: bool, may: bool
) -> None:
    node.chmod(mode)
    group = node.stat().st_gid if in_group else 4001
    assert person(uid=uid, groups=(group,)).may_use(node) == may


def test_the_owner_needs_no_group(node: Path) -> None:
    node.chmod(0o600)
    assert person(uid=node.stat().st_uid).may_use(node)


def test_for_ourselves_the_kernel_answers(node: Path) -> None:
    node.chmod(0o600)
    assert this_user().may_use(node)
    assert not this_user().may_use(node.with_name("absent"))


@pytest.fixture
def shared(node: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a node that belongs, as it should, to the group audio."""
    node.chmod(0o660)
    monkeypatch.setattr(people, "group_name", lambda _: "audio")
    return node


def test_who_is_shut_out_is_told_the_command(shared: Path) -> None:
    finding = forbidden("sound", [person()], [shared], group="audio")
    assert finding is not None
    assert (finding.verdict, finding.found) == ("problem", f"ser-edge may not use {shared}")
    assert finding.remedy == (
        "`sudo usermod -aG audio ser-edge`, then `sudo systemctl restart ser-edge`"
    )


def test_a_person_logs_in_again_instead(shared: Path) -> None:
    finding = forbidden("sound", [person("maria")], [shared], group="audio")
    assert finding is not None
    assert finding.remedy == "`sudo usermod -aG audio maria`, then log out and in again"


def test_where_the_service_may_the_others_are_a_warning(shared: Path) -> None:
    service = person(groups=(shared.stat().st_gid,))
    finding = forbidden("sound", [service, person("maria", uid=4002)], [shared], group="audio")
    assert finding is not None
    assert finding.verdict == "warning"
    assert "maria" in finding.found
    assert "ser-edge" not in finding.found
    assert forbidden("sound", [service], [shared], group="audio") is None


def test_a_device_of_the_wrong_group_is_given_to_the_right_one(node: Path) -> None:
    node.chmod(0o600)
    finding = forbidden("sound", [person()], [node], group="audio")
    assert finding is not None
    assert f"sudo chgrp audio {node} && sudo chmod 660 {node}" in finding.remedy


def test_who_was_added_since_the_login_need_only_come_again(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(people, "_groups_of", lambda _: [shared.stat().st_gid])
    here = Person(name="maria", uid=4000, groups=frozenset(), is_here=True)
    finding = forbidden("sound", [here], [shared], group="audio")
    assert finding is not None
    assert finding.remedy == "maria joined group audio after this login: log out and in again"


@pytest.mark.parametrize(
    ("uid", "service_uid", "expected"),
    [
        (1000, None, ["here"]),
        (0, None, ["here"]),
        (0, 999, ["ser-edge"]),
        (1000, 999, ["ser-edge", "here"]),
        (999, 999, ["here"]),
    ],
)
def test_who_may_come_to_listen(
    uid: int, service_uid: int | None, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = None if service_uid is None else person(uid=service_uid)
    monkeypatch.setattr(people, "this_user", lambda: person("here", uid=uid))
    monkeypatch.setattr(people, "service_user", lambda: service)
    assert [one.name for one in listeners()] == expected


def test_groups_have_names_or_numbers() -> None:
    assert people.group_name(0) == grp.getgrgid(0).gr_name
    assert people.group_name(4_000_001) == "4000001"
