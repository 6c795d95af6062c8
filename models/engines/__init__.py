"""Tortoise's engines for SQLite and PostgreSQL, made safe to cancel, to share between processes and to migrate."""
