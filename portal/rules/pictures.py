"""Pictures that people send: judged by what they are before anything is decoded, then drawn anew.

The name of a file says nothing. What is taken (JPEG, PNG, WebP) is recognised by its first bytes;
its size in pixels is read from the header, so that a small file cannot ask for much memory; what
is kept is a fresh JPEG of the pixels alone. Place, device, thumbnails, comments, colour profile
and whatever was hung behind the picture are gone then.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask_babel import lazy_gettext as _l
from PIL import Image, ImageFile, ImageOps

from portal.errors import RuleError

LARGEST = 8 * 1024 * 1024  # bytes of a file
MEGA = 1_000_000
# Pixels. A baseline JPEG is decoded at a fraction of its size; everything else needs all of it.
MOST_PIXELS, MOST_AT_ONCE = 40 * MEGA, 16 * MEGA
LEAST_SIDE, MOST_RATIO = 240, 4
LONGEST_SIDE = 1200  # of what is kept
FACE = (480, 640)  # pixels of the upright cut for cards and boards: 3 : 4
QUALITY = 85
MOST_SCANS = 64  # of a progressive JPEG; ten are usual, thousands keep a processor busy
LARGEST_EXIF = 64 * 1024
START_OF_SCAN = b"\xff\xda"
PNG = b"\x89PNG\r\n\x1a\n"
# Chunks that a picture needs; texts and profiles may unfold to a thousand times their size.
PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND"})
# What else people send, by its first bytes.
OTHERS: tuple[tuple[bytes, int, str], ...] = (
    (b"GIF8", 0, "GIF"),
    (b"II*\0", 0, "TIFF"),
    (b"MM\0*", 0, "TIFF"),
    (b"BM", 0, "BMP"),
    (b"8BPS", 0, "PSD"),
    (b"\0\0\1\0", 0, "ICO"),
    (b"ftyphei", 4, "HEIC"),
    (b"ftyphev", 4, "HEIC"),
    (b"ftypmif1", 4, "HEIC"),
    (b"ftypavif", 4, "AVIF"),
    (b"%PDF", 0, "PDF"),
    (b"PK\3\4", 0, "ZIP"),
)


@dataclass(frozen=True)
class Picture:
    """A picture drawn anew: JPEG bytes at most LONGEST_SIDE wide and high, and its upright cut."""

    jpeg: bytes
    face: bytes
    width: int
    height: int


def read_picture(data: bytes) -> Picture:
    """The picture in ``data``, the same bytes for the same file.

    Raises RuleError saying what is wrong with the file, and what to send instead.
    """
    image = _upright(_opened(data))
    if max(image.size) > LONGEST_SIDE:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    # A new image has no notes: Pillow writes those of the old one into the new file.
    plain = Image.new("RGB", image.size, "white")
    plain.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    face = ImageOps.fit(plain, FACE, Image.Resampling.LANCZOS, centering=(0.5, 0.3))
    return Picture(_jpeg(plain), _jpeg(face), *plain.size)


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()


# what it is ---------------------------------------------------------------------------------


def _opened(data: bytes) -> Image.Image:
    """The decoded picture, not much larger than it will be kept."""
    if not data:
        raise RuleError(_l("The file is empty. Choose a photo."), "photo")
    if len(data) > LARGEST:
        raise RuleError(
            _l(
                "The file has more than %(most)s MB. Send a smaller photo.",
                most=LARGEST // 1024 // 1024,
            ),
            "photo",
        )
    read = _reader(data)
    if read is None:
        raise _not_taken(data)
    try:
        with _whole_only():
            return read(data)
    except RuleError:
        raise
    except Exception as error:  # decoders meet hostile bytes with any exception
        raise RuleError(
            _l("The photo is damaged or did not arrive whole. Save it anew and send it again."),
            "photo",
        ) from error


def _reader(data: bytes) -> Callable[[bytes], Image.Image] | None:
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg
    if data.startswith(PNG):
        return _read_png
    return _read_webp if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


@contextmanager
def _whole_only() -> Iterator[None]:
    """Half a picture is refused, also where somebody (WeasyPrint does) told Pillow to take it."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _not_taken(data: bytes) -> RuleError:
    kind = next((name for magic, at, name in OTHERS if data[at : at + len(magic)] == magic), "")
    if not kind and b"<svg" in data[:2048].lower():
        kind = "SVG"
    if kind:
        told = _l(
            "This is a file of the type %(kind)s. Send the photo as JPEG, PNG or WebP.", kind=kind
        )
    else:
        told = _l("This is no photo, whatever its name says. Send a JPEG, PNG or WebP file.")
    return RuleError(told, "photo")


def _check_size(width: int, height: int, most: int) -> None:
    """Raise RuleError for a picture that is too large to decode or too small to print."""
    if width * height > most:
        raise RuleError(
            _l(
                "The photo has %(count)s million pixels; in this format at most %(most)s million"
                " are taken. Send a smaller one.",
                count=-(-width * height // MEGA),
                most=most // MEGA,
            ),
            "photo",
        )
    if min(width, height) < LEAST_SIDE:
        raise RuleError(
            _l(
                "The photo is too small to print: each side needs %(least)s pixels or more.",
                least=LEAST_SIDE,
            ),
            "photo",
        )
    if max(width, height) > MOST_RATIO * min(width, height):
        raise RuleError(
            _l("The photo is a narrow strip. Cut out the part that matters and send that."),
            "photo",
        )


def _animation() -> RuleError:
    return RuleError(_l("This is a moving picture. Send a single photo."), "photo")


# each format ----------------------------------------------------------------------------------


def _read_jpeg(data: bytes) -> Image.Image:
    image = _header(data, "JPEG")
    _check_size(*image.size, MOST_AT_ONCE if image.info.get("progressive") else MOST_PIXELS)
    if data.count(START_OF_SCAN) > MOST_SCANS:
        raise ValueError("too many scans")
    # The decoder leaves out what is not needed: half, a quarter or an eighth of each side.
    share = max(max(image.size) / LONGEST_SIDE, 1)
    image.draft(None, (round(image.width / share), round(image.height / share)))
    image.load()
    return image


def _read_png(data: bytes) -> Image.Image:
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    if data[12:16] != b"IHDR":
        raise ValueError("no header")
    _check_size(width, height, MOST_AT_ONCE)
    image = _header(PNG + b"".join(_png_chunks(data)), "PNG")
    image.load()
    return image


def _png_chunks(data: bytes) -> Iterator[bytes]:
    """The chunks that a picture needs, up to its end; ValueError where it has none."""
    at = len(PNG)
    while at + 12 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + size
        if name == b"acTL":
            raise _animation()
        if name in PNG_KEPT and (name != b"eXIf" or size <= LARGEST_EXIF):
            yield data[at:end]
        if name == b"IEND":
            return
        at = end
    raise ValueError("no end")


def _read_webp(data: bytes) -> Image.Image:
    """Its decoder makes room for the whole picture when it is opened: the size is read before."""
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise ValueError("no header")
    if kind == b"VP8X":
        if body[0] & 2:
            raise _animation()
        width, height = (1 + int.from_bytes(body[at : at + 3], "little") for at in (4, 7))
    elif kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    else:
        raise ValueError("no picture")
    _check_size(width, height, MOST_AT_ONCE)
    image = _header(data, "WEBP")
    if image.size != (width, height):
        raise ValueError("two sizes")
    image.load()
    return image


def _header(data: bytes, form: str) -> Image.Image:
    """The picture with its header read; RuleError where even that promises too much."""
    try:
        with warnings.catch_warnings():
            # What Pillow only warns about is refused a moment later.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(BytesIO(data), formats=(form,))
    except Image.DecompressionBombError:
        most = MOST_PIXELS if form == "JPEG" else MOST_AT_ONCE
        raise RuleError(
            _l(
                "The photo has too many pixels: at most %(most)s million are taken. Send a"
                " smaller one.",
                most=most // MEGA,
            ),
            "photo",
        ) from None


# what is shown ------------------------------------------------------------------------------


def _upright(image: Image.Image) -> Image.Image:
    """``image`` as people see it, RGB or RGBA, turned the way the camera was held."""
    turn = _orientation(image)
    image = _plain_mode(_reduced(image))
    return image.transpose(turn) if turn is not None else image


def _orientation(image: Image.Image) -> Any:
    try:
        orientation: Any = image.getexif().get(0x0112)
    except Exception:  # notes that cannot be read are left out like all others
        return None
    turns = Image.Transpose
    return {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }.get(orientation)


def _reduced(image: Image.Image) -> Image.Image:
    """At most twice as large as it will be kept; averaging needs no copy of the whole."""
    factor = max(image.size) // (2 * LONGEST_SIDE)
    can = image.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr")
    return image.reduce(factor) if factor > 1 and can else image


def _plain_mode(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    see_through = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
    return image.convert("RGBA" if see_through else "RGB")
