"""Calendars: what working time is, for all workflows and for single ones."""
