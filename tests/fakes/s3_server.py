"""A fake S3 server with the operations that a site needs: paginated listing, put, get and delete.

Requests without credentials get the bucket as its website endpoint serves it.

    python -m tests.fakes.s3_server
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.sax.saxutils import escape

from tests.fakes.http_server import HttpServer, Request, Response, serve_until_interrupted

PAGE = 4
"""Keys per page of a listing; real services return a thousand."""


@dataclass(frozen=True)
class Stored:
    """An object and its headers."""

    content: bytes
    content_type: str
    cache_control: str

    @property
    def digest(self) -> str:
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


def failure(code: str, status: int) -> Response:
    """Return an error in S3's format."""
    body = f"<Error><Code>{code}</Code><Message>It is {code}.</Message></Error>"
    return Response(body.encode(), "application/xml", status)


@dataclass
class S3Server(HttpServer):
    """Buckets of objects by key. ``encrypted``: ETags are not MD5 digests, as with customer-provided keys."""

    buckets: dict[str, dict[str, Stored]] = field(default_factory=lambda: {"maps": {}})
    encrypted: bool = False

    def respond(self, request: Request) -> Response:
        name, _, key = unquote(request.place).lstrip("/").partition("/")
        bucket = self.buckets.get(name)
        if bucket is None:
            return failure("NoSuchBucket", 404)
        if "Authorization" not in request.headers:
            return self._visit(bucket, key)
        with self.lock:
            if request.method == "PUT":
                headers = request.headers
                bucket[key] = Stored(request.body, headers.get("Content-Type", ""), headers.get("Cache-Control", ""))
                return Response(b"", headers={"ETag": self._tag(bucket[key])})
            if request.method == "DELETE":
                bucket.pop(key, None)
                return Response(b"", status=204)
            return self._list(bucket, request.query) if "list-type" in request.query else self._get(bucket, key)

    def puts(self) -> list[str]:
        """Return the keys that were written, in order."""
        return [unquote(request.place).split("/", 2)[2] for request in self.requests if request.method == "PUT"]

    def _tag(self, stored: Stored) -> str:
        return f'"{stored.digest[::-1]}-1"' if self.encrypted else f'"{stored.digest}"'

    def _get(self, bucket: dict[str, Stored], key: str) -> Response:
        stored = bucket.get(key)
        if stored is None:
            return failure("NoSuchKey", 404)
        headers = {"ETag": self._tag(stored), "Cache-Control": stored.cache_control}
        return Response(stored.content, stored.content_type, headers=headers)

    def _visit(self, bucket: dict[str, Stored], key: str) -> Response:
        answer = self._get(bucket, f"{key}index.html" if key.endswith("/") or not key else key)
        if answer.status == 200:
            return answer
        page = next((bucket[name] for name in bucket if name.endswith("404.html")), None)
        return Response(page.content if page else b"", "text/html", 404)

    def _list(self, bucket: dict[str, Stored], query: dict[str, str]) -> Response:
        prefix, after = query.get("prefix", ""), query.get("continuation-token", "")
        keys = sorted(key for key in bucket if key.startswith(prefix) and key > after)
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-29T00:00:00.000Z</LastModified>"
            f"<ETag>{escape(self._tag(bucket[key]))}</ETag><Size>{len(bucket[key].content)}</Size>"
            f"<StorageClass>STANDARD</StorageClass></Contents>"
            for key in keys[:PAGE]
        )
        is_cut = len(keys) > PAGE
        token = f"<NextContinuationToken>{escape(keys[PAGE - 1])}</NextContinuationToken>" if is_cut else ""
        cut = f"<IsTruncated>{'true' if is_cut else 'false'}</IsTruncated>"
        return Response(f"<ListBucketResult>{cut}{token}{rows}</ListBucketResult>".encode(), "application/xml")


if __name__ == "__main__":
    serve_until_interrupted(S3Server(), 9000, "AWS_ENDPOINT_URL", "")
