#!/usr/bin/env bash
# Adds a master to a running Redis Cluster and moves its share of the slots to it. The application
# goes on: it follows the slots.
#
#   infra/scripts/add-master.sh
#       for the system of `cargo xtask up`: starts one more server under .run/redis
#   infra/scripts/add-master.sh --nodes host:port,… --node host:port
#       for any cluster: takes an empty server that runs already with cluster-enabled yes
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
run=$here/../../.run

# How long the nodes may take to agree about a change.
patience_s=60

nodes=
node=
while [ $# -gt 0 ]; do
    case $1 in
        --nodes) nodes=${2:?--nodes needs host:port,…} && shift 2 ;;
        --node) node=${2:?--node needs host:port} && shift 2 ;;
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
        sleep 0.2
    done
}

# Starts a server in the next free folder of the local system, with the settings of its first
# node, and writes it down for `cargo xtask down`.
start_local_node() {
    local number=6
    while [ -e "$run/redis/node-$number" ]; do number=$((number + 1)); done
    local folder=$run/redis/node-$number
    local port
    port=$(sed --quiet 's/^port //p' "$run/redis/node-0/redis.conf" | tail -n 1)
    # The bus of a node listens 10,000 above it.
    while is_taken "$port" || is_taken $((port + 10000)); do port=$((port + 1)); done
    mkdir "$folder"
    sed "s/^port .*/port $port/" "$run/redis/node-0/redis.conf" >"$folder/redis.conf"
    (cd "$folder" && exec setsid redis-server redis.conf >redis.log 2>&1 </dev/null) &
    local pid=$!
    node=127.0.0.1:$port
    eventually "the new server answers" answers_as "$node" "$pid"
    printf 'redis\t%s\tredis-server\t%s\n' "$pid" "$node" >>"$run/servers"
    echo "started a server on $node, in ${folder#"$here/../../"}"
}

is_taken() {
    (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

answers_as() {
    on "$1" info server 2>/dev/null | grep --quiet "^process_id:$2[[:space:]]*$"
}

# Whether every node of the cluster knows the same owners of all slots.
agree() {
    redis-cli --cluster check "$1" 2>/dev/null | grep --quiet 'All nodes agree about slots' &&
        redis-cli --cluster check "$1" 2>/dev/null | grep --quiet 'All 16384 slots covered'
}

slots_of() {
    on "$1" cluster nodes | grep myself | cut --delimiter=' ' --fields=9- | tr ' ' '\n' |
        awk -F- '/^[0-9]/ { slots += (NF == 2 ? $2 - $1 + 1 : 1) } END { print slots + 0 }'
}

# Whether every node that answers knows the new one as a master.
is_known_everywhere() {
    local id other
    id=$(on "$node" cluster myid)
    for other in "${all[@]}"; do
        [ "$(on "$other" ping 2>/dev/null)" = PONG ] || continue
        on "$other" cluster nodes | grep --quiet "^$id .* master .* connected" || return 1
    done
}

if [ -z "$nodes" ]; then
    [ -r "$run/env" ] || fail "no running system found: start it with \`cargo xtask up\`, or name --nodes"
    # shellcheck source=/dev/null
    . "$run/env"
    nodes=$REDIS_NODES
fi
seed=
IFS=',' read -r -a all <<<"$nodes"
for candidate in "${all[@]}"; do
    if [ "$(on "$candidate" ping 2>/dev/null)" = PONG ]; then seed=$candidate && break; fi
done
[ -n "$seed" ] || fail "no Redis answers on $nodes"
if [ -z "$node" ]; then
    start_local_node
fi

redis-cli --cluster add-node "$node" "$seed"
eventually "every node knows the new master" is_known_everywhere
eventually "the cluster agrees" agree "$seed"
redis-cli --cluster rebalance "$seed" --cluster-use-empty-masters
eventually "the cluster agrees" agree "$seed"

slots=$(slots_of "$node")
[ "$slots" -gt 0 ] || fail "$node has got no slots"
echo "$node is a master with $slots slots"
