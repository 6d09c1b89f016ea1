#!/bin/sh
# Where passwords are asked (docker-compose.yml), the login has the superuser's; the dev overlay asks none.
set -eu
[ -n "${POSTGRES_PASSWORD:-}" ] || exit 0
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password POSTGRES_PASSWORD
alter role support101 password :'password';
SQL
