"""How often one may try: the rules and their counting. Who is limited now is in `notes`."""

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
