"""The end of a command after an error: one sentence and an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from glue_jobs.errors import STOPPED, ArgumentError, UsageLakeError

PROGRAM = "usage-lake"
FAILED, WRONG_USAGE = 1, 2
"""The exit codes of a failed command, and of a command with wrong arguments."""

SECTIONS = {
    "Begin": ("demo", "connect"),
    "Fill a lake": ("ingest", "status", "rejected", "check", "forget"),
    "Ask": ("queries", "query", "tables", "describe", "sql"),
    "Publish": ("report", "open", "export"),
}
"""The sections of commands in the help."""


class CommandGroup(click.Group):
    """Prints an error as one sentence that begins with ``error:``; --verbose adds the stack trace."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        # Without a name, click uses that of the started file, which may be -c.
        prog_name = prog_name or PROGRAM
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            # The program without arguments shows the help, which is not an error.
            _, *command = error.ctx.command_path.split()
            self.main([*command, "--help"], prog_name)
        except click.ClickException as error:
            click.echo(f"error: {_sentence(error)}", err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(STOPPED)
        except OSError as error:
            # The help and the version could not be written, to a full disk for example.
            _drop_unwritten()
            click.echo(f"error: {error}", err=True)
            sys.exit(FAILED)
        sys.exit(code if isinstance(code, int) else 0)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        named = [name for names in SECTIONS.values() for name in names]
        others = tuple(name for name in self.list_commands(context) if name not in named)
        for title, names in (SECTIONS | ({"Other": others} if others else {})).items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(limit=200)) for name in names])

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except UsageLakeError as error:
            _fail(context, str(error), WRONG_USAGE if isinstance(error, ArgumentError) else FAILED)
        except UnicodeEncodeError as error:
            text = error.object[error.start : error.end]
            _fail(context, f"{error.encoding} cannot encode {text!a}; set PYTHONIOENCODING=utf-8")
        except OSError as error:
            # The reader of a pipe, such as head, may stop before the end; click handles that.
            if error.errno == errno.EPIPE:
                raise
            _drop_unwritten()
            _fail(context, str(error))
        except KeyboardInterrupt:
            hint = "; the same command continues from here" if context.invoked_subcommand == "ingest" else ""
            click.echo(f"\nstopped{hint}", err=True)
            sys.exit(STOPPED)


def _drop_unwritten() -> None:
    """Drop what cannot be written: Python tries again when it ends, and prints a stack trace."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(error: click.ClickException) -> str:
    """click's message about a wrong command line in the form of other errors, with a reference to the help."""
    text = re.sub(r"[.?](?=\s|$)", "", error.format_message()).replace(" Did you mean", "; did you mean")
    text = text.replace(" Choose from:", "; choose from")
    text = " ".join(text.split())
    text = text[:1].lower() + text[1:]
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{text}; {context.command_path} --help explains" if context else text


def _fail(context: click.Context, sentence: str, code: int = FAILED) -> NoReturn:
    if context.params.get("verbose"):
        traceback.print_exc()
    click.echo(f"error: {sentence}", err=True)
    sys.exit(code)
