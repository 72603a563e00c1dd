"""Records of notice boards that no database holds: an ordinary one, and one that is too full."""

import json
from dataclasses import replace
from datetime import date

from portal.queries.board_record import (
    BoardDuty,
    BoardHotline,
    BoardPerson,
    BoardRecord,
    Edition,
    Shape,
)

CODE = "4201020029900103003"
LONG_NAME = "欧阳诸葛慕容司徒端木宇文皇甫"
EDITION = Edition(f"GS-{CODE}-A3-001", 1, date(2026, 4, 1))


def shape(code: str, name: str, west: float, south: float) -> Shape:
    """A block of streets, 0.002 degrees wide and high."""
    east, north = west + 0.002, south + 0.002
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Shape(code, name, json.dumps({"type": "Polygon", "coordinates": [ring]}))


def person(name: str, *posts: str, own: bool = True, **more: object) -> BoardPerson:
    """Somebody with a telephone, a card and a portrait."""
    made = BoardPerson(name, posts, own, "", "420102002990-0042", "027-01000042", False, 7)
    return replace(made, **more)


def record(**more: object) -> BoardRecord:
    """The board of an ordinary cell; ``more`` replaces parts of it."""
    calls = [
        ("110", "报警"),
        ("119", "火警与救援"),
        ("120", "医疗急救"),
        ("027-00100042", "供水抢修"),
    ]
    made = BoardRecord(
        lang="zh_Hans_CN",
        code=CODE,
        name="三多大院",
        level="cell",
        kind="scattered",
        households=152,
        above=("幸福里社区", "幸福里第一片格", "海棠巷片区"),
        bounds=("明礼大道", "采莲路", "松涛街", "海棠巷"),
        shape=shape(CODE, "三多大院", 114.300, 30.600),
        around=(
            shape("4201020029900103001", "百合华庭", 114.300, 30.602),
            shape("4201020029900103002", "千禧村", 114.306, 30.600),
        ),
        people=(
            person("黄国子", "小格责任人", "网格长"),
            person("蒋晨佳", "网格员", portrait=None),
            person("唐贵刚", "信息员", phone="027-00100040", by_duty_phone=True),
            person("杜杰海", "片格组长", own=False, place="幸福里第一片格"),
        ),
        duties=(
            BoardDuty("入户走访与信息登记", "每户每年不少于1次；新入住7日内"),
            BoardDuty("日常巡查", "工作日每日1次"),
        ),
        supervision=(
            BoardHotline("027-00100043", "网格监督电话", "工作时间", "community"),
            BoardHotline("027-00100044", "街道监督电话", "工作时间", "street"),
        ),
        emergency=tuple(BoardHotline(number, name, "24h") for number, name in calls),
        answer="办结后3个工作日",
        url=f"https://grid.example/directory/{CODE}",
        publisher="幸福里社区网格化服务管理办公室",
    )
    return replace(made, **more)


def crowded() -> BoardRecord:
    """Twelve people with names of 14 characters, eight duties, 12 useful numbers, long words."""
    place = "东湖新村及周边老旧小区片格"
    own = [
        person(f"{LONG_NAME[:-1]}{sign}", "小格责任人", "网格长", number="X" * 30)
        for sign in "甲乙丙丁戊己庚"
    ]
    above = [
        person(f"{LONG_NAME[:-1]}{sign}", "片格管理责任人", own=False, place=place)
        for sign in "辛壬癸子丑"
    ]
    own[0] = replace(own[0], by_duty_phone=True, phone="027-00100040-8012")
    rest = tuple(
        BoardHotline(f"027-0010{number:04d}", "东湖新村物业服务中心维修值班", "24h")
        for number in range(9)
    )
    base = record()
    return replace(
        base,
        name="东湖新村南区及滨江花园二期小格",
        above=("幸福里社区", place, "东湖路沿线老旧小区中格"),
        bounds=("东湖路与建设三路交叉口西侧围墙",) * 4,
        people=(*own, *above),
        duties=(BoardDuty("老年人残疾人未成年人权益保障服务", "每户每年不少于1次；新入住7日内"),)
        * 8,
        emergency=(*base.emergency[:3], *rest),
    )
