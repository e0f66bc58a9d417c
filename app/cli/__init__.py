"""`arcadia`: the command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage."""

import sys

import rich_click as click

from app.cli.administration import migrate, schema, token
from app.cli.backup import backup, restore
from app.cli.check import check
from app.cli.costs import costs
from app.cli.demo import demo
from app.cli.journal import journal
from app.cli.refusal import CommandRefusedError
from app.cli.rollup import rollup
from app.cli.serving import serve, worker
from app.cli.usage_totals import usage_totals
from app.database import DatabaseUnavailable, DatabaseUnsuitable
from app.operations.calls.refusal import Refusal
from app.server.signing import NoSigningSecretError
from app.settings import SettingsError

FAILURES = (CommandRefusedError, SettingsError, DatabaseUnavailable, DatabaseUnsuitable, Refusal, NoSigningSecretError)
"""What is the operator's to mend: told in words, without a stack."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="arcadia-billing", prog_name="arcadia", message="%(prog)s %(version)s")
def arcadia() -> None:
    """ArcadiaCloud billing: one invoice per tenant and month, from deployments, subscriptions and usage."""


for command in (
    demo, serve, worker, migrate, token, rollup, journal, check, usage_totals, costs, backup, restore, schema
):  # fmt: skip
    arcadia.add_command(command)


def main() -> None:
    try:
        sys.exit(arcadia(standalone_mode=False))  # a code given with Exit is returned, not raised
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(1)
    except FAILURES as error:
        click.echo(str(error), err=True)
        sys.exit(1)
