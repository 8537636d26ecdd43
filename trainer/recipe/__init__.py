"""What a recipe may say, and how its TOML is read; the recipes themselves lie in `trainer/recipes`.

Never here: what is done with it.
May import: `edge.contract`, `edge.errors`, and the settings of `trainer.sound`.
"""

from trainer.recipe.files import add_nulls, load, names, parse, read_text, to_toml
from trainer.recipe.schema import Recipe

__all__ = ["Recipe", "add_nulls", "load", "names", "parse", "read_text", "to_toml"]
