# Runs a PostgreSQL server for tests while any test process holds the lock file $2, and removes it
# afterwards. $1 is the port. Prints the folder, which also holds the socket, once the server
# answers. It runs as an unprivileged user, since PostgreSQL refuses root.
set -eu
trap '' INT HUP
umask 077
folder=$(mktemp -d "${TMPDIR:-/tmp}/signet-test-postgres-XXXXXX")
cd "$folder"
trap 'rm -rf "$folder"' EXIT
for bin in /usr/lib/postgresql/*/bin; do PATH="$bin:$PATH"; done
echo signet > password
initdb -D data -U signet -E UTF8 --locale=C --auth-local=trust --auth-host=scram-sha-256 \
    --pwfile=password --no-sync > initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
postgres -D data -k "$folder" -h 127.0.0.1 -p "$1" -c fsync=off -c full_page_writes=off \
    -c synchronous_commit=off -c max_connections=1000 -c shared_buffers=32MB > log 2>&1 &
server=$!
until pg_isready -q -h "$folder" -p "$1"; do
    kill -0 "$server" 2> /dev/null || { cat log >&2; exit 1; }
    sleep 0.05
done
echo "$folder"
exec > /dev/null 2>&1
# While this script holds the lock, no test process joins the ending server.
exec 9< "$2"
until flock -n -x 9; do sleep 2; done
kill -QUIT "$server"
wait "$server" || true
