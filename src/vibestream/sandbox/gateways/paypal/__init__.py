"""The stand-in of PayPal: OAuth, Orders v2, Payments v2, Payouts v1, Disputes v1, Transaction Search v1, webhooks.

Source: developer.paypal.com/api/rest and the OpenAPI files of github.com/paypal/paypal-rest-api-specifications.
"""
