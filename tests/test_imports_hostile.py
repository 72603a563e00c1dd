"""Files made to do harm: told apart before they are read, or read where they can harm nothing."""

import io
import shutil
import zipfile
from datetime import date

import pytest
import xlsxwriter

from portal.rules.imports import fence
from tests.support.uploads import (
    CELL_1,
    WORKERS,
    bomb,
    checked,
    csv,
    far_corner,
    features,
    repacked,
    tiles,
    upload,
    workbook,
)

NOT_IT = "The content of the file is not what its ending says"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.fixture(autouse=True)
def _no_files(place):
    shutil.rmtree(place.var / "tasks", ignore_errors=True)


def plain_zip():
    """An archive that is no workbook."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("a.txt", "x")
    return target.getvalue()


def many_parts():
    """A workbook with thousands of parts."""
    return repacked({f"xl/media/{number}.bin": b"x" for number in range(2100)})


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("file", "told"),
    [
        ((io.BytesIO(b""), "a.csv"), "The file is empty"),
        ((io.BytesIO(b"\xef\xbb\xbf \r\n"), "a.csv"), "The file is empty"),
        ((io.BytesIO(b""), ""), "Choose the file"),
        (csv("a,b", "a.exe"), "Choose a table that ends in"),
        (csv("a,b", "csv"), "Choose a table that ends in"),
        (csv("a,b", "a.xlsx"), NOT_IT),
        (csv("{}", "a.csv"), NOT_IT),
        (csv("<html>", "a.csv"), NOT_IT),
        (workbook([["姓名"]], "a.csv"), NOT_IT),
        ((io.BytesIO(b"%PDF-1.7 x"), "a.csv"), NOT_IT),
        ((io.BytesIO(b"\x89PNG\r\n\x1a\n"), "a.xlsx"), NOT_IT),
        ((io.BytesIO(b"MZ\x90\0\x03"), "a.csv"), NOT_IT),
        ((io.BytesIO(b"a,b\0c"), "a.csv"), NOT_IT),
        ((io.BytesIO(plain_zip()), "a.xlsx"), NOT_IT),
        ((io.BytesIO(workbook([["a"]])[0].getvalue()[:-30]), "a.xlsx"), NOT_IT),
        ((io.BytesIO(OLE), "a.xlsx"), "has a password"),
        ((io.BytesIO(OLE), "a.xls"), "Save the table as .xlsx or .csv first"),
        (workbook([["a"]], "a.ods"), "Save the table as .xlsx or .csv first"),
        (workbook([["a"]], "a.xlsm"), "macros"),
        (repacked({"xl/vbaProject.bin": b"x"}), "macros"),
        (many_parts(), NOT_IT),
    ],
)
def test_refused_beside_the_field_before_it_is_read(client_as, file, told):
    client = client_as("clerk1", "en")
    stream, name = file
    answer = upload(client, "workers", (io.BytesIO(stream.getvalue()), name))
    assert answer.status == 400
    assert told in answer.one("#file-err").get_text()
    assert answer.one("#kind option[selected]")["value"] == "workers"


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("file", "told"),
    [
        (csv(WORKERS), "Boundaries come as GeoJSON"),
        (csv(WORKERS, "a.json"), NOT_IT),
    ],
)
def test_boundaries_are_geojson(client_as, file, told):
    stream, name = file
    answer = upload(client_as("station", "en"), "boundaries", (io.BytesIO(stream.getvalue()), name))
    assert told in answer.one("#file-err").get_text()


@pytest.mark.one_engine
def test_33_megabytes_are_too_many(client_as):
    client = client_as("clerk1", "en")
    big = io.BytesIO(b"x" * (33 * 1024 * 1024))
    answer = upload(client, "workers", (big, "a.csv"))
    assert answer.status == 413
    assert "32 MB" in answer.text
    answer.response.request.environ["wsgi.input"].close()  # a file of the test client


@pytest.mark.one_engine
@pytest.mark.parametrize(("make", "told"), [(far_corner, "too large"), (bomb, "too large")])
def test_what_unpacks_to_gigabytes_is_refused(client_as, work, make, told):
    page = checked(client_as("clerk1", "en"), work, "workers", make())
    assert told in page.one(".note.late").get_text()
    assert not page.soup.select("form[action*=confirm]")


@pytest.mark.one_engine
def test_a_bomb_that_lies_about_its_size_harms_nothing(client_as, work):
    page = checked(client_as("clerk1", "en"), work, "workers", bomb(lying=True))
    assert page.one(".note.late")
    assert not page.soup.select("form[action*=confirm]")


@pytest.mark.one_engine
def test_the_fence_is_low(tmp_path):
    """The limits hold in the process that reads, and this one stays as it is."""
    file = tmp_path / "a.xlsx"
    file.write_bytes(far_corner()[0].getvalue())
    with pytest.raises(fence.TooMuch):
        fence.sheets(file)
    file.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(fence.Unreadable):
        fence.sheets(file)


@pytest.mark.one_engine
def test_the_fence_hands_over_what_is_there(tmp_path):
    file = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(file) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["姓名", 3, 2.5, True, None])
        sheet.write_datetime(1, 1, date(2026, 1, 5), day)
        book.add_worksheet().write(0, 0, "zwei")
    first, second = fence.sheets(file)
    assert first[0] == ["姓名", 3.0, 2.5, True]
    assert first[1][0] in (None, "") and str(first[1][1]).startswith("2026-01-05")
    assert second == [["zwei"]]


@pytest.mark.one_engine
def test_formulas_stay_text(client_as, work):
    text = f'姓名,网格编码\n=HYPERLINK("http://x"),{CELL_1}\n@SUM(1),{CELL_1}\n'
    page = checked(client_as("clerk1", "en"), work, "workers", csv(text))
    assert tiles(page)[0] == "2"
    assert not page.links("main a[href^='http']")


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x" + "\n" * 400_000 + "x", "Columns are missing"),
        ("x" + "," * 1000, "too many columns"),
        ("姓名\n" + "x" * 70, "Columns are missing"),
    ],
)
def test_odd_tables_are_told(client_as, work, text, told):
    page = checked(client_as("clerk1", "en"), work, "workers", csv(text))
    assert told in page.one(".note.late").get_text()


@pytest.mark.one_engine
def test_markup_in_a_file_is_shown_as_it_is(client_as, work):
    text = f"姓名,网格编码,<script>alert(1)</script>\n<b>甲</b>,{CELL_1},<img src=x>\n"
    page = checked(client_as("clerk1", "en"), work, "workers", csv(text, "<i>x</i>.csv"))
    assert not page.soup.select("main script, main img, main i")
    assert "<b>甲</b>" in page.soup.get_text()


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "C:\\x\\名单.csv", "a\tb.csv", "x" * 400 + ".csv"]
)
def test_a_name_leads_nowhere(client_as, work, place, name):
    page = checked(client_as("clerk1", "en"), work, "workers", csv(WORKERS, name))
    (file,) = place.var.glob("tasks/*/upload*")
    assert file.name == "upload.csv.sealed"
    assert len(page.h1) < 140 and "/" not in page.h1


@pytest.mark.one_engine
def test_deep_and_strange_geojson(client_as, work):
    station = client_as("station", "en")
    deep = csv('{"type":"FeatureCollection","features":' + "[" * 100_000, "a.geojson")
    assert "another format" in checked(station, work, "boundaries", deep).text
    odd = features({"type": "Feature", "properties": [1], "geometry": None}, {"id": {"a": 1}})
    assert tiles(checked(station, work, "boundaries", odd)) == ["0", "0", "0", "2"]
