"""Leaving: what of somebody's money has to be over before they can be erased, and how what is left is given up."""
