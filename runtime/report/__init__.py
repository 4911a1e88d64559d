"""A run as one HTML page that opens offline: `page.write_report`."""
