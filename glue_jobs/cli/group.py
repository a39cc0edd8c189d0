"""How a command ends that could not do what was asked."""

from __future__ import annotations

import errno
import sys
import traceback
from typing import Any, NoReturn

import click

from glue_jobs.errors import STOPPED, UsageLakeError


class CommandGroup(click.Group):
    """Errors of the program are one sentence and exit code 1; --verbose shows where they come from."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except UsageLakeError as error:
            _fail(context, str(error))
        except UnicodeEncodeError as error:
            text = error.object[error.start : error.end]
            _fail(context, f"{error.encoding} has no {text!a}; set PYTHONIOENCODING=utf-8")
        except OSError as error:
            # Who reads the answer may have seen enough of it.
            if error.errno == errno.EPIPE:
                raise
            _fail(context, str(error))
        except KeyboardInterrupt:
            goes_on = "; the next run goes on from here" if context.invoked_subcommand == "ingest" else ""
            click.echo(f"\nstopped{goes_on}", err=True)
            sys.exit(STOPPED)


def _fail(context: click.Context, sentence: str) -> NoReturn:
    if context.params.get("verbose"):
        traceback.print_exc()
    click.echo(f"error: {sentence}", err=True)
    sys.exit(1)
