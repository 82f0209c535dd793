"""Forms of allauth.mfa (settings.MFA_FORMS) that use codes up and survive anything sent as a passkey."""

import logging
import re
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.factors import codes
from accounts.text import validate_characters

log = logging.getLogger("holdfast.factors")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*=*")


class _UsesUp(forms.Form):
    code = forms.CharField(
        label=_("Code"), max_length=32, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        tries = limits.check("codes", context.request, account=self.user.email)  # type: ignore[attr-defined]
        self.authenticator = codes.spend(self.user, code)  # type: ignore[attr-defined]
        if self.authenticator is None:
            rows = Authenticator.objects.filter(user=self.user)  # type: ignore[attr-defined]
            if asked := rows.exclude(type=Authenticator.Type.WEBAUTHN).order_by("-type").first():
                self._emit_authentication_failed(asked)  # type: ignore[attr-defined]
            raise get_adapter().validation_error("incorrect_code")
        limits.give_back(tries)
        return code


class AuthenticateForm(_UsesUp, base.AuthenticateForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(_UsesUp, base.ReauthenticateForm):  # type: ignore[misc]
    pass


class ActivateTOTPForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    code = forms.CharField(
        label=_("Code shown in the app"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the new secret in the session, encrypted, until it is in use: a page opened again shows the same one."""
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        session = context.request.session
        if SECRET_SESSION_KEY not in session:
            session[SECRET_SESSION_KEY] = encrypt(generate_totp_secret())
        self.secret = decrypt(session[SECRET_SESSION_KEY])


class CredentialField(forms.JSONField):
    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list in a list in a list
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class _Careful(forms.Form):
    credential = CredentialField(widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        return _parsed(super().clean_credential)  # type: ignore[misc]


class AuthenticateWebAuthnForm(_Careful, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class ReauthenticateWebAuthnForm(_Careful, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class LoginWebAuthnForm(_Careful, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    pass


class EditWebAuthnForm(webauthn.EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("Name"), max_length=100, validators=[validate_characters])


class AddWebAuthnForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(label=_("Name"), max_length=100, required=False, validators=[validate_characters])
    credential = CredentialField(widget=forms.HiddenInput)
    passwordless = None  # every passkey is one that signs in by itself

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = _parsed(super().clean)
        if "credential" in values:
            values["credential"] = _parsed(lambda: _needed(values["credential"]))
        return values


def _parsed(clean: Any) -> Any:
    """Clean; whatever the parsers of the library stumble over in what was sent is an incorrect code."""
    try:
        return clean()
    except ValidationError:
        raise
    except Exception as error:
        log.info("A passkey could not be read: %r", error)
        raise get_adapter().validation_error("incorrect_code") from error


def _needed(credential: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a new passkey: text that any database stores, and no more of it than is used."""
    texts = {name: credential[name] for name in ("id", "rawId")}
    response = {name: credential["response"][name] for name in ("clientDataJSON", "attestationObject")}
    if not all(_BASE64URL.fullmatch(text) for text in (*texts.values(), *response.values())):
        raise ValueError("not base64url")
    return texts | {
        "type": "public-key",
        "response": response,
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
