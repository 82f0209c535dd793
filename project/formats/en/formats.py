"""How dates read on every page, the operator console's too: short, and as wide at ten o'clock as at six."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j M Y, H:i"
MONTH_DAY_FORMAT = "j F"
