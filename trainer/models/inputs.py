"""What a network takes: a vector of pooled features, or an image of frames by features."""

from __future__ import annotations


def refuse_image(input_shape: tuple[int, ...], *, network: str) -> None:
    """Raise where a network of vectors is given images.

    Parameters
    ----------
    input_shape : tuple of int
        Without the batch axis.
    network : str
        For the message.

    Raises
    ------
    ValueError
    """
    if len(input_shape) != 1:
        raise ValueError(
            f"{network} takes vectors, but the features have shape {input_shape}; "
            'choose layout.kind = "pooled"'
        )


def refuse_vector(input_shape: tuple[int, ...], *, network: str) -> None:
    """Raise where a network of images is given vectors; as `refuse_image`."""
    if len(input_shape) != 3:
        raise ValueError(
            f"{network} takes images (n_frames, n_features, 1), but the features have shape "
            f'{input_shape}; choose layout.kind = "image"'
        )
