"""Why something that is asked of a payment is refused."""

from __future__ import annotations

from typing import ClassVar

from vibestream.contexts.payment.checkout.domain.states import PaymentState
from vibestream.kernel.errors import Conflict, InvalidInput, Missing
from vibestream.kernel.money import Money


class InvalidPayment(InvalidInput):
    """A payment that no gateway could take: of nothing or less, of more than is exact, of points, or back to elsewhere."""

    code: ClassVar[str] = "checkout.invalid_payment"


class UnknownPayment(Missing):
    """There is no such payment, or not for this person."""

    code: ClassVar[str] = "checkout.unknown_payment"


class PaymentKeyReused(Conflict):
    """The idempotency key stands for another request."""

    code: ClassVar[str] = "checkout.key_reused"

    def __init__(self, *, key: str) -> None:
        super().__init__("The same idempotency key was used before for something else.")
        self.key = key


class NotCancellable(Conflict):
    """The money came; it can be given back, and no longer be called off."""

    code: ClassVar[str] = "checkout.not_cancellable"

    def __init__(self, *, state: PaymentState) -> None:
        super().__init__("The payment has been made. Ask for a refund instead.")
        self.state = state


class NotRefundable(Conflict):
    """Nothing of it can be given back as it stands."""

    code: ClassVar[str] = "checkout.not_refundable"

    def __init__(self, *, state: PaymentState) -> None:
        super().__init__(f"A payment that is {state.value.replace('_', ' ')} cannot be refunded.")
        self.state = state


class RefundExceedsPayment(Conflict):
    """More than is left of the payment, counting what is on its way back already."""

    code: ClassVar[str] = "checkout.refund_exceeds_payment"

    def __init__(self, *, asked: Money, left: Money) -> None:
        super().__init__(f"At most {left} of this payment can still be refunded.")
        self.asked = str(asked)
        self.left = str(left)


class MethodNotKept(Conflict):
    """The payment left no method that can be charged again."""

    code: ClassVar[str] = "checkout.method_not_kept"


class NotThisPayment(InvalidInput):
    """The gateway's payment belongs to another one of ours."""

    code: ClassVar[str] = "checkout.not_this_payment"
