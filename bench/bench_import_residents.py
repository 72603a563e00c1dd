"""The import of residents against a bulk insert of the same rows.

A spreadsheet of invented people (10,000; for the promise ``--rows 100000 --turns 3``) goes through
the whole import: read, cleaned, checked, matched, written, with audit entries, undo memory, search
terms and encryption. Beside it, in turns and each in a process of its own, the same rows go in with
``session.execute(insert(Resident), …)``: derived columns ready, homes there already, the same
encrypting types, the garbage collector treated alike. Promises: at least half the rows per second
of the insert, and at most 150 MB more memory than the process had at its start, counted with the
processes that read the spreadsheet and prepare its rows. Exit 1 if a promise is broken.

    python -m bench.bench_import_residents [--rows N] [--turns N] [--engine sqlite|postgresql|both]
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from random import Random
from statistics import median
from threading import Event, Thread
from typing import Any

import xlsxwriter
from flask_migrate import upgrade
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from portal.app import create_app
from portal.extensions import db
from portal.models import Building, Dwelling, Grid, Household, Resident
from portal.models.register import derived_from
from portal.models.search import search_terms
from portal.rules.accounts import synchronise_roles
from portal.rules.defaults import load_defaults
from portal.rules.demo import build_demo
from portal.rules.demo.words import GIVEN, SURNAMES
from portal.rules.idnumbers import check_character
from portal.rules.imports import KINDS, run_import
from portal.rules.imports.kinds.residents import COLUMNS
from portal.scope import SYSTEM, acting
from tests.support import servers
from tests.support.engines import PostgresStore, SQLiteStore, Store

ROWS, TURNS = 10_000, 1
HALF, MOST_MEMORY = 0.5, 150
PEOPLE, HOMES = 14, 5  # 2.8 people in a household
BORN, DAYS = date(1930, 1, 1), 34_000
FLOORS, DOORS, UNITS = 18, 4, 3
HOME = ("grid_code", "building", "unit", "room", "household")
RELATIONS = ("head", "spouse", "relative")
WORDS = {
    "head": "户主",
    "spouse": "配偶",
    "relative": "亲属",
    "male": "男",
    "female": "女",
    "resident_id": "身份证",
    "permanent": "户籍",
    "floating": "流动",
}
EDUCATION = ("小学", "初中", "高中", "大专", "本科", "研究生")
OCCUPATIONS = ("退休", "教师", "工人", "职员", "个体经营", "学生", "护士", "司机")
EMPLOYERS = tuple(f"示例{word}有限公司" for word in ("机械", "商贸", "物流", "餐饮", "建筑"))
Person = dict[str, Any]


def people(cells: list[str], rows: int) -> Iterator[Person]:
    """``rows`` invented people, always the same ones, household by household."""
    random = Random(20)
    sizes, taken, serial = (3, 3, 3, 3, 2), set[str](), 0
    for home in range(rows * HOMES // PEOPLE + HOMES):
        building, inside = divmod(home // len(cells), FLOORS * DOORS * UNITS)
        unit, door = divmod(inside, FLOORS * DOORS)
        address = {
            "grid_code": cells[home % len(cells)],
            "building": f"{building + 1}栋",
            "unit": f"{unit + 1}单元",
            "room": f"{door // DOORS + 1}{door % DOORS + 1:02}",
            "household": f"H{home + 1:06}",
        }
        for relation in RELATIONS[: sizes[home % HOMES]]:
            if serial < rows:
                yield address | _person(random, serial, relation, taken)
            serial += 1


def _person(random: Random, serial: int, relation: str, taken: set[str]) -> Person:
    while True:
        born = BORN + timedelta(days=random.randrange(DAYS))
        digits = f"4201{random.randrange(2, 18):02}{born:%Y%m%d}{random.randrange(1000):03}"
        if digits not in taken:
            break
    taken.add(digits)
    given = random.choice(GIVEN) + (random.choice(GIVEN) if random.random() < 0.75 else "")
    return {
        "relation_to_head": relation,
        "name": random.choice(SURNAMES) + given,
        "sex": "male" if int(digits[-1]) % 2 else "female",
        "id_type": "resident_id",
        "id_number": digits + check_character(digits),
        "birth_date": born,
        "phone": f"154{serial:08}",
        "registration": "permanent" if random.random() < 0.8 else "floating",
        "nation": "汉族" if random.random() < 0.95 else "土家族",
        "education": random.choice(EDUCATION),
        "occupation": random.choice(OCCUPATIONS),
        "employer": random.choice(EMPLOYERS),
        "moved_in_on": date(2005, 1, 1) + timedelta(days=random.randrange(7000)),
    }


def make_file(file: Path, cells: list[str], rows: int) -> None:
    """The people as a clerk's spreadsheet: Chinese headers under a title, every cell text."""
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "居民信息采集表")
        for place, column in enumerate(COLUMNS):
            sheet.write_string(1, place, column.zh)
        for row, person in enumerate(people(cells, rows), start=2):
            for place, column in enumerate(COLUMNS):
                value = person[column.name]
                sheet.write_string(row, place, WORDS.get(value, str(value)))


def insert_rows(session: Session, rows: list[Person]) -> float:
    """Seconds of a bulk insert with everything ready but the encryption."""
    gc.collect()
    gc.freeze()  # the rows that are ready must not burden the insert
    started = time.perf_counter()
    session.execute(insert(Resident), rows)
    session.commit()
    return time.perf_counter() - started


def ready_rows(session: Session, cells: list[str], rows: int) -> list[Person]:
    """The rows as the import leaves them, with the homes they live in written already."""
    buildings: dict[tuple[str, ...], int] = {}
    dwellings: dict[tuple[str, ...], int] = {}
    households: dict[tuple[str, ...], int] = {}
    found, made = [], {Building: [], Dwelling: [], Household: []}
    for person in people(cells, rows):
        code, building, unit, room, number = home = tuple(person.pop(name) for name in HOME)
        name = f"{building}{unit}{room}"
        if home[:2] not in buildings:
            buildings[home[:2]] = len(buildings) + 1
            told = {"name": building, "search_terms": search_terms(building)}
            made[Building].append({"grid_code": code} | told)
        if home[:4] not in dwellings:
            dwellings[home[:4]] = len(dwellings) + 1
            told = {"unit": unit, "room": room, "building_id": buildings[home[:2]]}
            made[Dwelling].append({"grid_code": code, "name": name} | told)
        if home not in households:
            households[home] = len(households) + 1
            told = {"number": number, "dwelling_id": dwellings[home[:4]]}
            made[Household].append({"grid_code": code, "name": f"{name} {number}"} | told)
        derived = {"grid_code": code, "household_id": households[home]}
        for column in ("name", "id_number", "phone"):
            derived |= derived_from(column, person[column])
        found.append(person | derived | {"search_terms": search_terms(person["name"], people=True)})
    for model, new in made.items():
        session.execute(insert(model), new)
    session.commit()
    return found


# one measurement in a process of its own ---------------------------------------------------------


def measure(what: str, rows: int, file: Path) -> dict[str, float]:
    """Seconds of ``insert`` or ``import`` on the database of the environment, and memory in MB."""
    app = create_app()
    with app.app_context(), acting(SYSTEM):
        session: Session = db.session
        cells = cells_of(session)
        told: dict[str, float] = {}
        if what == "insert":
            people_ready = ready_rows(session, cells, rows)
            told["seconds"] = insert_rows(session, people_ready)
        else:
            gc.collect()
            gc.freeze()  # as for the insert
            watch = Watch()
            watch.start()
            started = time.perf_counter()
            report = run_import(session, KINDS["residents"], file)
            session.commit()
            told["seconds"] = time.perf_counter() - started
            told |= watch.ended()
            told["refused"] = rows - report.created
        return told


def memory(what: str) -> float:
    """``VmRSS`` (now) or ``VmHWM`` (at most) of this process in MB.

    Not ``ru_maxrss``: a new process inherits that from the one that started it.
    """
    text = Path("/proc/self/status").read_text("ascii")
    found = [line.split()[1] for line in text.splitlines() if line.startswith(what)]
    return int(found[0]) / 1024


class Watch(Thread):
    """Looks ten times a second how much more memory this process has than at the start, and how
    much those have for themselves that it started.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._ended, self._start = Event(), memory("VmRSS")
        self._alone = self._whole = 0.0

    def run(self) -> None:
        """Look, until it has ended."""
        while not self._ended.wait(0.1):
            children = [
                child
                for listing in Path("/proc/self/task").glob("*/children")
                for child in listing.read_text("ascii").split()
            ]
            alone = memory("VmRSS") - self._start
            self._whole = max(self._whole, alone + sum(map(own_memory, children)))

    def ended(self) -> dict[str, float]:
        """The most there was: of this process, and of all of them at one moment, in MB."""
        self._ended.set()
        self.join()
        alone = memory("VmHWM") - self._start
        return {"alone": alone, "memory": max(alone, self._whole)}


def own_memory(process: str) -> float:
    """What a process shares with no other, in MB; nought if it is gone."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0
    found = [line.split()[1] for line in text.splitlines() if line.startswith("Private_")]
    return sum(map(int, found)) / 1024


def cells_of(session: Session) -> list[str]:
    """The cells of the demo community."""
    return list(session.scalars(select(Grid.code).where(Grid.level == "cell").order_by(Grid.code)))


def prepare() -> list[str]:
    """The demo community on the database of the environment; its cells."""
    app = create_app()
    with app.app_context(), acting(SYSTEM):
        upgrade()
        synchronise_roles(db.session, app.appbuilder.sm)  # type: ignore[attr-defined]
        load_defaults(db.session)
        build_demo(db.session, 2012, 1, generate_password_hash("bench-only-password"))
        db.session.commit()
        cells = cells_of(db.session)
        db.session.remove()
        db.engine.dispose()
    return cells


# all of them -------------------------------------------------------------------------------------


def compare(engine: str, folder: Path, rows: int, turns: int) -> bool:
    """Measure on ``engine``, print; whether the promises hold."""
    with ExitStack() as stack:
        store: Store = SQLiteStore(folder)
        if engine == "postgresql":
            store = PostgresStore(stack.enter_context(servers.postgres(folder)))
        store.create("ready")
        os.environ |= {"PORTAL_VAR": str(folder), "PORTAL_DATABASE_URL": store.url("ready")}
        cells = prepare()
        file = folder / "residents.xlsx"
        make_file(file, cells, rows)
        found: dict[str, list[dict[str, float]]] = {"insert": [], "import": []}
        for turn in range(turns):
            for what, results in found.items():
                name = f"{what}_{turn}"
                store.clone("ready", name)
                results.append(_apart(what, rows, file, store.url(name)))
    return _tell(engine, rows, found)


def _apart(what: str, rows: int, file: Path, url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.bench_import_residents", "--only", what]
    command += ["--rows", str(rows), "--file", str(file)]
    environ = os.environ | {"PORTAL_DATABASE_URL": url}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _tell(engine: str, rows: int, found: dict[str, list[dict[str, float]]]) -> bool:
    pace = {what: rows / median(one["seconds"] for one in all_) for what, all_ in found.items()}
    ratio = pace["import"] / pace["insert"]
    memory = max(one["memory"] for one in found["import"])
    alone = max(one["alone"] for one in found["import"])
    refused = max(one["refused"] for one in found["import"])
    print(f"{engine}: {rows} residents, median of {len(found['import'])} turns")
    print(f"  bulk insert {pace['insert']:10.0f} rows/s")
    print(f"  import      {pace['import']:10.0f} rows/s   {ratio:.2f} of the insert")
    print(f"  memory      {memory:+10.0f} MB      (the importing process alone: {alone:+.0f} MB)")
    kept = ratio >= HALF and memory <= MOST_MEMORY and not refused
    print(f"  {'ok' if kept else 'BROKEN'}: at least {HALF}, at most +{MOST_MEMORY} MB", flush=True)
    return kept


def main() -> int:
    """Measure on both engines, or on one; 1 if a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--only", choices=("insert", "import"))
    parser.add_argument("--file", type=Path, default=Path())
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(measure(asked.only, asked.rows, asked.file)))
        return 0
    kept = True
    for engine in ("postgresql", "sqlite") if asked.engine == "both" else (asked.engine,):
        with tempfile.TemporaryDirectory() as folder:
            kept &= compare(engine, Path(folder), asked.rows, asked.turns)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
