"""Certificate authorities of a test's own, for webhooks that pretend to be PayPal's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
GENUINE = "messageverificationcerts.paypal.com"


@dataclass
class Leaf:
    """A signing key and the chain that speaks for it."""

    key: rsa.RSAPrivateKey
    chain: bytes

    def sign(self, message: str) -> bytes:
        return self.key.sign(message.encode(), PKCS1v15(), SHA256())


class Authority:
    """A root that signs leaves, and other authorities below it."""

    def __init__(self, *, name: str = "Test Root", above: Authority | None = None) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.above = above
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = above or self
        self.certificate = (
            builder(self.name, issuer.name, self.key.public_key(), NOW - timedelta(days=400), NOW + timedelta(days=400))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
            .sign(issuer.key, SHA256())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def leaf(
        self,
        host: str = GENUINE,
        *,
        since: datetime = NOW - timedelta(days=1),
        until: datetime = NOW + timedelta(days=30),
        chain: bool = True,
    ) -> Leaf:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = self._certificate(key.public_key(), host, since, until).public_bytes(Encoding.PEM)
        above = self
        while chain and above.above is not None:
            pem += above.pem.encode()
            above = above.above
        return Leaf(key, pem)

    def elliptic(self) -> bytes:
        """Return a certificate whose key is not RSA."""
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        return self._certificate(key, GENUINE, NOW - timedelta(days=1), NOW + timedelta(days=1)).public_bytes(
            Encoding.PEM
        )

    def _certificate(
        self, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, host: str, since: datetime, until: datetime
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        return (
            builder(subject, self.name, key, since, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage(signs=False), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, SHA256())
        )


def builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    since: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False,
    )  # fmt: skip
