"""A server that speaks enough of S3 for a site: listing in pages, putting, getting, deleting.

Anonymous visitors get the bucket as a website, as its website endpoint serves it.

    python -m tests.fakes.s3_server
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.sax.saxutils import escape

from tests.fakes.http_server import Answer, Asked, HttpServer, serve_until_interrupted

PAGE = 4
"""Keys in one answer, of which real services give a thousand."""


@dataclass(frozen=True)
class Stored:
    """An object: what it is, and what is said with it."""

    content: bytes
    content_type: str
    cache_control: str

    @property
    def digest(self) -> str:
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


def failure(code: str, status: int) -> Answer:
    """An error as S3 words it."""
    body = f"<Error><Code>{code}</Code><Message>It is {code}.</Message></Error>"
    return Answer(body.encode(), "application/xml", status)


@dataclass
class S3Server(HttpServer):
    """Buckets with their objects, by key. ``encrypted``: tags of objects are no digests, as with keys of one's own."""

    buckets: dict[str, dict[str, Stored]] = field(default_factory=lambda: {"maps": {}})
    encrypted: bool = False

    def answer(self, asked: Asked) -> Answer:
        name, _, key = unquote(asked.place).lstrip("/").partition("/")
        bucket = self.buckets.get(name)
        if bucket is None:
            return failure("NoSuchBucket", 404)
        if "Authorization" not in asked.headers:
            return self._visit(bucket, key)
        with self.lock:
            if asked.method == "PUT":
                headers = asked.headers
                bucket[key] = Stored(asked.body, headers.get("Content-Type", ""), headers.get("Cache-Control", ""))
                return Answer(b"", headers={"ETag": self._tag(bucket[key])})
            if asked.method == "DELETE":
                bucket.pop(key, None)
                return Answer(b"", status=204)
            return self._list(bucket, asked.query) if "list-type" in asked.query else self._get(bucket, key)

    def puts(self) -> list[str]:
        """The keys that were written, in order."""
        return [unquote(asked.place).split("/", 2)[2] for asked in self.asked if asked.method == "PUT"]

    def _tag(self, stored: Stored) -> str:
        return f'"{stored.digest[::-1]}-1"' if self.encrypted else f'"{stored.digest}"'

    def _get(self, bucket: dict[str, Stored], key: str) -> Answer:
        stored = bucket.get(key)
        if stored is None:
            return failure("NoSuchKey", 404)
        headers = {"ETag": self._tag(stored), "Cache-Control": stored.cache_control}
        return Answer(stored.content, stored.content_type, headers=headers)

    def _visit(self, bucket: dict[str, Stored], key: str) -> Answer:
        answer = self._get(bucket, f"{key}index.html" if key.endswith("/") or not key else key)
        if answer.status == 200:
            return answer
        page = next((bucket[name] for name in bucket if name.endswith("404.html")), None)
        return Answer(page.content if page else b"", "text/html", 404)

    def _list(self, bucket: dict[str, Stored], query: dict[str, str]) -> Answer:
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
        return Answer(f"<ListBucketResult>{cut}{token}{rows}</ListBucketResult>".encode(), "application/xml")


if __name__ == "__main__":
    serve_until_interrupted(S3Server(), 9000, "AWS_ENDPOINT_URL", "")
