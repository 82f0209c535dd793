"""Passkeys, authenticator apps and recovery codes: allauth.mfa, with codes that work once."""

from accounts.factors.codes import has_factor, reset, spend

__all__ = [
    "has_factor",
    "reset",
    "spend",
]
