"""A passkey as a browser would have made it, for tests without a browser."""

import secrets
from hashlib import sha256

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from accounts.models import User

PRESENT_VERIFIED_ATTESTED = AuthenticatorData.FLAG(0x45)


def make_passkey(person: User, *, name: str = "Key") -> Authenticator:
    key = ES256.from_cryptography_key(generate_private_key(SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid.NONE, secrets.token_bytes(16), key)
    data = AuthenticatorData.create(sha256(b"localhost").digest(), PRESENT_VERIFIED_ATTESTED, 0, credential)
    client = CollectedClientData.create("webauthn.create", b"challenge", "http://localhost")
    number = websafe_encode(credential.credential_id)
    response = {
        "clientDataJSON": websafe_encode(client),
        "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
    }
    made = {"id": number, "rawId": number, "type": "public-key", "response": response}
    return Authenticator.objects.create(user=person, type="webauthn", data={"name": name, "credential": made})
