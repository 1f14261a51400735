"""ClickHouse's HTTP interface over its embedded engine (chDB), in a process of its own.

Road of a request: `server` (HTTP, authentication, limits) -> `request` (what is asked: statement, data, parameters,
settings) -> `statement` (which lane, where the data begins) -> `engine` (one fresh connection a statement, so that no
setting outlives it) -> back. For demonstration and tests on one machine: it listens on loopback only.
"""
