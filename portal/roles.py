"""Roles and rights: one table, from which FAB's roles are made (``portal init``).

Source: the roles of the domain model. Actions: ``read`` (list, show, look up), ``write`` (add,
edit), ``remove``, ``export``. What is not in the table is not allowed.
"""

READ, WRITE, REMOVE, EXPORT = "read", "write", "remove", "export"
ACTIONS = (READ, WRITE, REMOVE, EXPORT)

PUBLIC = "Public"
GRID_WORKER = "GridWorker"
GRID_LEADER = "GridLeader"
BLOCK_LEADER = "BlockLeader"
AREA_LEADER = "AreaLeader"
CLERK = "Clerk"
MEDIATOR = "Mediator"
STATION = "Station"
LEADER = "Leader"
STREET = "Street"
CARE_OFFICER = "CareOfficer"
AUDITOR = "Auditor"
ADMIN = "Admin"

FIELD = (GRID_WORKER, GRID_LEADER, BLOCK_LEADER, AREA_LEADER, CLERK, MEDIATOR)
STAFF = (*FIELD, STATION, LEADER, STREET)
ALL = (*STAFF, CARE_OFFICER, AUDITOR, ADMIN)
# Who may look into the register of people; leaders and the street see figures.
REGISTER = (GRID_WORKER, GRID_LEADER, BLOCK_LEADER, AREA_LEADER, CLERK, STATION)
# Who can be given an order.
HANDLERS = (GRID_WORKER, GRID_LEADER, BLOCK_LEADER, AREA_LEADER, MEDIATOR, STATION)
OFFICE = (CLERK, STATION, LEADER, STREET)

# resource: {action: roles}
TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "Grid": {
        READ: (*STAFF, CARE_OFFICER, ADMIN),
        WRITE: (STATION,),
        REMOVE: (STATION,),
        EXPORT: OFFICE,
    },
    "Worker": {
        READ: (*STAFF, ADMIN),  # the administrator ties accounts to workers
        WRITE: (CLERK, STATION),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    **{
        resource: {
            READ: REGISTER,
            WRITE: (GRID_WORKER, GRID_LEADER, CLERK, STATION),
            REMOVE: (STATION,),
            EXPORT: (CLERK, STATION),
        }
        for resource in ("Building", "Dwelling", "Household", "Resident", "Organisation")
    },
    # A change is taken back by another one, never deleted.
    "PopulationChange": {
        READ: REGISTER,
        WRITE: (GRID_WORKER, GRID_LEADER, CLERK, STATION),
        REMOVE: (),
        EXPORT: (CLERK, STATION),
    },
    # Each side reads its own row (rules/cross_checks.py).
    "CrossCheck": {
        READ: REGISTER,
        WRITE: (GRID_WORKER, GRID_LEADER, CLERK, STATION),
        REMOVE: (),
        EXPORT: (CLERK, STATION),
    },
    "HomeVisit": {
        READ: REGISTER,
        WRITE: (GRID_WORKER, GRID_LEADER, CLERK, STATION),
        REMOVE: (),
        EXPORT: (CLERK, STATION),
    },
    # Places are put right, accepted and taken off the list by steps of their own (rules/places.py).
    "Place": {
        READ: (*REGISTER, LEADER),
        WRITE: REGISTER,
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "Patrol": {
        READ: (*REGISTER, LEADER),
        WRITE: (GRID_WORKER, GRID_LEADER, BLOCK_LEADER, AREA_LEADER, STATION),
        REMOVE: (),
        EXPORT: (STATION,),
    },
    # Made by the station; gone through by whoever patrols (rules/sweeps.py).
    "Sweep": {
        READ: (*REGISTER, LEADER),
        WRITE: (STATION,),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "ServiceRound": {
        READ: (*REGISTER, LEADER),
        WRITE: REGISTER,
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "Post": {
        READ: STAFF,
        WRITE: (STATION,),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "PostRole": {READ: ALL, WRITE: (), REMOVE: (), EXPORT: (CLERK, STATION)},
    "Duty": {
        READ: ALL,
        WRITE: (STATION,),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "Hotline": {
        READ: ALL,
        WRITE: (STATION, ADMIN),
        REMOVE: (STATION, ADMIN),
        EXPORT: (CLERK, STATION),
    },
    "Regulation": {
        READ: ALL,
        WRITE: (STATION,),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "LeadingGroup": {
        READ: STAFF,
        WRITE: (STATION,),
        REMOVE: (STATION,),
        EXPORT: OFFICE,
    },
    "Team": {
        READ: STAFF,
        WRITE: (CLERK, AREA_LEADER, STATION),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "MeetingSeries": {
        READ: STAFF,
        WRITE: (CLERK, STATION),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "Meeting": {
        READ: STAFF,
        WRITE: (BLOCK_LEADER, AREA_LEADER, CLERK, STATION),
        REMOVE: (STATION,),
        EXPORT: OFFICE,
    },
    "MatterCategory": {READ: STAFF, WRITE: (STATION,), REMOVE: (), EXPORT: (CLERK, STATION)},
    # What is restricted, and what is about oneself, shows to fewer (rules/confidential.py); what
    # becomes of an order is for its flow to say (rules/work_orders).
    "Matter": {
        READ: STAFF,
        WRITE: (*FIELD, STATION),
        REMOVE: (),
        EXPORT: (CLERK, STATION),
    },
    "WorkOrder": {READ: STAFF, WRITE: STAFF, REMOVE: (), EXPORT: (CLERK, STATION)},
    "SupervisionOrder": {
        READ: (BLOCK_LEADER, AREA_LEADER, STATION, LEADER),
        WRITE: (AREA_LEADER, STATION, LEADER),
        REMOVE: (),
        EXPORT: (STATION,),
    },
    # Shows to those who handle it (rules/confidential.py), who keep it (rules/mediation); it leaves
    # as its own paper only.
    "MediationFile": {
        READ: (GRID_WORKER, GRID_LEADER, BLOCK_LEADER, AREA_LEADER, MEDIATOR, STATION, LEADER),
        WRITE: (GRID_WORKER, GRID_LEADER, BLOCK_LEADER, AREA_LEADER, MEDIATOR, STATION, LEADER),
        REMOVE: (),
        EXPORT: (),
    },
    # The authority's side of a petition; by matter, never by who petitioned (care.md).
    "PetitionCase": {
        READ: STAFF,
        WRITE: (*FIELD, STATION, LEADER),
        REMOVE: (),
        EXPORT: (),
    },
    # Read by everybody below the grid that it serves.
    "MunicipalUnit": {
        READ: STAFF,
        WRITE: (CLERK, STATION),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    # Their own, and what they decide about (rules/confidential.py); never all of one person.
    "ResponsibilityDraft": {
        READ: (*HANDLERS, LEADER, AUDITOR),
        WRITE: (*HANDLERS, LEADER),
        REMOVE: (),
        EXPORT: (),
    },
    "CalendarDay": {
        READ: (*STAFF, ADMIN),
        WRITE: (STATION,),
        REMOVE: (STATION,),
        EXPORT: (CLERK, STATION),
    },
    "Card": {READ: STAFF, WRITE: (CLERK, STATION), REMOVE: (), EXPORT: (STATION,)},
    # Whoever changes a board says so on the spot, so everybody in the field may.
    "Board": {
        READ: STAFF,
        WRITE: (GRID_WORKER, GRID_LEADER, BLOCK_LEADER, AREA_LEADER, CLERK, STATION),
        REMOVE: (STATION,),
        EXPORT: OFFICE,
    },
    "Photo": {
        READ: STAFF,
        WRITE: (GRID_WORKER, GRID_LEADER, BLOCK_LEADER, AREA_LEADER, CLERK, STATION),
        REMOVE: (CLERK, STATION),
        EXPORT: (),
    },
    "IssuedDocument": {READ: STAFF, WRITE: (STATION,), REMOVE: (), EXPORT: (STATION,)},
    # Writing an import: what it writes needs its own right. Everybody takes their own back.
    "ImportBatch": {
        READ: (CLERK, STATION, AUDITOR),
        WRITE: (CLERK, STATION),
        REMOVE: (),
        EXPORT: (),
    },
    # What leaves the portal: to whom and what kind, never what it says.
    "Delivery": {READ: (ADMIN,), WRITE: (ADMIN,), REMOVE: (), EXPORT: ()},
    "GroupRobot": {
        READ: (STATION, ADMIN),
        WRITE: (STATION, ADMIN),
        REMOVE: (STATION, ADMIN),
        EXPORT: (),
    },
    "User": {READ: (ADMIN,), WRITE: (ADMIN,), REMOVE: (), EXPORT: ()},
    "Role": {READ: (ADMIN, AUDITOR), WRITE: (), REMOVE: (), EXPORT: ()},
    "AccountGrant": {
        READ: (ADMIN, AUDITOR),
        WRITE: (ADMIN,),
        REMOVE: (ADMIN,),
        EXPORT: (),
    },
    "AuditEntry": {READ: (AUDITOR,), WRITE: (), REMOVE: (), EXPORT: (AUDITOR,)},
    "Job": {READ: (ADMIN,), WRITE: (ADMIN,), REMOVE: (), EXPORT: ()},  # of the queue
    "Setting": {READ: (STATION, ADMIN), WRITE: (ADMIN,), REMOVE: (), EXPORT: ()},
    # the description of the REST interface
    "OpenApi": {READ: ALL, WRITE: (), REMOVE: (), EXPORT: ()},
}

BUILT_IN = (PUBLIC, *ALL)
# Roles that come from a post; the others are granted to an account by the administrator.
GRANTABLE = (LEADER, STATION, STREET, CLERK, MEDIATOR, AUDITOR, ADMIN)


def permits(role: str, action: str, resource: str) -> bool:
    """Whether the built-in ``role`` may do ``action`` on ``resource``."""
    return role in TABLE.get(resource, {}).get(action, ())


def rights(role: str) -> frozenset[tuple[str, str]]:
    """All ``(action, resource)`` pairs of a built-in role."""
    return frozenset(
        (action, resource)
        for resource, actions in TABLE.items()
        for action, roles in actions.items()
        if role in roles
    )
