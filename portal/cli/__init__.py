"""Commands: ``flask --app portal.app portal …``.

A command's module is imported when the command is called: the web server and the runner must not
carry what only one command needs (the PDF renderer alone takes 60 MB).
"""

import importlib

import click
from flask.cli import AppGroup

# name -> module and attribute of the click command
COMMANDS = {
    "init": "portal.cli.init:init",
    "demo": "portal.cli.demo:demo",
    "import": "portal.cli.imports:import_command",
    "undo-import": "portal.cli.imports:undo_import",
    "export": "portal.cli.exports:export_command",
    "check-grids": "portal.cli.check_grids:check_grids",
    "plan-grids": "portal.cli.plan_grids:plan_grids",
    "render": "portal.cli.render:render",
    "remind": "portal.cli.remind:remind",
    "verify-trail": "portal.cli.verify_trail:verify_trail",
    "tick": "portal.cli.tick:tick",
    "keys": "portal.cli.keys:keys",
    "user": "portal.cli.users:user",
    "doctor": "portal.cli.doctor:doctor",
    "run": "portal.cli.run:run",
}


class LazyGroup(AppGroup):
    """A group that finds its commands by dotted name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for a name that is not in the table."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


portal_cli = LazyGroup("portal", help="The grid portal.")
