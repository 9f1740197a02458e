"""Payouts: what a payee has earned and can have, sent to where they want it.

What always holds: what left a payee's balance is on its way, arrived, or back; nothing is sent twice, nothing before it
was approved by enough people, and nothing to an address that was changed a moment ago. The database refuses a payout
that begins as anything but requested, an approval by its payee or by who asked for it, and a step back.
"""
