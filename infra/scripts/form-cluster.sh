#!/usr/bin/env bash
# Forms a Redis Cluster of the nodes in REDIS_NODES (host:port,…): masters first, then as many
# replicas. Nodes that already form one are left as they are. Ends when every node serves.
set -euo pipefail

IFS=',' read -r -a nodes <<<"${REDIS_NODES:?is not set}"

# redis-cli on one node.
on() {
    local node=$1
    shift
    redis-cli -h "${node%:*}" -p "${node##*:}" "$@"
}

if on "${nodes[0]}" cluster info | grep --quiet '^cluster_known_nodes:1[[:space:]]*$'; then
    redis-cli --cluster create "${nodes[@]}" --cluster-replicas 1 --cluster-yes
fi

for node in "${nodes[@]}"; do
    until on "$node" cluster info | grep --quiet '^cluster_state:ok'; do
        echo "waiting for $node"
        sleep 1
    done
done
echo "the cluster serves"
