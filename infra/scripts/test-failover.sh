#!/usr/bin/env bash
# Kills a master of a running Redis Cluster and measures how long its slots are without one. Checks
# that its replica takes over with every write that had reached it, and that the killed node comes
# back as a replica. For test systems: clients of that master meet errors for some seconds.
#
#   infra/scripts/test-failover.sh
#       for the system of `cargo xtask up`
#   infra/scripts/test-failover.sh --nodes 127.0.0.1:7001,…,127.0.0.1:7006 --victim 127.0.0.1:7001 \
#       --kill 'docker compose kill redis-1' --start 'docker compose start redis-1'
#       for any cluster
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
run=$here/../../.run

# A failover takes 3 to 5 s with a node timeout of 2 s.
patience_s=60
# Keys written before the kill, all in slots of the victim.
wanted_keys=100

nodes=
victim=
kill_command=
start_command=
while [ $# -gt 0 ]; do
    case $1 in
        --nodes) nodes=${2:?--nodes needs host:port,…} && shift 2 ;;
        --victim) victim=${2:?--victim needs host:port} && shift 2 ;;
        --kill) kill_command=${2:?--kill needs a command} && shift 2 ;;
        --start) start_command=${2:?--start needs a command} && shift 2 ;;
        --help) sed --quiet '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit ;;
        *) echo "unknown option $1, see --help" >&2 && exit 2 ;;
    esac
done

fail() {
    echo "error: $*" >&2
    exit 1
}

# redis-cli on one node.
on() {
    local address=$1
    shift
    redis-cli -h "${address%:*}" -p "${address##*:}" "$@"
}

# Waits until a command succeeds.
eventually() {
    local what=$1
    shift
    local end=$((SECONDS + patience_s))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "$what: not after $patience_s s"
        sleep 0.05
    done
}

# One value of INFO.
info() {
    on "$1" info "$2" 2>/dev/null | sed --quiet "s/^$3:\([^[:space:]]*\).*/\1/p"
}

id_of() {
    on "$1" cluster myid
}

is_master_with_replica() {
    [ "$(info "$1" replication role)" = master ] &&
        on "$1" info replication | grep --quiet '^slave0:.*state=online'
}

# Whether the first replica of a master has everything up to an offset.
has_copied() {
    local copied
    copied=$(info "$1" replication slave0 | sed --quiet 's/.*offset=\([0-9]*\).*/\1/p')
    [ "${copied:-0}" -ge "$2" ]
}

has_taken_over() {
    [ "$(info "$1" replication role)" = master ] && [ "$(on "$1" set "$2" "$2" 2>/dev/null)" = OK ]
}

is_synced_replica() {
    [ "$(info "$1" replication role)" = slave ] &&
        [ "$(info "$1" replication master_link_status)" = up ]
}

# The local server of this address: kills it as a crash would.
kill_local() {
    kill -s KILL "$pid"
}

# Starts it again from its folder, and writes it down for `cargo xtask down`.
start_local() {
    (cd "$folder" && exec setsid redis-server redis.conf >redis.log 2>&1 </dev/null) &
    printf 'redis\t%s\tredis-server\t%s\n' "$!" "$victim" >>"$run/servers"
}

if [ -z "$nodes" ]; then
    [ -r "$run/env" ] || fail "no running system found: start it with \`cargo xtask up\`, or name --nodes"
    # shellcheck source=/dev/null
    . "$run/env"
    nodes=$REDIS_NODES
    kill_command=kill_local
    start_command=start_local
fi
[ -n "$kill_command" ] && [ -n "$start_command" ] || fail "--nodes needs --kill and --start too"
IFS=',' read -r -a all <<<"$nodes"

if [ -z "$victim" ]; then
    for candidate in "${all[@]}"; do
        if is_master_with_replica "$candidate"; then victim=$candidate && break; fi
    done
    [ -n "$victim" ] || fail "no master with a replica in sync among $nodes"
fi
is_master_with_replica "$victim" || fail "$victim is no master with a replica in sync"

victim_id=$(id_of "$victim")
heirs=()
for candidate in "${all[@]}"; do
    if on "$candidate" cluster nodes | grep myself | grep --quiet " $victim_id "; then
        heirs+=("$candidate")
    fi
done
[ "${#heirs[@]}" -gt 0 ] || fail "none of $nodes is a replica of $victim"
if [ "$kill_command" = kill_local ]; then
    pid=$(info "$victim" server process_id)
    folder=$(on "$victim" config get dir | tail -n 1)
fi

# A key in a slot of another master is refused, which costs nothing.
keys=()
number=0
while [ "${#keys[@]}" -lt "$wanted_keys" ]; do
    key=failover-test:$$:$number
    number=$((number + 1))
    if [ "$(on "$victim" set "$key" "$key" 2>&1)" = OK ]; then keys+=("$key"); fi
done
# Nothing is promised about a write that no replica has seen, so the test is about those one has.
offset=$(info "$victim" replication master_repl_offset)
eventually "a replica has the writes" has_copied "$victim" "$offset"

echo "killing $victim, whose replica is ${heirs[*]}"
start_ns=$(date +%s%N)
# Whatever happens from here on, the victim is started again.
trap '$start_command' EXIT
$kill_command

heir=
someone_has_taken_over() {
    for candidate in "${heirs[@]}"; do
        if has_taken_over "$candidate" "${keys[0]}"; then heir=$candidate && return 0; fi
    done
    return 1
}
eventually "a replica takes over" someone_has_taken_over
elapsed_ms=$((($(date +%s%N) - start_ns) / 1000000))
echo "$heir has taken over after $elapsed_ms ms"

missing=0
for key in "${keys[@]}"; do
    [ "$(on "$heir" get "$key")" = "$key" ] || missing=$((missing + 1))
done

trap - EXIT
$start_command
eventually "$victim comes back as a replica" is_synced_replica "$victim"
echo "$victim is back as a replica in sync"

for key in "${keys[@]}"; do on "$heir" del "$key" >/dev/null; done
[ "$missing" -eq 0 ] || fail "$missing of $wanted_keys writes are gone"
echo "all $wanted_keys writes are there"
