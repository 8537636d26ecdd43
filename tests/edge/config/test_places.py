from __future__ import annotations

from pathlib import Path

import pytest

from edge.config.places import Places


def places(tmp_path, *, is_system=False, **environ):
    return Places(environ=environ, is_system=is_system, root=tmp_path, home=tmp_path / "home")


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def system_file(tmp_path):
    return write(tmp_path / "etc/ser-edge/config.toml")


@pytest.fixture
def own_file(tmp_path):
    return write(tmp_path / "home/.config/ser-edge/config.toml")


def test_a_named_file_comes_first(tmp_path, system_file):
    named = Path("named.toml")
    assert places(tmp_path, SER_EDGE_CONFIG="variable.toml").config_file(named) == named


def test_then_the_variable(tmp_path, system_file):
    found = places(tmp_path, SER_EDGE_CONFIG="variable.toml").config_file(None)
    assert found == Path("variable.toml")


def test_then_the_users_own_file(tmp_path, system_file, own_file):
    assert places(tmp_path).config_file(None) == own_file


def test_root_and_the_service_read_the_systems_file_only(tmp_path, system_file, own_file):
    assert places(tmp_path, is_system=True).config_file(None) == system_file


def test_the_systems_file_is_for_everybody_without_one_of_their_own(tmp_path, system_file):
    assert places(tmp_path).config_file(None) == system_file


def test_the_own_file_is_sought_where_xdg_says(tmp_path, own_file):
    other = write(tmp_path / "xdg/ser-edge/config.toml")
    assert places(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "xdg")).config_file(None) == other


def test_no_file_at_all(tmp_path):
    assert places(tmp_path).config_file(None) is None
    assert places(tmp_path, is_system=True).config_file(None) is None


@pytest.mark.parametrize(
    ("is_system", "environ", "state", "runtime"),
    [
        (True, {}, "{tmp}/var/lib/ser-edge", "{tmp}/run/ser-edge"),
        (
            True,
            {"STATE_DIRECTORY": "/s/a:/s/b", "RUNTIME_DIRECTORY": "/r"},
            "/s/a",
            "/r",
        ),
        (False, {"STATE_DIRECTORY": "/s", "RUNTIME_DIRECTORY": "/r/a:/r/b"}, "/s", "/r/a"),
        (
            False,
            {"XDG_STATE_HOME": "/x", "XDG_RUNTIME_DIR": "/run/user/7"},
            "/x/ser-edge",
            "/run/user/7/ser-edge",
        ),
        (
            False,
            {},
            "{tmp}/home/.local/state/ser-edge",
            "{tmp}/home/.local/state/ser-edge/run",
        ),
    ],
)
def test_directories(tmp_path, is_system, environ, state, runtime):
    here = places(tmp_path, is_system=is_system, **environ)
    assert str(here.state_directory()) == state.format(tmp=tmp_path)
    assert str(here.runtime_directory()) == runtime.format(tmp=tmp_path)


def test_this_process_has_places(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "granted"))
    assert Places.here().state_directory() == tmp_path / "granted"
