"""The command line: `qa --help` lists what it can do."""

import typer

from commands import audit, backup, explain, importing, migrate, rules, schema, seed, serve, settings, users

app = typer.Typer(
    name="qa",
    help="Plainspoken, a GraphQL Q&A server: serve it, fill it, check it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(migrate.migrate)
app.add_typer(importing.app, name="import")
app.command()(seed.seed)
app.command()(audit.check)
app.command()(audit.recount)
app.command()(backup.backup)
app.command()(schema.schema)
app.command()(settings.settings)
app.command()(explain.explain)
app.add_typer(users.app, name="user")
app.add_typer(rules.app, name="rules")
