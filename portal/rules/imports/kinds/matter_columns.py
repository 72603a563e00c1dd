"""The columns of a file of matters, as 12345 and superior platforms call them."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from portal import clock
from portal.rules.imports.cells import (
    FIRST_YEAR,
    LAST_YEAR,
    SPREADSHEET_ZERO,
    Bad,
    Cleaner,
    Note,
    as_text,
    choice,
    code,
    text,
)
from portal.rules.imports.kind import Column
from portal.rules.imports.kinds.grids import CODE
from portal.rules.masking import hide_numbers
from portal.rules.phones import FULL_WIDTH

HOTLINE, SUPERIOR = "hotline12345", "superior"
CHANNEL_WORDS: dict[str, tuple[str, ...]] = {
    HOTLINE: (
        *("12345", "12345热线", "12345市民热线", "12345政务服务便民热线", "市民热线", "热线"),
        *("政务服务便民热线", "热线工单", "12345hotline"),
    ),
    SUPERIOR: (
        *("上级交办", "上级", "上级平台", "街道交办", "区交办", "区级交办", "市交办", "市级交办"),
        *("网格化平台", "数字城管", "城管平台", "交办", "handeddownfromabove"),
    ),
}
URGENCY_WORDS: dict[str, tuple[str, ...]] = {
    "immediate": ("特急", "特急件", "非常紧急", "立即"),
    "urgent": ("紧急", "急", "急件", "加急", "较急"),
    "normal": ("普通", "一般", "平件", "普件", "常规", "不急"),
}
MOMENT = re.compile(
    r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?)?分?)?",
    re.ASCII,
)
LAST_MINUTE = time(23, 59)
# Letters, digits, characters, and what stands between them: 武热〔2026〕0315-12.
NUMBER = r"[A-Za-z0-9\u3400-\u9fff(\[〔【][A-Za-z0-9\u3400-\u9fff()\[\]〔〕【】_/.#-]{0,59}"


def moment(otherwise: time = time(0)) -> Cleaner:
    """An instant on the community's wall clock: 2026-01-05 08:30, 2026/1/5 8:30:15,
    2026年1月5日8时30分 or a spreadsheet's; a day alone stands for ``otherwise`` on it.
    """

    def clean(cell: Any, note: Note) -> datetime | None:
        found = _of_spreadsheet(cell) or _of_text(cell, otherwise, note)
        if found is None:
            return None
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise Bad("bad_date")
        return found.replace(tzinfo=clock.zone(), microsecond=0).astimezone(UTC)

    def _of_spreadsheet(cell: Any) -> datetime | None:
        if isinstance(cell, datetime):
            whole = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
            return datetime.combine(cell.date(), otherwise) if whole else cell.replace(tzinfo=None)
        if isinstance(cell, date):
            return datetime.combine(cell, otherwise)
        if isinstance(cell, float) and 10_000 <= cell < 100_000:
            start = datetime.combine(SPREADSHEET_ZERO, time(0))
            return start + timedelta(seconds=round(cell * 86_400))
        return None

    return clean


def _of_text(cell: Any, otherwise: time, note: Note) -> datetime | None:
    value = as_text(cell).translate(FULL_WIDTH).strip()
    if value in ("", "-", "—", "/", "无"):
        return None
    match = MOMENT.fullmatch(value)
    if match is None:
        raise Bad("bad_date")
    year, month, day, *clocked = (int(part) if part else None for part in match.groups())
    try:
        there = date(year or 0, month or 0, day or 0)
        at = time(clocked[0] or 0, clocked[1] or 0, clocked[2] or 0)
    except ValueError as error:
        raise Bad("bad_date") from error
    if not re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?", value):
        note("date_format")
    return datetime.combine(there, otherwise if clocked[0] is None else at)


def story(limit: int) -> Cleaner:
    """Running text in which telephones and identity numbers are hidden: they have their fields."""
    plain = text(limit)

    def clean(cell: Any, note: Note) -> str | None:
        value = plain(cell, note)
        hidden = hide_numbers(value) if value else None
        if hidden != value:
            note("number_in_text")
        return hidden

    return clean


def private(limit: int) -> Cleaner:
    """A name or a contact as it is typed; what was masked when it was exported is nothing."""
    plain = text(limit)

    def clean(cell: Any, note: Note) -> str | None:
        value = plain(cell, note)
        if value and ("*" in value or "•" in value):
            note("masked")
            return None
        return value

    return clean


COLUMNS = (
    Column("outside_number", "工单编号", code(NUMBER),
           "outside_number_missing",
           ("工单号", "编号", "受理编号", "诉求编号", "案件编号", "任务编号", "交办编号")),
    Column("reported_at", "来电时间", moment(), aliases=(
        "受理时间", "诉求时间", "反映时间", "登记时间", "上报时间", "交办时间", "派单时间")),
    Column("channel", "来源", choice(CHANNEL_WORDS), aliases=(
        "诉求来源", "工单来源", "渠道", "来源渠道")),
    Column("category", "诉求类别", text(60), "category_missing", (
        "诉求类型", "类别", "事项类别", "问题类型", "事项分类", "分类", "诉求分类", "类型")),
    Column("summary", "标题", story(2000), story=True, aliases=(
        "诉求标题", "摘要", "主题", "事项名称", "问题概述", "工单标题")),
    Column("detail", "诉求内容", story(4000), story=True, aliases=(
        "内容", "来电内容", "问题描述", "反映内容", "工单内容", "详情", "具体内容", "事项内容")),
    Column("place", "地址", story(120), story=True, aliases=(
        "诉求地址", "发生地址", "事发地址", "问题地址", "详细地址", "地点", "位置")),
    Column("grid_code", "网格编码", code(CODE), aliases=("所属网格", "网格", "网格代码")),
    Column("urgency", "紧急程度", choice(URGENCY_WORDS), aliases=("缓急程度", "缓急", "紧急")),
    Column("reporter_name", "来电人", private(60), sensitive=True, aliases=(
        "诉求人", "联系人", "反映人", "来电人姓名", "投诉人", "姓名")),
    Column("reporter_contact", "联系电话", private(60), sensitive=True, aliases=(
        "来电号码", "电话", "联系方式", "手机", "手机号", "手机号码", "来电电话")),
    Column("due_by", "办结期限", moment(LAST_MINUTE), aliases=(
        "办理期限", "办结时限", "办理时限", "截止时间", "要求办结时间", "处理时限")),
)  # fmt: skip
TOLD_BACK = (
    Column("handled_by", "办理单位", text(80)),
    Column("result", "办理结果", text(4000)),
    Column("finished_at", "办结时间", moment()),
    Column("satisfaction", "满意度", text(20)),
    Column("state", "状态", text(20)),
)
