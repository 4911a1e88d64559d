"""Certificates of the local exchange: an authority of its own, and what it signs for the TLS port."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

CA_FILE, CA_KEY_FILE = "ca.pem", "ca.key"
NAMES = ("localhost", "127.0.0.1", "::1")
CA_NAME = "flashc local exchange"
_YEARS = 10
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that clients are told to trust, and its key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey


def authority(folder: Path, today: datetime.datetime) -> Authority:
    """The authority kept in `folder`; made on the first call, and anew when it is damaged or near its end."""
    kept = _kept(folder)
    if kept is not None and kept.certificate.not_valid_after_utc > today + 30 * _DAY:
        return kept
    made = new_authority(CA_NAME, today)
    _write_private(folder / CA_KEY_FILE, _key_pem(made.key))
    (folder / CA_FILE).write_bytes(_pem(made.certificate))
    return made


def _kept(folder: Path) -> Authority | None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        certificate = x509.load_pem_x509_certificate((folder / CA_FILE).read_bytes())
        key = load_pem_private_key((folder / CA_KEY_FILE).read_bytes(), None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return Authority(certificate, key)


def new_authority(name: str, today: datetime.datetime) -> Authority:
    """An authority that signs for loopback names only, if its holder keeps to its certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        _builder(name, name, key, today - _DAY, today + 365 * _YEARS * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def server_context(
    signer: Authority | None, names: tuple[str, ...], first: datetime.datetime, last: datetime.datetime
) -> ssl.SSLContext:
    """A server's side of TLS with a fresh certificate for `names`, valid from `first` to `last`.

    Without a `signer` it signs itself.
    """
    import tempfile

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    issuer = CA_NAME if signer is not None else names[0]
    builder = _builder(names[0], issuer, key, first, last).add_extension(_alternatives(names), critical=False)
    if signer is not None:
        parent = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
        builder = builder.add_extension(parent, critical=False)
    certificate = builder.sign(signer.key if signer is not None else key, hashes.SHA256())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory() as scratch:  # the ssl module reads files only; this folder is ours alone
        file = Path(scratch) / "pair.pem"
        _write_private(file, _key_pem(key) + _pem(certificate))
        context.load_cert_chain(file)
    return context


def _builder(
    name: str, issuer: str, key: EllipticCurvePrivateKey, first: datetime.datetime, last: datetime.datetime
) -> x509.CertificateBuilder:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
    )


def _named(name: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _alternatives(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    from cryptography import x509

    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(found)


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
