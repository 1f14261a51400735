#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, each from `openssl rand -hex 24`; what is there already stays.
# Usage: deploy/compose/secrets.sh [folder]
#
# The folder is closed to other users. The files in it are not: containers read them as users of their own.
set -eu
umask 077
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
cd "$folder"

write() {  # name, text
    [ -e "$1" ] || { printf '%s\n' "$2" > ".$1" && chmod 644 ".$1" && mv ".$1" "$1"; }
}
password() {  # name: the password of that file, made when it is missing
    write "$1" "$(openssl rand -hex 24)"
    cat "$1"
}
hash() {  # name: its SHA-256, as ClickHouse compares it
    printf %s "$(cat "$1")" | openssl dgst -sha256 -r | cut -c 1-64
}

postgres=$(password postgres_password)
write postgres_dsn "postgresql://techhub:$postgres@postgres:5432/techhub"
connector=$(password connector_password)
write connector.properties "password=$connector"
for user in writer reader migrator; do
    password=$(password "clickhouse_${user}_password")
    write "clickhouse_${user}_dsn" "http://$user:$password@clickhouse:8123"
done
for name in grafana_admin_password metrics_token serve_token; do
    password "$name" > /dev/null
done
write clickhouse_passwords.xml "<clickhouse>
    <writer_sha256>$(hash clickhouse_writer_password)</writer_sha256>
    <reader_sha256>$(hash clickhouse_reader_password)</reader_sha256>
    <migrator_sha256>$(hash clickhouse_migrator_password)</migrator_sha256>
</clickhouse>"
echo "secrets are in $(pwd)"
