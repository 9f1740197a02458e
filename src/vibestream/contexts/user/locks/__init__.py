"""Accounts that an admin locked: nobody gets in until one is unlocked."""
