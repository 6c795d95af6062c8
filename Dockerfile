# The server, without what builds it. `docker compose up` runs it with PostgreSQL and Redis: see compose.yaml.
FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /app
# Or requirements-otel.lock: the same, and OpenTelemetry.
ARG LOCK=requirements.lock
COPY ${LOCK} .
RUN /app/bin/pip install --no-cache-dir --require-hashes -r ${LOCK}
COPY . .
RUN /app/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /app/bin/pip uninstall --yes --quiet hatchling pip

FROM python:3.12-slim
RUN groupadd --gid 10001 forum && useradd --uid 10001 --gid forum --no-create-home forum \
    && install --directory --owner forum --group forum /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 DATABASE_URL=sqlite:///data/forum.db SECRET_FILE=/data/secret.key
USER forum
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["qa", "serve", "--host", "0.0.0.0", "--port", "8000"]
