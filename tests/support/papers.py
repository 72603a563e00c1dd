"""Records of signs, plans and archives that no database holds: ordinary, crowded, nearly empty."""

import json
from dataclasses import replace
from datetime import date

from portal.queries.archive_record import (
    ArchivePaper,
    ArchiveRecord,
    ArchiveTeam,
    Change,
    NextGrid,
    PartGrid,
    PostDuties,
    TeamMember,
)
from portal.queries.board_record import BoardHotline, Edition, Shape
from portal.queries.plans import PlanGrid, PlanPerson, PlanRecord, number_in
from portal.queries.signs import SignRecord
from tests.support.boards import LONG_NAME, shape

COMMUNITY = "420102002990"
CELL = f"{COMMUNITY}0103003"
LONG = "东湖新村南区及滨江花园二期小格"
PUBLISHER = "幸福里社区网格化服务管理办公室"
WATCH = (
    BoardHotline("027-00100043", "网格监督电话", "工作时间", "community"),
    BoardHotline("027-00100044", "街道监督电话", "工作时间", "street"),
    BoardHotline("12345", "政务服务便民热线", "24h", "national"),
)


def edition(number: str) -> Edition:
    """The first of a document, of 1 April 2026."""
    return Edition(number, 1, date(2026, 4, 1))


def sign(**more: object) -> SignRecord:
    """The sign of an ordinary cell."""
    made = SignRecord(
        lang="zh_Hans_CN",
        code=CELL,
        name="三多大院",
        level="cell",
        above=("幸福里社区", "幸福里第一片格", "海棠巷片区"),
        post="网格员",
        person="蒋晨佳",
        phone="027-01000083",
        by_duty_phone=False,
        supervision=WATCH,
        url=f"https://grid.example/directory/{CELL}",
        publisher=PUBLISHER,
    )
    return replace(made, **more)


def crowded_sign() -> SignRecord:
    """Long names everywhere, by the telephone of the community on duty."""
    return sign(
        name=LONG,
        above=("幸福里社区", "东湖新村及周边老旧小区片格", "东湖路沿线老旧小区中格"),
        post="条线下沉服务人员家庭医生",
        person=LONG_NAME,
        phone="027-00100040-8012",
        by_duty_phone=True,
        supervision=tuple(replace(line, name="幸福里街道网格监督电话") for line in WATCH) * 2,
    )


def _square(west: float, south: float, wide: float, high: float) -> str:
    ring = [[west, south], [west + wide, south], [west + wide, south + high]]
    ring += [[west, south + high], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def plan_grid(code: str, level: str, name: str, boundary: str, **more: object) -> PlanGrid:
    """A grid of a plan, with bounds, households and a head."""
    head = PlanPerson("小格责任人", "黄国子", "027-01000049")
    made = PlanGrid(
        code=code,
        number=number_in(code, COMMUNITY),
        level=level,
        name=name,
        bounds=("明礼大道", "采莲路、敬贤路", "松涛街", "海棠巷"),
        households=152,
        boundary=boundary,
        head=head,
        sponsor=replace(head, post="片格管理责任人") if level == "area" else None,
    )
    return replace(made, **more)


def plan(areas: int = 4, blocks: int = 3, cells: int = 3, **more: object) -> PlanRecord:
    """A community of upright strips: areas beside one another, blocks and cells inside."""
    wide, step = 0.004, 0.0012
    high = blocks * cells * step
    grids = [
        plan_grid(COMMUNITY, "community", "幸福里社区", _square(114.3, 30.6, wide * areas, high))
    ]
    for area in range(areas):
        west, code = 114.3 + area * wide, f"{COMMUNITY}{area + 1:02d}"
        place = _square(west, 30.6, wide, high)
        grids.append(plan_grid(code, "area", f"第{area + 1}片格（松涛街段）", place))
        for block in range(blocks):
            south, below = 30.6 + block * cells * step, f"{code}{block + 1:02d}"
            place = _square(west, south, wide, cells * step)
            grids.append(plan_grid(below, "block", f"海棠巷{block + 1}区", place))
            for cell in range(cells):
                place = _square(west, south + cell * step, wide, step)
                grids.append(plan_grid(f"{below}{cell + 1:03d}", "cell", "百合华庭", place))
    person = PlanPerson("组长", "宋桃建", "027-01000000")
    made = PlanRecord(
        lang="zh_Hans_CN",
        code=COMMUNITY,
        name="幸福里社区",
        level="community",
        above=("江岸区", "示范街道"),
        grids=tuple(sorted(grids, key=lambda grid: grid.code)),
        group="领导小组",
        office="网格化服务管理办公室",
        leading=(person, replace(person, post="副组长", name="张祥晨")),
        director=replace(person, post="办公室主任", name="董轩桃"),
        duty="027-00100042",
        supervision=WATCH,
        url=f"https://grid.example/directory/{COMMUNITY}",
        publisher=PUBLISHER,
    )
    return replace(made, **more)


def archive(**more: object) -> ArchiveRecord:
    """The archive of an ordinary cell."""
    member = TeamMember(
        "黄国子", "网格长", "选聘", "社区工作者", "2022-08-08", "027-01000049", "420102002990-0050"
    )
    made = ArchiveRecord(
        lang="zh_Hans_CN",
        code=CELL,
        name="三多大院",
        level="cell",
        above=("江岸区", "示范街道", "幸福里社区"),
        facts=(("编码", CELL), ("户数", "152，在标准120至160户之内"), ("地址", "")),
        bounds=("明礼大道", "采莲路", "松涛街", "海棠巷"),
        note="",
        shape=shape(CELL, "三多大院", 114.300, 30.600),
        around=(shape("4201020029900103001", "百合华庭", 114.300, 30.602),),
        below=(),
        neighbours=(NextGrid("4201020029900103001", "百合华庭", "北", 222),),
        parts=(),
        roster=(member, replace(member, name="吴秀辉", post="志愿者", phone="")),
        teams=(),
        duties=(PostDuties("网格长", (("D107", "突发情况报告", "15分钟内口头报告"),)),),
        hotlines=(*WATCH, BoardHotline("110", "报警", "24小时", "national")),
        changes=(Change("2026-03-01", "网格", "名称：三多院 → 三多大院"),),
        older_changes=0,
        papers=(ArchivePaper(f"GS-{CELL}-A3-001", "公示牌", "2026-03-02", "有效"),),
        findings=(),
        url=f"https://grid.example/directory/{CELL}",
        publisher=PUBLISHER,
    )
    return replace(made, **more)


def crowded_archive() -> ArchiveRecord:
    """Twelve people with names of 14 characters, 80 parts, 120 changes, long findings."""
    base = archive()
    member = replace(base.roster[0], name=LONG_NAME, post="片格管理责任人（包挂领导）")
    names = tuple(f"{LONG_NAME[:-2]}{at:02d}" for at in range(40))
    return archive(
        level="community",
        name=LONG,
        note="一段很长的备注，" * 60,
        below=(shape("4201020029900103001", LONG, 114.300, 30.600),),
        parts=tuple(
            PartGrid(f"{COMMUNITY}{at:02d}", f"{at:02d}", LONG, "散居", 150, LONG_NAME, 1_234_567)
            for at in range(80)
        ),
        roster=(member,) * 12,
        teams=(ArchiveTeam("平安和谐服务队", LONG, LONG_NAME, names),),
        changes=tuple(
            Change("2026-03-01", "网格", f"名称：{LONG}{at} → {LONG}") for at in range(120)
        ),
        older_changes=12,
        findings=(("重叠", f"{LONG}与{LONG}重叠1,234.5平方米。" * 5, 1234),) * 12,
    )


def empty_archive() -> ArchiveRecord:
    """A grid that was just entered: no boundary, nobody, nothing."""
    return archive(
        bounds=("",) * 4,
        shape=Shape(CELL, "三多大院", ""),
        around=(),
        neighbours=(),
        roster=(),
        duties=(),
        hotlines=(),
        changes=(),
        papers=(),
    )
