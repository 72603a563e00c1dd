"""What clerks write in the columns of a list of residents, and how it is taken."""

import re
from datetime import date
from typing import Any

from portal.rules import idnumbers
from portal.rules.imports.cells import Bad, Cleaner, Note, code, text

SEX_WORDS = {"male": ("男", "男性", "m"), "female": ("女", "女性", "f")}
ID_TYPE_WORDS = {
    "resident_id": ("居民身份证", "身份证", "二代身份证"),
    "residence_permit": ("港澳台居民居住证", "居住证"),
    "travel_permit": (
        "来往内地通行证",
        "港澳居民来往内地通行证",
        "台湾居民来往大陆通行证",
        "通行证",
    ),
    "foreign_permit": ("外国人永久居留身份证", "永久居留证"),
    "passport": ("护照",),
    "other": ("其他", "其它"),
    "temporary": ("无", "无证件", "临时编号", "未办理"),
}
REGISTRATION_WORDS = {
    "permanent": ("户籍", "户籍人口", "常住", "常住户口", "本地户籍", "常口"),
    "floating": ("流动", "流动人口", "暂住", "外来人口", "流口"),
    "overseas": ("境外", "境外人员"),
}
RELATION_WORDS = {
    "head": ("户主", "本人"),
    "spouse": ("配偶", "妻", "妻子", "夫", "丈夫"),
    "son": ("子", "儿子", "长子", "次子", "三子", "独生子"),
    "daughter": ("女", "女儿", "长女", "次女", "三女", "独生女"),
    "father": ("父", "父亲"),
    "mother": ("母", "母亲"),
    "parent_in_law": ("岳父", "岳母", "公公", "婆婆"),
    "child_in_law": ("儿媳", "媳", "女婿"),
    "grandparent": ("祖父", "祖母", "外祖父", "外祖母", "爷爷", "奶奶", "姥爷", "姥姥"),
    "grandchild": ("孙", "孙子", "孙女", "外孙", "外孙女", "孙辈"),
    "sibling": ("兄", "弟", "姐", "妹", "哥哥", "弟弟", "姐姐", "妹妹", "兄弟姐妹"),
    "relative": ("其他亲属", "亲属", "侄子", "侄女", "外甥", "外甥女"),
    "unrelated": ("非亲属", "合租", "保姆", "租客"),
}
HIDDEN_NUMBER = "id_masked"  # noted where the number of a row came with asterisks
_plain = code(r"[0-9A-Za-z*•/()]{1,40}", "id_check_digit")


def id_number(cell: Any, note: Note) -> str | None:
    """A number of papers: without blanks, x written large.

    A masked one counts as empty, so that an export may come back.
    """
    if isinstance(cell, date):
        raise Bad("id_check_digit")
    value = _plain(cell, note)
    if value is None:
        return None
    if "*" in value or "•" in value:
        note(HIDDEN_NUMBER)
        return None
    tidy = idnumbers.tidy(value)
    if tidy != value:
        note("small_x")
    return tidy


def place_name(limit: int) -> Cleaner:
    """A building, unit, room or household: no blanks, and 601.0 of a spreadsheet is 601."""
    words = text(limit)

    def clean(cell: Any, note: Note) -> str | None:
        value = words(cell, note)
        return re.sub(r"\s+", "", value) if value else None

    return clean
