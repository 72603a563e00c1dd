"""Photos made for tests: good ones of every kind, and a hostile set. Nothing of it is committed."""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw

PNG = b"\x89PNG\r\n\x1a\n"
PLACE = b"GPS 30.6 N 114.3 E, taken by somebody's telephone"


def scene(width: int = 900, height: int = 1200, mode: str = "RGB") -> Image.Image:
    """A picture whose quarters differ: red, green, blue, white from the top left clockwise."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    middle, half = width // 2, height // 2
    draw.rectangle((0, 0, middle, half), fill=(200, 30, 30))
    draw.rectangle((middle, 0, width, half), fill=(30, 160, 60))
    draw.rectangle((middle, half, width, height), fill=(30, 60, 200))
    return image.convert(mode)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    """The bytes of ``image`` in a format of Pillow."""
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def portrait(form: str = "JPEG", width: int = 900, height: int = 1200, mode: str = "RGB") -> bytes:
    """An honest photo."""
    return encoded(scene(width, height, mode), form)


def talkative() -> bytes:
    """A JPEG that tells a place, a device and a comment, and carries a thumbnail's worth of XMP."""
    notes = Image.Exif()
    notes[0x010F] = "Maker of telephones"
    notes[0x9286] = PLACE.decode()
    notes.get_ifd(0x8825).update({1: "N", 2: (30.0, 36.0, 0.0), 3: "E", 4: (114.0, 18.0, 0.0)})
    return encoded(
        scene(), "JPEG", exif=notes.tobytes(), comment=PLACE, icc_profile=b"profile" * 300
    )


def turned(orientation: int) -> bytes:
    """A photo whose camera was held in one of the eight ways; upright it is ``scene()``."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = scene() if undo is None else scene().transpose(undo)
    notes = Image.Exif()
    notes[0x0112] = orientation
    return encoded(image, "JPEG", exif=notes.tobytes())


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check


def png_bomb(side: int = 30_000, unfolds_to: int = 64 * 1024 * 1024) -> bytes:
    """A few kilobytes that claim ``side`` × ``side`` pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    packer = zlib.compressobj(9)
    zeros = bytes(1024 * 1024)
    body = b"".join(packer.compress(zeros) for _part in range(unfolds_to // len(zeros)))
    return PNG + header + chunk(b"IDAT", body + packer.flush()) + chunk(b"IEND", b"")


def png_text_bomb() -> bytes:
    """An honest picture with texts that would unfold to a gigabyte."""
    text = b"Comment\0\0" + zlib.compress(bytes(900 * 1024), 9)
    honest = portrait("PNG")
    after_header = len(PNG) + 25
    return honest[:after_header] + chunk(b"zTXt", text) * 1000 + honest[after_header:]


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    """``jpeg`` whose header claims another size."""
    at = 2
    while jpeg[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def webp_claiming(width: int, height: int) -> bytes:
    """A WebP whose canvas claims a size."""
    honest = portrait("WEBP", 300, 400)
    size = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size + honest[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def many_scans() -> bytes:
    """A progressive JPEG that goes over its pixels again and again."""
    whole = encoded(scene(), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * 500 + b"\xff\xd9"


def frames(form: str) -> bytes:
    """A moving picture."""
    pictures = [Image.new("RGB", (400, 500), shade) for shade in ("red", "green", "blue")]
    return encoded(pictures[0], form, save_all=True, append_images=pictures[1:], duration=100)


SVG = b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="900" height="1200">
<script>alert(1)</script><image href="http://127.0.0.1:1/x"/></svg>"""
PAGE = b"<!doctype html><title>x</title><script>alert(document.domain)</script>"
PHP = b"<?php system($_GET['c']); ?>"
EXE = b"MZ\x90\0" + bytes(600)


def huge() -> bytes:
    """A real JPEG of 100 million pixels (and little to see)."""
    return encoded(Image.new("L", (10_000, 10_000), 128), "JPEG", quality=10)


def hostile() -> dict[str, tuple[str, bytes]]:
    """What must be refused: what it is → (name of the file, bytes)."""
    good = portrait()
    return {
        "100 million pixels": ("big.jpg", huge()),
        "4 billion pixels claimed": ("wide.jpg", with_size(good, 65_000, 65_000)),
        "PNG that unfolds": ("small.png", png_bomb()),
        "WebP that unfolds": ("small.webp", webp_claiming(16_000, 16_000)),
        "JPEG cut in the middle": ("cut.jpg", good[: len(good) // 2]),
        "JPEG without its end": ("cut.jpg", good[:-2]),
        "JPEG of three bytes": ("cut.jpg", good[:3]),
        "PNG cut in the middle": ("cut.png", portrait("PNG")[:-400]),
        "PNG of a header": ("cut.png", portrait("PNG")[:33]),
        "WebP cut in the middle": ("cut.webp", portrait("WEBP")[:-300]),
        "WebP of a header": ("cut.webp", portrait("WEBP")[:24]),
        "JPEG of noise": ("noise.jpg", good[:4] + bytes(range(256)) * 20),
        "500 scans": ("slow.jpg", many_scans()),
        "empty": ("photo.jpg", b""),
        "SVG": ("face.svg", SVG),
        "SVG called JPEG": ("face.jpg", SVG),
        "page called JPEG": ("face.jpg", PAGE),
        "text called JPEG": ("face.jpg", "这不是照片".encode()),
        "program called PNG": ("face.png", EXE),
        "script called JPEG": ("face.php.jpg", PHP),
        "GIF": ("face.gif", encoded(scene(), "GIF")),
        "GIF that is a page too": ("face.gif", b"GIF89a/*" + PAGE),
        "BMP": ("face.bmp", portrait("BMP")),
        "TIFF": ("face.tif", portrait("TIFF")),
        "TIFF called JPEG": ("face.jpg", portrait("TIFF")),
        "ICO": ("face.ico", portrait("ICO", 250, 250)),
        "PSD": ("face.psd", b"8BPS\0\1" + bytes(400)),
        "HEIC": ("IMG_0001.HEIC", b"\0\0\0\x18ftypheic" + bytes(400)),
        "AVIF": ("face.avif", b"\0\0\0\x18ftypavif" + bytes(400)),
        "PDF": ("face.pdf", b"%PDF-1.7\n" + bytes(400)),
        "ZIP": ("face.zip", b"PK\3\4" + bytes(400)),
        "moving WebP": ("wave.webp", frames("WEBP")),
        "moving PNG": ("wave.png", frames("PNG")),
        "too small": ("dot.png", portrait("PNG", 30, 40)),
        "a strip": ("strip.png", portrait("PNG", 4000, 250)),
        "9 MB": ("fat.jpg", good + bytes(9 * 1024 * 1024)),
    }


def honest() -> dict[str, tuple[str, bytes]]:
    """What must be taken: what it is → (name of the file, bytes)."""
    good = portrait()
    return {
        "JPEG": ("photo.jpg", good),
        "PNG called JPEG": ("photo.jpg", portrait("PNG")),
        "JPEG without a name": ("", good),
        "WebP": ("photo.webp", portrait("WEBP")),
        "lossless WebP": ("photo.webp", encoded(scene(), "WEBP", lossless=True)),
        "WebP with transparency": ("photo.webp", portrait("WEBP", mode="RGBA")),
        "CMYK": ("print.jpg", portrait("JPEG", mode="CMYK")),
        "grey": ("grey.jpg", portrait("JPEG", mode="L")),
        "progressive": ("web.jpg", encoded(scene(), "JPEG", progressive=True)),
        "16 bits": ("deep.png", encoded(deep(), "PNG")),
        "palette": ("few.png", encoded(scene().quantize(16), "PNG")),
        "palette with a see-through colour": ("few.png", see_through()),
        "black and white": ("fax.png", portrait("PNG", mode="1")),
        "transparency": ("cut-out.png", portrait("PNG", mode="RGBA")),
        "notes": ("told.jpg", talkative()),
        "texts that unfold": ("told.png", png_text_bomb()),
        "JPEG and ZIP": ("photo.jpg", good + b"PK\3\4" + bytes(2000) + b"PK\5\6" + bytes(18)),
        "JPEG and page": ("photo.jpg", good + PAGE),
        "36 million pixels": ("12.jpg", encoded(Image.new("RGB", (6000, 6000), "navy"), "JPEG")),
        "two pictures in one": ("both.jpg", frames("MPO")),
    }


def deep() -> Image.Image:
    """A ramp of 16 bits of grey, dark at the top."""
    image = Image.new("I;16", (300, 400))
    rows = b"".join(struct.pack("<H", row * 65535 // 399) * 300 for row in range(400))
    image.frombytes(rows)
    return image


def see_through() -> bytes:
    """A palette picture whose first colour is transparent."""
    image = scene().quantize(16)
    return encoded(image, "PNG", transparency=0)
