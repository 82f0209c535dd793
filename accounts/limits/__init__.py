"""Rate limits: the rules and their counting. `notes` knows who is currently limited."""

from accounts.limits.counting import Limited, StoreDown, account_key, check, check_sign_in, give_back, guard

__all__ = [
    "Limited",
    "StoreDown",
    "account_key",
    "check",
    "check_sign_in",
    "give_back",
    "guard",
]
