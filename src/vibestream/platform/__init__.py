"""Machinery without business words; the only place with framework, driver and operating system code."""
