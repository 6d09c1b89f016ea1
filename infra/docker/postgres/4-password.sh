#!/bin/sh
# Where passwords are asked (docker-compose.yml), the login has the superuser's; the dev overlay asks none.
if [ -n "${POSTGRES_PASSWORD:-}" ]; then
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password POSTGRES_PASSWORD
alter role support101 password :'password';
SQL
fi
