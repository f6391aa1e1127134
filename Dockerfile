# Build:  docker build -t nightcrier .
#         with Apprise and Kosmi:  docker build --build-arg LOCK=requirements-extras.lock -t nightcrier .
# Run:    docker run --read-only --tmpfs /tmp -v nightcrier:/data -v "$PWD/config.toml:/config.toml:ro" nightcrier
FROM python:3.13-slim AS build
WORKDIR /src
ARG LOCK=requirements.lock
COPY requirements.lock requirements-extras.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r "$LOCK"
COPY pyproject.toml README.md ./
COPY bot bot
COPY adapters adapters
RUN /venv/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data nightcrier && install -d -o nightcrier /data
COPY --from=build /venv /venv
USER nightcrier
VOLUME /data
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NIGHTCRIER_STORE__PATH=/data/nightcrier.db
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["nightcrier", "health", "-c", "/config.toml"]
ENTRYPOINT ["nightcrier"]
CMD ["run", "-c", "/config.toml"]
