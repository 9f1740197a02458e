"""HTTP of the seal: the keys, the seals and proofs. Hashes are hexadecimal; everything verifies offline."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from vibestream.contexts.payment.seal import service
from vibestream.contexts.payment.seal.service import Head
from vibestream.kernel.ids import TransactionId
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.dependencies import PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["ledger"])

_LARGEST = 2**63 - 1
Number = Annotated[int, Query(ge=1, le=_LARGEST)]


class KeyBody(BaseModel):
    """A public key as JSON Web Key (RFC 8037)."""

    kty: str
    crv: str
    alg: str
    use: str
    kid: str = Field(description="The key's thumbprint (RFC 7638), which seals name it by.")
    x: str


class KeysBody(BaseModel):
    """The public keys that seals are signed with: the present one first, then the earlier ones."""

    keys: list[KeyBody]


class HeadBody(BaseModel):
    """One seal: the signed head of the tree over all transactions."""

    seal: int
    first: int = Field(description="Transactions that the seals before hold.")
    size: int = Field(description="Transactions in the tree.")
    root: str
    previous: str = Field(description="Digest of the signed text of the seal before; zeros in the first.")
    sealed_at: str
    key_id: str
    signature: str = Field(description="Ed25519 over the seal's text, in base64.")


class TransactionProofBody(BaseModel):
    """That a transaction is a leaf of the sealed tree."""

    leaf: str = Field(description="The transaction's canonical text, exactly as it is hashed.")
    index: int
    path: list[str]
    head: HeadBody


class EntryProofBody(BaseModel):
    """That an entry belongs to a transaction that is a leaf of the sealed tree."""

    leaf: str = Field(description="The entry's canonical text, exactly as it is hashed.")
    path: list[str]
    transaction: TransactionProofBody


class EntryProofsBody(BaseModel):
    """Proofs of what one transaction moved on one's own accounts."""

    proofs: list[EntryProofBody]


class ConsistencyBody(BaseModel):
    """That the tree of one seal is the beginning of that of a later one."""

    old: HeadBody
    new: HeadBody
    path: list[str]


@router.get("/.well-known/vibestream-ledger-keys.json", policy=ANYONE)
async def list_ledger_keys(runtime: RuntimeDep) -> KeysBody:
    """Return the public keys whose seals are to be believed."""
    settings = runtime.settings
    keys = service.trusted_keys(sealing_key=settings.sealing_key(), public_keys=settings.seal_public_keys)
    return KeysBody(keys=[KeyBody.model_validate(key.jwk()) for key in keys])


@router.get("/api/v1/ledger/seals", policy=ANYONE)
async def list_seals(tx: TxDep, paging: PagingDep) -> Page[HeadBody]:
    """Return the seals, the newest first. Keep one: nobody can change what it covers without contradicting it."""
    after = paging.after_values(int)
    found = await service.heads(tx, below=None if after is None else after[0], limit=paging.fetch)
    return paging.page(found, item=_head, position=lambda head: (head.number,))


@router.get("/api/v1/ledger/seals/consistency", policy=ANYONE)
async def prove_consistency(tx: TxDep, old: Number, new: Number) -> ConsistencyBody:
    """Return the proof that nothing an old seal covers was changed or taken out by a new one, given their numbers."""
    proof = await service.prove_consistency(tx, old=old, new=new)
    return ConsistencyBody.model_validate(proof.to_json())


@router.get("/api/v1/ledger/seals/{number}", policy=ANYONE)
async def show_seal(number: Annotated[int, Field(ge=1, le=_LARGEST)], tx: TxDep) -> HeadBody:
    """Return one seal."""
    return _head(await service.head(tx, number=number))


@router.get("/api/v1/wallet/transactions/{transaction_id}/proofs", policy=SIGNED_IN)
async def prove_transaction(transaction_id: UUID, tx: TxDep, principal: PrincipalDep) -> EntryProofsBody:
    """Return proofs of what a transaction moved on the signed-in person's accounts; no other account is shown."""
    proofs = await service.prove_to_person(tx, user_id=principal.user_id, transaction_id=TransactionId(transaction_id))
    return EntryProofsBody(proofs=[EntryProofBody.model_validate(proof.to_json()) for proof in proofs])


def _head(head: Head) -> HeadBody:
    return HeadBody.model_validate(service.head_to_json(head))
