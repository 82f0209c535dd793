"""The one shape of JSON errors."""

from django.http import JsonResponse


def json_error(status: int, code: str, message: str, *, retry_after: int | None = None) -> JsonResponse:
    """Answer {"error": {"code", "message"}}; `retry_after` is in seconds."""
    response = JsonResponse({"error": {"code": code, "message": message}}, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
