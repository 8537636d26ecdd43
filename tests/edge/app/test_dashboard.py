from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from edge.app.dashboard import DeviceModels, local_zone, surroundings
from edge.config.load import load_config
from edge.config.places import Places
from edge.dashboard.app import create_app
from edge.dashboard.health import installed_models
from edge.dashboard.pieces import Pieces
from edge.errors import UsageError
from tests.edge.store.models import added, kitchen, store_in
from tests.fakes.sound import bundled
from tests.support import need

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)
WINTER = datetime(2026, 12, 1, 12, tzinfo=UTC)


def places(root: Path, environ: Mapping[str, str]) -> Places:
    return Places(environ=environ, is_system=True, root=root)


class TestZone:
    @pytest.mark.parametrize("name", ["Europe/Berlin", ":Europe/Berlin"])
    def test_the_variable_goes_first(self, tmp_path: Path, name: str) -> None:
        zone = local_zone(places(tmp_path, {"TZ": name}))
        assert SUMMER.astimezone(zone).utcoffset() == timedelta(hours=2)
        assert WINTER.astimezone(zone).utcoffset() == timedelta(hours=1)

    @pytest.mark.parametrize("name", ["Nowhere/Nothing", "../etc/passwd", "\0"])
    def test_what_is_no_zone_is_utc(self, tmp_path: Path, name: str) -> None:
        assert local_zone(places(tmp_path, {"TZ": name})) == UTC

    def test_the_systems_file(self, tmp_path: Path) -> None:
        file = _zone_file("Europe/Berlin")
        need(file, "a table of time zones")
        assert file
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc" / "localtime").write_bytes(file.read_bytes())
        zone = local_zone(places(tmp_path, {}))
        assert SUMMER.astimezone(zone).utcoffset() == timedelta(hours=2)

    def test_a_system_without_a_zone(self, tmp_path: Path) -> None:
        assert local_zone(places(tmp_path, {})) == UTC
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc" / "localtime").write_bytes(b"damaged")
        assert local_zone(places(tmp_path, {})) == UTC


def _zone_file(name: str) -> Path | None:
    found = Path("/usr/share/zoneinfo") / name
    if found.is_file():
        return found
    try:
        return Path(str(resources.files("tzdata") / "zoneinfo" / name))
    except ModuleNotFoundError:
        return None


class TestModels:
    @pytest.fixture
    def models(self) -> DeviceModels:
        return DeviceModels(load_config())

    def test_the_bundled_model_is_loaded_once(self, models: DeviceModels) -> None:
        assert models.current().sha256 == bundled().sha256
        assert models.current() is models.current()
        assert models.analyzer() is models.analyzer()
        assert models.shelf().installed == ()

    def test_another_current_model_is_taken_up_and_gone_back_from(
        self, models: DeviceModels, tmp_path: Path
    ) -> None:
        store = store_in(tmp_path / "state")
        first, second = (added(store, v, content=kitchen(v)) for v in ("1.0", "1.1"))
        for model in (first, second):
            store.switch(model.id)
            store.confirm(model.id)
        assert models.current().manifest.version == "1.1"
        assert models.analyzer().bundle.manifest.version == "1.1"

        assert first.id in models.roll_back()

        assert models.current().manifest.version == "1.0"
        assert models.analyzer().bundle.manifest.version == "1.0"
        shelf = models.shelf()
        assert (shelf.current_id, shelf.previous_id) == (first.id, second.id)

    def test_nothing_to_go_back_to(self, models: DeviceModels) -> None:
        with pytest.raises(UsageError):
            models.roll_back()


def test_what_the_page_finds_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SER_EDGE_ROOM_NAME", "Anna's room")
    monkeypatch.setenv("SER_EDGE_DASHBOARD_SESSION_H", "2")
    here = Places.here()
    around = surroundings(load_config(places=here), here)
    assert around.room == "Anna's room"
    assert around.session_s == 7200
    assert around.log == tmp_path / "state" / "log.db"
    held = Pieces(around)
    assert [model.id for model in installed_models(held)] == ["bundled"]
    assert create_app(around, pieces=held).test_client().get("/login").status_code == 200
    held.live.close()
