"""The stand-in's own certificate authority: what PayPal's webhooks are signed with, provably not by PayPal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vibestream.kernel.time import utc_now

_BITS: Final = 2048
_AUTHORITY_LIVES: Final = timedelta(days=3650)
_LEAF_LIVES: Final = timedelta(days=365)
_SKEW: Final = timedelta(minutes=5)


def make_authority() -> tuple[str, str]:
    """Return a new authority's private key and certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = _name("VibeStream sandbox: not PayPal")
    now = utc_now()
    certificate = (
        _builder(name, name, key.public_key(), now=now, until=now + _AUTHORITY_LIVES)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(key), certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_leaf(*, ca_key: str, ca_certificate: str, host: str) -> tuple[rsa.RSAPrivateKey, str]:
    """Return a key and its certificate (PEM), issued now by the authority, that signs webhooks."""
    authority = serialization.load_pem_private_key(ca_key.encode(), None)
    if not isinstance(authority, rsa.RSAPrivateKey):
        msg = "the sandbox's authority has an RSA key"
        raise TypeError(msg)
    issuer = x509.load_pem_x509_certificate(ca_certificate.encode())
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    now = utc_now()
    certificate = (
        _builder(_name(host), issuer.subject, key.public_key(), now=now, until=now + _LEAF_LIVES)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        .sign(authority, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_signing_key() -> str:
    """Return a new EC P-256 private key as PEM, as Coinbase's keys are."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, *, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(until)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
