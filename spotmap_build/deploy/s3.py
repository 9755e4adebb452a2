"""Deploy to a bucket of Amazon S3 or a compatible service (Cloudflare R2, MinIO, Backblaze B2) with s3fs.

Every file gets a Content-Type, and a Cache-Control header: a year for files named by their content, revalidation for
all others. Simultaneous deployments to the same place are not synchronized, because S3 has no locks.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from spotmap_build.core.text import printable, without_login
from spotmap_build.deploy.target import Deployed, DeployError, decode_marker
from spotmap_build.emit.marker import MAX_MARKER_BYTES, Marker
from spotmap_build.emit.preview import MEDIA_TYPES
from spotmap_build.emit.site import MAX_PAGE_BYTES, PAGE_NAME, generation_of_page
from spotmap_build.errors import ConfigError
from spotmap_build.registry.formats import MARKER_NAME

if TYPE_CHECKING:
    from spotmap_build.deploy.built import BuiltSite

NAMED_BY_CONTENT: Final = ("data", "art", "audio")
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_FIRST: Final = "no-cache"
BATCH_BYTES: Final = 32 << 20
BATCH_FILES: Final = 64
"""Number of files that are read and sent in parallel."""
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_ADVICE: Final = {
    "NoSuchBucket": "There is no such bucket: check its name, create it, or set its endpoint with --endpoint-url.",
    "AccessDenied": "The key lacks permissions: s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject.",
    "InvalidAccessKeyId": "The service does not know this key: check AWS_ACCESS_KEY_ID, or AWS_PROFILE.",
    "SignatureDoesNotMatch": "The secret does not belong to the key: check AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
    "ExpiredToken": "The credentials have expired: get new ones.",
    "PermanentRedirect": "The bucket is in another region: set AWS_DEFAULT_REGION to it.",
    "AuthorizationHeaderMalformed": "The bucket is in another region: set AWS_DEFAULT_REGION to it.",
    "IllegalLocationConstraintException": "The bucket is in another region: set AWS_DEFAULT_REGION to it.",
    "RequestTimeTooSkewed": "The clock of this machine is wrong: set it.",
    "NoCredentialsError": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
    "PartialCredentialsError": "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
    "ProfileNotFound": "Check AWS_PROFILE.",
    "EndpointConnectionError": "Check the connection, the region (AWS_DEFAULT_REGION) and --endpoint-url.",
}
_ELSE: Final = "Try again; files that were sent already are not sent again."


def headers_of(name: str) -> tuple[str, str]:
    """Return the Content-Type and Cache-Control of a file of a site."""
    path = PurePosixPath(name)
    media_type = MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    return media_type, FOREVER if path.parts[0] in NAMED_BY_CONTENT else ASK_FIRST


class S3Target:
    """A bucket, or a prefix in it."""

    def __init__(self, bucket: str, prefix: str, *, endpoint_url: str, shown: str) -> None:
        self.shown = shown
        self._root = f"{bucket}/{prefix}".rstrip("/")
        self._endpoint_url = endpoint_url

    def deploy(self, site: BuiltSite, *, force: bool, dry_run: bool) -> Deployed:
        """See :class:`~spotmap_build.deploy.target.Target`."""
        files = _connect(self._endpoint_url)
        with self._explained():
            there = self._listed(files)
            before = decode_marker(self._read(files, there, MARKER_NAME), self.shown, there, force=force)
            served = generation_of_page(self._read(files, there, PAGE_NAME) or b"")
            after = before.publishing(site.generation, site.files, served=served)
            sent = [name for name in site.files if not _is_there(there.get(name), name, site)]
            removed = sorted((before.paths - after.paths) & there.keys())
            if not dry_run and (sent or removed or before != after):
                self._publish(files, site, before, after, sent=sent, removed=removed)
        return Deployed(tuple(sorted(sent)), tuple(removed), len(site.files) - len(sent))

    def _publish(
        self, files: Any, site: BuiltSite, before: Marker, after: Marker, *, sent: Iterable[str], removed: Iterable[str]
    ) -> None:
        """Send new files, the page last, then delete old ones. At every point the marker lists all files of ours."""
        self._send(files, {MARKER_NAME: Marker((after.generations[0], *before.generations)).encode()})
        for names in _batches([name for name in sent if name != PAGE_NAME], site.sizes):
            self._send(files, {name: site.files[name] for name in names})
        if PAGE_NAME in sent:
            self._send(files, {PAGE_NAME: site.files[PAGE_NAME]})
        for name in removed:
            files.rm_file(f"{self._root}/{name}")
        self._send(files, {MARKER_NAME: after.encode()})

    def _send(self, files: Any, contents: Mapping[str, bytes]) -> None:
        alike: dict[tuple[str, str], dict[str, bytes]] = defaultdict(dict)
        for name, content in contents.items():
            alike[headers_of(name)][f"{self._root}/{name}"] = content
        for (media_type, cache_control), group in alike.items():
            files.pipe(group, ContentType=media_type, CacheControl=cache_control)

    def _listed(self, files: Any) -> dict[str, Mapping[str, Any]]:
        """Return the objects below the prefix, by their name there."""
        found = files.find(self._root, detail=True, withdirs=False)
        start = f"{self._root}/"
        return {path.removeprefix(start): about for path, about in found.items() if path.startswith(start)}

    def _read(self, files: Any, there: Mapping[str, Mapping[str, Any]], name: str) -> bytes | None:
        if name not in there:
            return None
        size_bytes = int(there[name]["size"])
        if size_bytes > max(MAX_MARKER_BYTES, MAX_PAGE_BYTES):
            raise DeployError(
                f"{name} of {self.shown} is too large for a file of a site ({size_bytes:,} bytes).",
                hint="Delete it there, if it is yours.",
            )
        return bytes(files.cat_file(f"{self._root}/{name}"))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Translate errors of the service, with advice."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (OSError, BotoCoreError, ClientError) as error:
            code, message = _reason_of(error)
            raise DeployError(
                f"The site cannot be deployed to {self.shown}: {printable(message).strip().rstrip('.')} ({code}).",
                hint=_ADVICE.get(code, _ELSE),
            ) from error


def _connect(endpoint_url: str) -> Any:
    try:
        import s3fs
    except ImportError as error:
        raise ConfigError(
            "Deploying to S3 requires s3fs, which is not installed.", hint="pip install 'spotmap-build[s3]'"
        ) from error
    from botocore.exceptions import BotoCoreError

    # Not all S3-compatible services support newer checksums than MD5.
    checksums = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
    try:
        return s3fs.S3FileSystem(
            endpoint_url=endpoint_url or None,
            config_kwargs=checksums,
            use_listings_cache=False,
            skip_instance_cache=True,
        )
    except (BotoCoreError, ValueError) as error:
        raise DeployError(f"S3 cannot be used: {error}.", hint=_ADVICE.get(type(error).__name__, _ELSE)) from error


def _reason_of(error: BaseException) -> tuple[str, str]:
    """Return the code and message of an error from the service, or from the client; s3fs wraps it in an OSError."""
    reason = error
    while not hasattr(reason, "response") and reason.__cause__ is not None:
        reason = reason.__cause__
    response = getattr(reason, "response", None)
    details = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(details.get("Code") or type(reason).__name__), without_login(str(details.get("Message") or reason))


def _is_there(about: Mapping[str, Any] | None, name: str, site: BuiltSite) -> bool:
    """Return whether an object equals the local file: by digest, or by name and size if the service has no digest."""
    if about is None or int(about["size"]) != site.sizes[name]:
        return False
    digest = str(about.get("ETag", "")).strip('"')
    if _MD5.fullmatch(digest):
        return digest == hashlib.md5(site.files[name], usedforsecurity=False).hexdigest()
    return name.partition("/")[0] in NAMED_BY_CONTENT


def _batches(names: Iterable[str], sizes: Mapping[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    size_bytes = 0
    for name in names:
        if batch and (len(batch) == BATCH_FILES or size_bytes + sizes[name] > BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(name)
        size_bytes += sizes[name]
    if batch:
        yield batch
