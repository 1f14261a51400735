"""Grafana dashboards, generated from the query catalogue: `make dashboards`."""
