from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed and compressed static files, with the imports inside JavaScript modules hashed as well."""

    support_js_module_import_aggregation = True
