"""Profiles under a passphrase: scrypt (RFC 7914) makes the key, Fernet encrypts and authenticates."""

import base64

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from rtbci.errors import WearerError

SEALED_VERSION = 1
SEALED_FILE = "profile.sealed"
_SALT_BYTES = 16
# 64 MiB and a fifth of a second for each guess.
_N, _R, _P = 2**16, 8, 1


class _Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of a sealed file; only `token` is secret."""

    version: int = SEALED_VERSION
    wearer: str
    salt: bytes
    n: int
    token: bytes


def seal(content: bytes, wearer: str, passphrase: str, salt: bytes) -> bytes:
    """Encrypt a profile.

    Parameters
    ----------
    content : bytes
        The profile.
    wearer : str
        The pseudonym; it stays legible.
    passphrase : str
        Not empty.
    salt : bytes
        16 random bytes, never used twice.

    Raises
    ------
    WearerError
        If the passphrase is empty.
    """
    if not passphrase:
        raise WearerError("The passphrase is empty, which would hide nothing; give one of several words.")
    if len(salt) != _SALT_BYTES:
        raise ValueError(f"a salt of {len(salt)} bytes, not {_SALT_BYTES}")
    token = Fernet(_key(passphrase, salt, _N)).encrypt(content)
    return msgspec.json.encode(_Sealed(wearer=wearer, salt=salt, n=_N, token=token))


def unseal(sealed: bytes, passphrase: str | None, where: str) -> bytes:
    """Decrypt what `seal` made; `where` names it in what is said of errors.

    Raises
    ------
    WearerError
        If there is no passphrase, it is the wrong one, or the file is damaged.
    """
    content = _parse(sealed, where)
    if passphrase is None:
        raise WearerError(
            f"The profile at {where} is encrypted; give its passphrase (variable RTBCI_PASSPHRASE, or when "
            "asked for it in a terminal)."
        )
    try:
        return Fernet(_key(passphrase, content.salt, content.n)).decrypt(content.token)
    except (InvalidToken, UnsupportedAlgorithm) as error:
        raise WearerError(
            f"The profile at {where} cannot be decrypted: the passphrase is wrong or the file was changed; "
            "try again, or calibrate the wearer again."
        ) from error


def sealed_wearer(sealed: bytes, where: str) -> str:
    """Return the pseudonym that a sealed file names.

    Raises
    ------
    WearerError
        If it is no sealed file.
    """
    return _parse(sealed, where).wearer


def _parse(sealed: bytes, where: str) -> _Sealed:
    try:
        content = msgspec.json.decode(sealed, type=_Sealed)
        # A forged cost must not make the reader allocate without bound.
        if content.version != SEALED_VERSION or content.n != _N or len(content.salt) != _SALT_BYTES:
            raise ValueError("made by another version")
    except (msgspec.DecodeError, ValueError) as error:
        raise WearerError(
            f"The encrypted profile at {where} cannot be read ({error}); calibrate the wearer again."
        ) from error
    return content


def _key(passphrase: str, salt: bytes, n: int) -> bytes:
    raw = Scrypt(salt=salt, length=32, n=n, r=_R, p=_P).derive(passphrase.encode())
    return base64.urlsafe_b64encode(raw)
