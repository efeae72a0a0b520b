"""Optimizations: their decisions, tables and answers, and who conducts them."""
