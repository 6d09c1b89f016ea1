# Postgres with pgvector and Apache AGE, both as Debian packages of the Postgres project's archive, which the official
# image is set up for.
FROM postgres:17.5-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-17-pgvector postgresql-17-age \
    && rm -rf /var/lib/apt/lists/*
COPY infra/docker/postgres/ /docker-entrypoint-initdb.d/
