"""The adapter to the database: tables, migrations and the stores behind the ports.
Never here: decisions about jobs beyond what one transaction must guard."""
