"""Gateways: the companies that move money from cards and accounts to us, and from us to payees.

A capability of its own because checkout, webhooks, payouts and reconciliation all speak to them. What is asked of every
one of them is the Protocol `PaymentGateway` in `domain.port`; each adapter in `gateway` satisfies it by the provider's real
interface; `service` chooses between them and keeps those that fail from being asked.
"""
