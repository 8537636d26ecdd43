"""Print the `gpio=` lines of config.txt for the pins of the configuration in force.

`apply-firmware.sh` runs it with the Python of the installed release. Pins that the configuration
does not name are left alone: something else may be wired to them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from edge.config.load import load_config
from edge.config.places import Places
from edge.config.settings import PanelConfig
from edge.errors import SerError


def main() -> int:
    """Print the lines, or one sentence about what is wrong with the configuration."""
    try:
        panel = load_config(file=None, places=Places.here()).config.panel
    except SerError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    print("\n".join(lines(panel)))  # noqa: T201
    return 0


def lines(panel: PanelConfig) -> list[str]:
    """Return a comment and a `gpio=` line for each pin that is in use."""
    if panel.kind == "none":
        return []
    off = "op,dl" if panel.active_high else "op,dh"
    outputs = [f"# {part}\ngpio={pin}={off}" for part, pin in _outputs(panel)]
    if panel.button_pin is None:
        return outputs
    return [*outputs, f"# button, pulled up\ngpio={panel.button_pin}=ip,pu"]


def _outputs(panel: PanelConfig) -> Iterator[tuple[str, int]]:
    if panel.kind == "rgb":
        yield from zip(("RGB red", "RGB green", "RGB blue"), panel.rgb, strict=True)
    else:
        yield from ((f"LED {name}", pin) for name, pin in panel.leds.items())
    for part, pin in (
        ("status LED", panel.status_pin),
        ("listening LED", panel.listening_pin),
        ("buzzer", panel.buzzer_pin),
    ):
        if pin is not None:
            yield part, pin


if __name__ == "__main__":
    sys.exit(main())
