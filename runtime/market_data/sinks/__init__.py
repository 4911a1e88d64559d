"""Copies of data sets in databases of others: InfluxDB by line protocol, PostgreSQL and TimescaleDB by SQL."""
