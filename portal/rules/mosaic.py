"""Parts of a picture made unrecognisable: each becomes a few squares of one colour."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from portal.rules.pictures import QUALITY

SQUARES = 6  # across the shorter side of a part: a face is none any more
FEWEST = 24  # squares of a whole side at most, so that small parts lose as much


@dataclass(frozen=True)
class Part:
    """A rectangle of a picture, in fractions of its width and height."""

    left: float
    top: float
    right: float
    bottom: float


def covered(jpeg: bytes, parts: Iterable[Part]) -> bytes:
    """The picture drawn anew with ``parts`` in squares; nothing of them is left in the file."""
    with Image.open(BytesIO(jpeg)) as opened:
        image = opened.convert("RGB")
    for part in parts:
        _cover(image, part)
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()


def _cover(image: Image.Image, part: Part) -> None:
    width, height = image.size
    box = (
        int(part.left * width),
        int(part.top * height),
        max(int(part.left * width) + 1, round(part.right * width)),
        max(int(part.top * height) + 1, round(part.bottom * height)),
    )
    size = (box[2] - box[0], box[3] - box[1])
    square = max(min(size) / SQUARES, max(width, height) / FEWEST)
    few = tuple(max(1, round(side / square)) for side in size)
    squares = image.crop(box).resize((few[0], few[1]), Image.Resampling.BOX)
    image.paste(squares.resize(size, Image.Resampling.NEAREST), box[:2])
