"""Stand-ins of three payment gateways: Stripe, PayPal and Coinbase, in one process on one loopback port.

`python -m vibestream.sandbox.gateways` serves them under `/stripe`, `/paypal` and `/coinbase`; the supervisor starts it when no
real keys are set. They speak the providers' real protocols, check requests against the providers' own definitions, remember
everything in one SQLite file in the data folder, send signed webhooks until they are taken, and show pages on which a person
pays. Under `/_sandbox` they are told to fail (`control`). No money moves anywhere.
"""
