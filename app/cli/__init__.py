"""`arcadia`: the command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings."""

import sys
from importlib import import_module

import rich_click as click

from app.cli.command_refused import CommandRefusedError

COMMANDS = {
    "backup": (
        "app.cli.backup",
        "Back up the whole database to FILE, from one consistent snapshot. The system may stay in use.",
    ),
    "catalog": (
        "app.cli.catalog",
        "Keep resource kinds, plans and add-ons in a YAML file: see its differences, apply it, export it.",
    ),
    "check": (
        "app.cli.check",
        "Check data integrity: totals, tax, invoice numbers, usage totals, states, rollup runs, the ledger.",
    ),
    "config": (
        "app.cli.shown_settings",
        "Print the settings in effect and where each comes from. Secrets are masked.",
    ),
    "costs": (
        "app.cli.costs",
        "Import and manage the cloud provider's bills, which are the cost in margin reports.",
    ),
    "demo": (
        "app.cli.demo",
        "Create a demo tenant and run one month: usage, rollup, invoice, credit note and payments. May be repeated.",
    ),
    "doctor": ("app.cli.doctor", "Examine settings, database, queue and due work, and say what to do."),
    "export": (
        "app.cli.record_exporting",
        "Print the invoices, their lines, the payments or the ledger's postings of a period.",
    ),
    "finance-receiver": (
        "app.cli.finance_receiver",
        "Run a small finance system that keeps what it is sent in a file, to try the push. Not in production.",
    ),
    "invoices": ("app.cli.invoices", "List, show, issue, pay and credit invoices, and save their PDF."),
    "journal": (
        "app.cli.journal",
        "Print the journal of a month, such as 2026-04, or of the days from --from until before --to.",
    ),
    "migrate": (
        "app.cli.administration",
        "Run the pending migrations of the database. Several processes may run this at the same time.",
    ),
    "restore": (
        "app.cli.backup",
        "Restore the backup FILE into an empty database and run pending migrations. Then run `arcadia check`.",
    ),
    "rollup": ("app.cli.rollup", "Create the draft invoices of an ended month, such as 2026-04."),
    "runs": (
        "app.cli.run_following",
        "Show rollup runs and issue runs. RUN is the id that `arcadia runs list` prints.",
    ),
    "schema": ("app.cli.administration", "Print the GraphQL schema."),
    "seed": (
        "app.cli.seed",
        "Fill a database without tenants with a small cloud: tenants that come and go, usage, invoices, payments.",
    ),
    "serve": (
        "app.cli.serving",
        "Serve the API and GraphiQL at /graphql, with a worker in a process of its own.",
    ),
    "tenants": ("app.cli.tenants", "List tenants, and show one with its deployments and what it owes."),
    "token": ("app.cli.administration", "Print a signed bearer token for the API."),
    "usage-totals": ("app.cli.usage_totals", "Compare the daily usage totals with the usage events."),
    "worker": (
        "app.cli.working",
        "Run background jobs: the monthly rollup on the 1st, and any month that is not billed yet.",
    ),
}
"""The module of each command, and the text of `arcadia --help`: the first paragraph of the command's own help."""


class _LazyGroup(click.RichGroup):
    """Imports a command's module when the command is run: each needs most of the application, `--help` none of it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else load_command(name), rest


def load_command(name: str) -> click.Command:
    """Imports and returns the command of that name."""
    command: click.Command = getattr(import_module(COMMANDS[name][0]), name.replace("-", "_"))
    return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="arcadia-billing", prog_name="arcadia", message="%(prog)s %(version)s")
def arcadia() -> None:
    """ArcadiaCloud billing: one invoice per tenant and month, from deployments, subscriptions and usage.

    Shell completion: `eval "$(_ARCADIA_COMPLETE=bash_source arcadia)"`, or zsh_source, or fish_source.
    """


for _name, (_, _summary) in COMMANDS.items():
    arcadia.add_command(click.RichCommand(name=_name, help=_summary))


def main() -> None:
    try:
        sys.exit(arcadia(standalone_mode=False))  # a code passed to Exit is returned, not raised
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(1)
    except Exception as error:
        if not isinstance(error, _failures()):
            raise
        click.echo(str(error), err=True)
        sys.exit(2 if isinstance(error, _wrong_settings()) else 1)


def _wrong_settings() -> type[Exception]:
    from app.settings import SettingsError  # imported already, by the command that raised it

    return SettingsError


def _failures() -> tuple[type[Exception], ...]:
    """Returns the exceptions whose cause an operator can correct: their message is printed without a traceback."""
    # Imported here because a command that fails has imported them already, and `--help` needs none of them.
    from app.database import DatabaseUnavailable, DatabaseUnsuitable
    from app.operations.calls.refusal import Refusal
    from app.server.signing import NoSigningSecretError
    from app.settings import SettingsError

    return (CommandRefusedError, SettingsError, DatabaseUnavailable, DatabaseUnsuitable, Refusal, NoSigningSecretError)
