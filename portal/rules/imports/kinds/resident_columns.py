"""The columns of a file of residents."""

import re

from portal.rules.imports.cells import choice, code, day, person_name, phone, text
from portal.rules.imports.kind import Column
from portal.rules.imports.kinds.resident_words import (
    ID_TYPE_WORDS,
    REGISTRATION_WORDS,
    RELATION_WORDS,
    SEX_WORDS,
    id_number,
    place_name,
)

# Text that the cleaners leave as it is.
CHINESE_NAME = re.compile("[\u4e00-\u9fff]{1,60}")
WHOLE_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
MOBILE = re.compile(r"1[3-9][0-9]{9}")
PLAIN_NUMBER = re.compile(r"[0-9A-Za-z]{1,30}")
COLUMNS = (
    Column("grid_code", "网格编码", code(r".{1,40}"), "unknown_grid", ("所属网格", "网格")),
    Column("building", "楼栋", place_name(60), aliases=("楼号", "楼栋号")),
    Column("unit", "单元", place_name(20), aliases=("门栋", "单元号")),
    Column("room", "房号", place_name(20), aliases=("门牌", "房间", "室")),
    Column("household", "户号", place_name(30), aliases=("户编号", "家庭编号"), plain=PLAIN_NUMBER),
    Column("relation_to_head", "与户主关系", choice(RELATION_WORDS), aliases=("关系",)),
    Column("name", "姓名", person_name(60), "name_missing", plain=CHINESE_NAME),
    Column("sex", "性别", choice(SEX_WORDS)),
    Column("id_type", "证件类型", choice(ID_TYPE_WORDS)),
    Column(
        *("id_number", "证件号码", id_number, None, ("身份证号", "身份证号码")),
        sensitive=True,
        plain=WHOLE_NUMBER,
    ),
    Column("birth_date", "出生日期", day, aliases=("出生年月", "生日")),
    Column(
        *("phone", "电话", phone(), None, ("联系电话", "手机", "手机号")),
        sensitive=True,
        plain=MOBILE,
    ),
    Column("registration", "户籍", choice(REGISTRATION_WORDS), aliases=("户籍类型",)),
    Column("nation", "民族", text(20)),
    Column("education", "文化程度", text(20), aliases=("学历",)),
    Column("occupation", "职业", text(60)),
    Column("employer", "工作单位", text(80)),
    Column("moved_in_on", "迁入日期", day, aliases=("入住日期",)),
)
