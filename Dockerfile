# spotmap-build in a container; docs/container.md says how to use it. Built for amd64 and arm64 by .github/workflows/container.yml.
FROM debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f AS base
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/*

FROM base AS builder
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# Layers that rarely change come first. Every file must match a known hash, and no package may run code during its installation.
COPY requirements-rebuild.lock ./
RUN python3 -m venv /opt/spotmap \
 && /opt/spotmap/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements-rebuild.lock
COPY pyproject.toml README.md LICENSE NOTICE.md ./
COPY spotmap_build spotmap_build
COPY site_template site_template
# Without Essentia (half a gigabyte with TensorFlow), because onnxruntime runs the networks, and without build tools, pip and
# the tests of other packages.
RUN /opt/spotmap/bin/pip install --no-cache-dir --no-deps --no-index --no-build-isolation . \
 && /opt/spotmap/bin/pip uninstall --yes essentia-tensorflow hatchling pathspec pluggy trove-classifiers \
 && /opt/spotmap/bin/pip uninstall --yes pip \
 && find /opt/spotmap/lib -type d -name tests -prune -exec rm -rf {} +

FROM base
COPY --from=builder /opt/spotmap /opt/spotmap
# The home directory holds weights, compiled code and the login; any user (docker run --user) may write there.
RUN useradd --uid 10001 --no-create-home --home-dir /home/spotmap --shell /usr/sbin/nologin spotmap \
 && install -d -m 1777 /home/spotmap \
 && install -d -o 10001 -g 10001 /map
ENV PATH=/opt/spotmap/bin:/usr/bin:/bin \
    HOME=/home/spotmap \
    NUMBA_CACHE_DIR=/home/spotmap/.cache/numba \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /map
ENTRYPOINT ["spotmap-build"]
