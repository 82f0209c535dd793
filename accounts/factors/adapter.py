import ipaddress
import logging
from base64 import urlsafe_b64encode
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes
from qrcode import QRCode
from qrcode.image.svg import SvgPathFillImage

log = logging.getLogger("holdfast.factors")


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """How allauth.mfa behaves here: secrets are encrypted at rest, passkeys belong to the host of PUBLIC_URL."""

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return _fernet().decrypt(encrypted_text).decode()
        except InvalidToken:
            log.error("A second factor cannot be decrypted: was SECRET_KEY changed? `manage.py reset_mfa` removes it")
            return str(generate_totp_secret())  # one that nobody knows: no code fits

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": "Holdfast"}

    def build_totp_svg(self, url: str) -> str:
        """Return the QR code, white below it, as an element for a page."""
        code = QRCode(image_factory=SvgPathFillImage, border=3)
        code.add_data(url)
        svg: str = code.make_image().to_string(encoding="unicode")
        return svg


def passkeys_work_at(host: str) -> bool:
    """Do browsers let the page at this host, without its port, use passkeys? Not at an address, nor without https."""
    public = urlsplit(settings.PUBLIC_URL)
    try:
        ipaddress.ip_address((public.hostname or "").strip("[]"))
    except ValueError:
        return host == public.hostname and (public.scheme == "https" or host == "localhost")
    return False


def _fernet() -> MultiFernet:
    """Encrypt with a key made from SECRET_KEY; decrypt also with those of SECRET_KEY_FALLBACKS."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(urlsafe_b64encode(_derive(secret))) for secret in secrets])


def _derive(secret: str | bytes) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"holdfast second factors")
    return kdf.derive(force_bytes(secret))
