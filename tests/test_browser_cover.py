"""Faces and plates are covered in the browser: what is sent never held what was under it."""

import base64
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select

from portal import scope
from portal.extensions import db
from portal.models import MatterCategory, MatterPhoto
from portal.rules import matter_photos

pytestmark = pytest.mark.browser
REPORT = "/matters/report"
SIZE = (800, 600)
BYTES = """async () => {
    const bytes = new Uint8Array(await document.getElementById('photos').files[0].arrayBuffer());
    let text = '';
    bytes.forEach((one) => { text += String.fromCharCode(one); });
    return btoa(text);
}"""
FACE = (200, 150, 400, 350)  # a checkerboard on grey: black and white beside each other


def photo() -> bytes:
    """A picture with a "face" of sharp squares."""
    image = Image.new("RGB", SIZE, (120, 140, 160))
    for x in range(FACE[0], FACE[2], 10):
        for y in range(FACE[1], FACE[3], 10):
            shade = 255 * ((x // 10 + y // 10) % 2)
            image.paste((shade, shade, shade), (x, y, x + 10, y + 10))
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def contrast(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Between the darkest and the brightest within a box of the photo's own pixels."""
    scale = image.width / SIZE[0]
    low, high = image.convert("L").crop(tuple(round(side * scale) for side in box)).getextrema()
    return int(high - low)


def chosen(page) -> Image.Image:
    """The file that the form would send."""
    text = page.evaluate(BYTES)
    return Image.open(BytesIO(base64.b64decode(text)))


@pytest.fixture
def phone(visit):
    """A worker with a telephone, a photo chosen in the form."""
    visitor = visit("worker07", phone=True)
    page = visitor.page
    page.goto(REPORT)
    page.locator("details.rest").evaluate("box => { box.open = true; }")
    page.set_input_files("#photos", {"name": "脸.png", "mimeType": "image/png", "buffer": photo()})
    page.locator("#cover-list button").wait_for()
    return visitor


def at(page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the photo stands on the screen."""
    box = page.locator("#cover canvas").bounding_box()
    return box["x"] + box["width"] * x / SIZE[0], box["y"] + box["height"] * y / SIZE[1]


def drag(page, box: tuple[int, int, int, int]) -> None:
    page.mouse.move(*at(page, box[0], box[1]))
    page.mouse.down()
    page.mouse.move(*at(page, box[2], box[3]), steps=4)
    page.mouse.up()


def sent(portal, page) -> Image.Image:
    """Report it; the picture that the portal keeps of what it was sent."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        about = db.session.scalar(select(MatterCategory.id).filter_by(code="DI0201"))
    page.select_option("#common", str(about))
    page.fill("#summary", "楼道堆物")
    page.click("form[data-report] [type=submit]")
    page.wait_for_url("**/work-orders/show/*")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        kept = db.session.scalars(select(MatterPhoto.sha256)).one()
        return Image.open(BytesIO(matter_photos.file_of(kept).read_bytes()))


def test_what_is_dragged_over_never_leaves_the_phone(portal, phone):
    page = phone.page
    page.locator("#cover-list button").click()
    assert phone.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    drag(page, FACE)
    expect(page.locator("#cover [role=status]")).to_have_text("已遮挡 1 处")
    page.click("#cover [data-act=done]")
    expect(page.locator("#cover-list .mute")).to_have_text("已遮挡 1 处")
    here = chosen(page)
    assert here.format == "JPEG" and not here.getexif()
    inner = (FACE[0] + 4, FACE[1] + 4, FACE[2] - 4, FACE[3] - 4)
    assert contrast(Image.open(BytesIO(photo())), inner) == 255
    assert contrast(here, inner) < 60
    kept = sent(portal, page)
    assert contrast(kept, inner) < 60
    assert kept.convert("RGB").getpixel((50, 50))[2] > 140  # the rest is as it was


def test_a_tap_covers_and_undo_takes_it_back(phone):
    page = phone.page
    page.locator("#cover-list button").click()
    page.touchscreen.tap(*at(page, 300, 250))
    status = page.locator("#cover [role=status]")
    expect(status).to_have_text("已遮挡 1 处")
    page.click("#cover [data-act=undo]")
    expect(status).to_have_text("尚未遮挡。")
    page.click("#cover [data-act=done]")
    assert chosen(page).format == "PNG"  # nothing was covered: the file is what it was
    page.locator("#cover-list button").click()
    page.touchscreen.tap(*at(page, 300, 250))
    page.click("#cover [data-act=cancel]")
    assert chosen(page).format == "PNG"


def test_with_the_keyboard_alone(portal, phone):
    page = phone.page
    button = page.locator("#cover-list button")
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#cover[open]").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    for key, times in (("ArrowLeft", 6), ("ArrowUp", 5)):  # of the frame in the middle
        for _turn in range(times):
            page.keyboard.press(key)
    for key in ("Shift+ArrowRight", "Shift+ArrowDown"):
        for _turn in range(6):
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator("#cover [role=status]")).to_have_text("已遮挡 1 处")
    page.locator("#cover [data-act=done]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cover-list .mute")).to_have_text("已遮挡 1 处")
    assert contrast(chosen(page), (250, 180, 350, 290)) < 80


def test_a_file_that_is_no_picture_is_told(visit):
    visitor = visit("worker07", phone=True)
    page = visitor.page
    page.goto(REPORT)
    page.locator("details.rest").evaluate("box => { box.open = true; }")
    page.set_input_files("#photos", {"name": "x.heic", "mimeType": "image/heic", "buffer": b"no"})
    expect(page.locator("#cover-list .err")).to_contain_text("JPEG")
    assert page.locator("#cover-list button").count() == 0


def test_photos_added_later_are_covered_too(portal, phone):
    page = phone.page
    sent(portal, page)
    page.locator("a[href^='/matters/photos/']").click()
    page.set_input_files("#photos", {"name": "脸.png", "mimeType": "image/png", "buffer": photo()})
    page.locator("#cover-list button").click()
    drag(page, FACE)
    page.click("#cover [data-act=done]")
    expect(page.locator("#cover-list .mute")).to_have_text("已遮挡 1 处")
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/matters/show/*")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        kept = db.session.scalars(select(MatterPhoto.sha256).order_by(MatterPhoto.id)).all()
        image = Image.open(BytesIO(matter_photos.file_of(kept[-1]).read_bytes()))
    assert contrast(image, (210, 160, 390, 340)) < 60


def test_without_scripts_squares_are_ticked_on_the_server(portal, visit):
    visitor = visit("worker07", phone=True, scripts=False)
    page = visitor.page
    page.goto(REPORT)
    assert not page.locator("#cover-list").is_visible()
    page.locator("details.rest summary").click()
    assert "工作单页面" in page.inner_text("#photos-why")
    page.set_input_files("#photos", {"name": "脸.png", "mimeType": "image/png", "buffer": photo()})
    sent(portal, page)
    page.locator("a[href^='/matters/cover/']").click()
    for line in range(2, 6):
        for column in range(3, 7):
            page.check(f"#cells-{line}-{column}", force=True)
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/matters/show/*")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        kept = db.session.scalars(select(MatterPhoto.sha256)).one()
        image = Image.open(BytesIO(matter_photos.file_of(kept).read_bytes()))
    assert contrast(image, (204, 154, 396, 346)) < 90
