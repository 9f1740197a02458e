"""Simulated payments and payouts: no real, freely usable data of card fraud is to be had.

`handbook` is the Fraud Detection Handbook's simulator, made again from its description; `music` adds what a music platform
meets; `worlds` puts them together.
"""
