"""The three gateways' clients, and the guard around each.

certainty   how sure a failure is: nothing happened, or nobody knows
fields      reading what a gateway answered without trusting its shape
wire        one provider's HTTP API by httpx
signatures  what the webhooks' signatures have in common
guard       deadline, retries within a budget, circuit breaker, metrics, log
stripe, paypal, coinbase
"""
