"""How a command ends after an error."""

from __future__ import annotations

import errno
import sys
import traceback
from typing import Any, NoReturn

import click

from glue_jobs.errors import STOPPED, UsageLakeError


class CommandGroup(click.Group):
    """Prints errors as one sentence and exits with code 1; --verbose adds the stack trace."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except UsageLakeError as error:
            _fail(context, str(error))
        except UnicodeEncodeError as error:
            text = error.object[error.start : error.end]
            _fail(context, f"{error.encoding} cannot encode {text!a}; set PYTHONIOENCODING=utf-8")
        except OSError as error:
            # The reader of a pipe, such as head, may stop before the end; click handles that.
            if error.errno == errno.EPIPE:
                raise
            _fail(context, str(error))
        except KeyboardInterrupt:
            hint = "; the next run continues from here" if context.invoked_subcommand == "ingest" else ""
            click.echo(f"\nstopped{hint}", err=True)
            sys.exit(STOPPED)


def _fail(context: click.Context, sentence: str) -> NoReturn:
    if context.params.get("verbose"):
        traceback.print_exc()
    click.echo(f"error: {sentence}", err=True)
    sys.exit(1)
